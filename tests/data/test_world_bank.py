"""World Bank files and answers: bulk tables, the poverty platform, saved answers, and a client that is not there."""

import json
import sys
import types

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aspfin.data import world_bank
from aspfin.results import InputError

BULK = (
    '"Country Name","Country Code","Indicator Name","Indicator Code","1960","1961","2020",\n'
    '"Cambodia","KHM","Population, total","SP.POP.TOTL","5722370","","16396860",\n'
    '"Namibia","NAM","Population, total","SP.POP.TOTL","..","","2540905.5",\n'
    '"Zambia","ZMB","Coverage (%) - Cash","per_sa_ct.cov_q1_tot","","","12.5",\n'
    '"Cambodia","KHM","Coverage (%) - Cash","PER_SA_CT.COV_Q1_TOT","","","0",\n'
)
# The 44 columns of a file of survey years.
PIP = [
    "region_name",
    "region_code",
    "country_name",
    "country_code",
    "reporting_year",
    "reporting_level",
    "survey_acronym",
    "survey_coverage",
    "survey_year",
    "welfare_type",
    "survey_comparability",
    "comparable_spell",
    "poverty_line",
    "headcount",
    "poverty_gap",
    "poverty_severity",
    "watts",
    "mean",
    "median",
    "mld",
    "gini",
    "polarization",
    "decile1",
    "decile2",
    "decile3",
    "decile4",
    "decile5",
    "decile6",
    "decile7",
    "decile8",
    "decile9",
    "decile10",
    "cpi",
    "ppp",
    "reporting_pop",
    "reporting_gdp",
    "reporting_pce",
    "is_interpolated",
    "distribution_type",
    "estimation_type",
    "spl",
    "spr",
    "pg",
    "estimate_type",
]
PIP_ROW = {
    **{
        "region_name": "Sub-Saharan Africa",
        "country_name": "Zambia",
        "country_code": "ZMB",
        "reporting_year": "2022",
    },
    **{
        "reporting_level": "national",
        "survey_acronym": "LCMS",
        "survey_year": "2022.25",
        "welfare_type": "consumption",
    },
    **{
        "survey_comparability": "03",
        "comparable_spell": "2015 - 2022",
        "poverty_line": "2.15",
        "headcount": "0.643",
    },
    **{
        "poverty_gap": "0.32",
        "gini": "0.515",
        "decile1": "0.01",
        "decile10": "0.4",
        "is_interpolated": "FALSE",
    },
    **{"estimate_type": "actual", "reporting_pop": "20017675", "ppp": "5.8", "spl": "NA"},
}


def written(tmp_path, content, name):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def pip_file(tmp_path, *rows, columns=PIP, name="pip.csv"):
    path = tmp_path / name
    pd.DataFrame(list(rows), columns=list(columns)).to_csv(path, index=False)
    return path


# Bulk files


def test_wide_becomes_long_with_missing_kept(tmp_path):
    table = world_bank.read_wide(written(tmp_path, BULK, "WDICSV.csv"))
    frame = table.frame
    assert frame.columns.tolist() == ["iso3", "country", "code", "indicator", "year", "value"]
    assert len(frame) == 12
    cambodia = frame[(frame.iso3 == "KHM") & (frame.code == "SP.POP.TOTL")].set_index("year")["value"]
    assert cambodia[1960] == 5722370 and cambodia[2020] == 16396860 and np.isnan(cambodia[1961])
    assert frame.query("iso3 == 'NAM'")["value"].isna().tolist() == [True, True, False]
    assert frame["value"].eq(0).sum() == 1  # a zero is a zero, a blank is missing
    assert "7 of 12 values are missing, which is not 0." in table.sentence()
    assert "CC BY 4.0" in table.licence and table.source.publisher == "World Bank"


def test_wide_reads_only_what_is_asked_in_any_case(tmp_path):
    path = written(tmp_path, "\ufeff" + BULK, "WDICSV.csv")
    some = world_bank.read_wide(path, codes=["per_sa_ct.cov_q1_tot"], countries="khm").frame
    assert some["value"].tolist()[-1] == 0 and some["code"].unique().tolist() == ["PER_SA_CT.COV_Q1_TOT"]
    both = world_bank.read_wide(path).select(codes="per_sa_ct.COV_q1_tot", years=(2020, 2020)).frame
    assert sorted(both["iso3"]) == ["KHM", "ZMB"]
    all_of_it = world_bank.read_wide(path).select(codes="SP.POP.TOTL", countries="KHM").frame
    pd.testing.assert_frame_equal(
        world_bank.read_wide(path, codes="SP.POP.TOTL", countries="KHM").frame, all_of_it
    )


def test_wide_of_the_data_bank(tmp_path):
    text = "Series Name,Series Code,Country Name,Country Code,2019 [YR2019],Note\nPoverty,SI.POV,Zambia,ZMB,..,x\n,,,,,\n"
    frame = world_bank.read_wide(written(tmp_path, text, "bank.csv")).frame
    assert (
        frame["year"].tolist() == [2019] and frame["value"].isna().all() and frame["Note"].tolist() == ["x"]
    )


@pytest.mark.parametrize(
    ("content", "arguments", "line"),
    [
        (BULK.replace("Country Code", "Code"), {}, "WDICSV.csv: Country Code: got 'a missing column'"),
        (BULK, {"codes": "SI.POV"}, "WDICSV.csv: code: got 'si.pov'; allowed: one that the file has in code"),
        (
            BULK,
            {"codes": "SP.POP.TOTL", "countries": ["KHM", "XXX"]},
            "iso3: got 'xxx'; allowed: one that the file has in iso3",
        ),
        (
            BULK.replace("16396860", "16 396 860"),
            {},
            "WDICSV.csv, row 2: 2020: got '16 396 860'; allowed: a number, or an empty cell",
        ),
        (
            'Country Name,Country Code,Indicator Name,Indicator Code,A\n"a",b,c,d,1\n',
            {},
            "header: got 'no year'",
        ),
    ],
)
def test_wide_bad_input_in_one_line(tmp_path, content, arguments, line):
    with pytest.raises(InputError) as error:
        world_bank.read_wide(written(tmp_path, content, "WDICSV.csv"), **arguments)
    assert line in str(error.value)


def test_select_names_what_is_not_there(tmp_path):
    with pytest.raises(
        InputError, match=r"code: got 'si.pov'; allowed: one of the 3 that the table has in code"
    ):
        world_bank.read_wide(
            written(tmp_path, BULK.replace("PER_SA_CT.COV_Q1_TOT", "X"), "WDICSV.csv")
        ).select(codes="SI.POV")


@settings(deadline=None, max_examples=25)
@given(
    st.dictionaries(
        st.tuples(st.sampled_from(["KHM", "ZMB", "NAM"]), st.sampled_from(["A.B", "per_sa_ct.cov_q1_tot"])),
        st.lists(st.none() | st.floats(allow_nan=False, allow_infinity=False), min_size=3, max_size=3),
        min_size=1,
    )
)
def test_wide_round_trip(tmp_path_factory, table):
    path = tmp_path_factory.mktemp("trip") / "wide.csv"
    rows = [["x", iso3, "y", code, *values] for (iso3, code), values in table.items()]
    header = ["Country Name", "Country Code", "Indicator Name", "Indicator Code", "2000", "2001", "2002"]
    pd.DataFrame(rows, columns=header).to_csv(path, index=False)
    frame = world_bank.read_wide(path).frame
    expected = np.array([values for values in table.values()], dtype="float64").ravel()
    np.testing.assert_array_equal(frame["value"].to_numpy(), expected)
    assert list(zip(frame["iso3"], frame["code"], strict=True))[::3] == list(table)


# Poverty and Inequality Platform


def test_pip_keeps_line_parity_and_welfare_type(tmp_path):
    filled = PIP_ROW | {
        "reporting_year": "2023",
        "is_interpolated": "TRUE",
        "estimate_type": "projection",
        "survey_year": "NA",
    }
    table = world_bank.read_pip(pip_file(tmp_path, PIP_ROW, filled), ppp_year=2017)
    assert len(PIP) == 44
    assert set(PIP) | {"ppp_year"} == set(table.frame.columns)
    first = table.frame.iloc[0]
    assert (first["headcount"], first["poverty_line"], first["ppp_year"], first["welfare_type"]) == (
        0.643,
        2.15,
        2017,
        "consumption",
    )
    assert (
        first["survey_comparability"] == "03"
        and first["reporting_year"] == 2022
        and first["survey_year"] == 2022.25
    )
    assert table.frame["is_interpolated"].tolist() == [False, True]
    assert table.frame["spl"].isna().all() and table.frame["watts"].isna().all()
    assert "1 of 2 rows are filled in between surveys." in table.sentence()
    assert "purchasing power" not in table.sentence()
    assert (
        "purchasing power parities is not known"
        in world_bank.read_pip(pip_file(tmp_path, PIP_ROW)).sentence()
    )


def test_pip_as_the_r_package_saves_it(tmp_path):
    names = {
        "reporting_year": "year",
        "survey_year": "welfare_time",
        "reporting_pop": "pop",
        "reporting_gdp": "gdp",
        "reporting_pce": "hfce",
    }
    columns = [names.get(name, name) for name in PIP]
    row = {names.get(name, name): value for name, value in PIP_ROW.items()}
    renamed = world_bank.read_pip(pip_file(tmp_path, row, columns=columns, name="pipr.csv"), ppp_year=2017)
    plain = world_bank.read_pip(pip_file(tmp_path, PIP_ROW), ppp_year=2017)
    pd.testing.assert_frame_equal(renamed.frame, plain.frame)


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (
            {"headcount": "64.3"},
            "pip.csv, row 2: headcount: got '64.3'; allowed: a number from 0 to 1, or an empty cell",
        ),
        (
            {"poverty_line": "two"},
            "pip.csv, row 2: poverty_line: got 'two'; allowed: a number, or an empty cell",
        ),
        (
            {"is_interpolated": "perhaps"},
            "pip.csv, row 2: is_interpolated: got 'perhaps'; allowed: yes | no | true | false",
        ),
    ],
)
def test_pip_bad_cells_in_one_line(tmp_path, change, line):
    with pytest.raises(InputError) as error:
        world_bank.read_pip(pip_file(tmp_path, PIP_ROW | change))
    assert str(error.value) == line


@pytest.mark.parametrize(
    "name", ["country_code", "reporting_year", "welfare_type", "poverty_line", "headcount"]
)
def test_pip_names_a_missing_column(tmp_path, name):
    columns = [one for one in PIP if one != name]
    with pytest.raises(InputError, match=f"pip.csv: {name}: got 'a missing column'"):
        world_bank.read_pip(
            pip_file(tmp_path, {k: v for k, v in PIP_ROW.items() if k != name}, columns=columns)
        )


# Answers of the data service


def api_row(iso3, year, value, **more):
    row = {
        "indicator": {"id": "SP.POP.TOTL", "value": "Population, total"},
        "country": {"id": iso3[:2], "value": iso3.title()},
    }
    return (
        row
        | {"countryiso3code": iso3, "date": year, "value": value, "unit": "", "obs_status": "", "decimal": 0}
        | more
    )


def page(tmp_path, number, pages, rows, name=None):
    header = {"page": number, "pages": pages, "per_page": 2, "total": 3, "lastupdated": "2026-01-01"}
    return written(tmp_path, json.dumps([header, rows]), name or f"page{number}.json")


def test_api_pages_in_any_order(tmp_path):
    two = page(tmp_path, 2, 2, [api_row("ZMB", "2021", None)])
    one = page(tmp_path, 1, 2, [api_row("KHM", "2020", 16396860), api_row("NAM", "2020", 0)])
    table = world_bank.read_api_json([two, one])
    assert table.frame[["iso3", "year"]].to_numpy().tolist() == [["KHM", 2020], ["NAM", 2020], ["ZMB", 2021]]
    assert table.frame["value"].tolist()[:2] == [16396860, 0] and np.isnan(table.frame["value"][2])
    assert table.frame["decimal"].tolist() == [0, 0, 0]
    pd.testing.assert_frame_equal(table.frame, world_bank.read_api_json([one, two]).frame)


def test_api_lacking_and_repeated_pages(tmp_path):
    one = page(tmp_path, 1, 3, [api_row("KHM", "2020", 1)])
    with pytest.raises(InputError, match="page: got 'without page 2, 3'; allowed: all 3 pages of the answer"):
        world_bank.read_api_json(one)
    with pytest.raises(InputError, match="page: got 1; allowed: each page once"):
        world_bank.read_api_json([one, one])
    with pytest.raises(
        InputError, match=r"other.json: pages: got 2; allowed: pages of one answer: page1.json says 3"
    ):
        world_bank.read_api_json([one, page(tmp_path, 2, 2, [], "other.json")])
    with pytest.raises(InputError, match="at least one file"):
        world_bank.read_api_json([])


def test_api_empty_answer(tmp_path):
    table = world_bank.read_api_json(page(tmp_path, 1, 1, None))
    assert len(table.frame) == 0 and table.frame.columns.tolist()[-1] == "value"
    assert table.sentence().startswith("page1.json: 0 rows")


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (
            '[{"message":[{"id":"120","key":"Invalid value","value":"not valid"}]}]',
            "got 'not valid'; allowed: an answer: this is the service's error message",
        ),
        ("{}", r"allowed: \[{page, pages"),
        ("[]", r"allowed: \[{page, pages"),
        ('[{"page": "1", "pages": 1}, []]', "page and pages as whole numbers"),
        ('[{"page": 1, "pages": 1}, {}]', None),
        ('[{"page": 1, "pages": 1}, [{"value": 1}]]', "allowed: indicator, country, date and value"),
        ('[{"page": 1, "pages": 1}, [7]]', "allowed: indicator, country, date and value"),
        ("not json", "allowed: well-formed JSON"),
        (b"\xff", "UTF-8"),
    ],
)
def test_api_files_of_another_shape(tmp_path, content, line):
    path = written(tmp_path, content, "page.json")
    if line is None:  # no rows at all
        assert len(world_bank.read_api_json(path).frame) == 0
        return
    with pytest.raises(InputError, match=line):
        world_bank.read_api_json(path)


def test_api_quarters_are_not_cut_down_to_years(tmp_path):
    with pytest.raises(InputError, match="date: got '2020Q1'; allowed: years only"):
        world_bank.read_api_json(page(tmp_path, 1, 1, [api_row("KHM", "2020Q1", 1)]))


def source_row(iso3, year, value, version=None):
    parts = [
        ("Country", iso3, iso3.title()),
        ("Series", "per_sa_ct.cov_q1_tot", "Coverage"),
        ("Time", f"YR{year}", str(year)),
    ]
    parts += [("Version", version, version)] if version else []
    return {"variable": [{"concept": c, "id": i, "value": v} for c, i, v in parts], "value": value}


@pytest.mark.parametrize("shape", ["rows", "source", "sources"])
def test_source_rows_wherever_they_are(tmp_path, shape):
    rows = [source_row("KHM", 2019, 12.5, "v1"), source_row("ZMB", 2015, None, "v1")]
    source = {"id": "29", "name": "ASPIRE", "data": rows}
    whole = {"page": 1, "pages": 1, "source": [source] if shape == "sources" else source}
    table = world_bank.read_source_rows(
        written(tmp_path, json.dumps(rows if shape == "rows" else whole), "rows.json")
    )
    assert table.frame["year"].tolist() == [2019, 2015]
    assert table.frame["indicator"].tolist() == ["Coverage"] * 2
    assert table.frame["Version"].tolist() == ["v1"] * 2
    assert np.isnan(table.frame["value"][1])
    assert table.select(codes="PER_SA_CT.COV_Q1_TOT", countries="khm").frame["value"].tolist() == [12.5]


@pytest.mark.parametrize(
    ("answer", "line"),
    [
        ({"page": 1, "pages": 2, "source": {"data": []}}, "pages: got 2; allowed: an answer of one page"),
        ({"rows": []}, "allowed: rows of"),
        (
            [{"variable": [{"concept": "Country", "id": "KHM", "value": "x"}], "value": 1}],
            "variable with country, series and time",
        ),
        ([{"value": 1}], "variable with country, series and time"),
        ([source_row("KHM", 2019, "many")], "row 1: value: got 'many'; allowed: a number"),
    ],
)
def test_source_rows_of_another_shape(tmp_path, answer, line):
    with pytest.raises(InputError, match=line):
        world_bank.read_source_rows(written(tmp_path, json.dumps(answer), "rows.json"))


# The live client


def client(rows=(), error=None):
    """A stand-in for wbgapi 1.0.14: same call, same rows, no network."""
    asked = {}

    def fetch(series, economy="all", time="all", labels=False, db=None):
        asked.update(series=series, economy=economy, time=time, labels=labels, db=db)
        if error:
            raise error
        yield from rows

    module = types.ModuleType("wbgapi")
    module.data = types.SimpleNamespace(fetch=fetch)
    return module, asked


def test_fetch_asks_the_client(monkeypatch):
    row = {"value": 12.5, "series": {"id": "A", "value": "Coverage"}, "time": {"id": 2019, "value": "2019"}}
    row["economy"] = {"id": "KHM", "value": "Cambodia", "aggregate": False}
    module, asked = client([row])
    monkeypatch.setitem(sys.modules, "wbgapi", module)
    table = world_bank.fetch("A", countries=["KHM"], years=(2018, 2020), database="aspire")
    assert asked == {"series": "A", "economy": ["KHM"], "time": range(2018, 2021), "labels": True, "db": 29}
    assert table.frame.to_dict("records") == [
        {
            "iso3": "KHM",
            "country": "Cambodia",
            "code": "A",
            "indicator": "Coverage",
            "year": 2019,
            "value": 12.5,
        }
    ]


def test_fetch_without_the_client_or_the_network(monkeypatch):
    monkeypatch.setitem(sys.modules, "wbgapi", None)
    with pytest.raises(
        InputError,
        match=r"wbgapi: got 'not installed'; allowed: install wbgapi \(pip install aspfin\[online\]\)",
    ):
        world_bank.fetch("A", countries="KHM")
    module, _ = client(error=OSError("no route\nto host"))
    monkeypatch.setitem(sys.modules, "wbgapi", module)
    with pytest.raises(InputError, match=r"an answer of the service: no route$"):
        world_bank.fetch("A", countries="KHM")
    with pytest.raises(InputError, match=r"database: got 'gdp'; allowed: wdi \| aspire or its number"):
        world_bank.fetch("A", countries="KHM", database="gdp")
