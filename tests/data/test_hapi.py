"""HAPI files: byte-order mark, P-codes as text, rows with an error counted and left out."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aspfin.data import hapi
from aspfin.results import InputError

HEADER = [
    "location_code",
    "has_hrp",
    "in_gho",
    "provider_admin1_name",
    "provider_admin2_name",
    "admin1_code",
    "admin1_name",
    "admin2_code",
    "admin2_name",
    "admin_level",
    "event_type",
    "events",
    "fatalities",
    "reference_period_start",
    "reference_period_end",
    "dataset_hdx_id",
    "resource_hdx_id",
    "warning",
    "error",
]
ROW = {
    **{
        "location_code": "KHM",
        "has_hrp": "False",
        "in_gho": "True",
        "provider_admin1_name": "Siemreap",
        "admin1_code": "KH17",
    },
    **{
        "admin1_name": "Siem Reap",
        "admin2_code": "0017",
        "admin_level": "2",
        "event_type": "1",
        "events": "3",
        "fatalities": "",
    },
    **{
        "reference_period_start": "2026-01-01",
        "reference_period_end": "2026-01-31T23:59:59",
        "dataset_hdx_id": "12-ab",
    },
    **{"resource_hdx_id": "0042"},
}


def hapi_file(tmp_path, *rows, header=HEADER):
    path = tmp_path / "hapi.csv"
    frame = pd.DataFrame([{name: row.get(name, "") for name in header} for row in rows], columns=header)
    frame.to_csv(path, index=False, encoding="utf-8-sig")
    return path


def test_reads_codes_as_text_and_counts_errors_and_warnings(tmp_path):
    bad = ROW | {"error": "No match for admin 1", "events": "many"}
    warned = ROW | {"warning": "P-code unknown", "dataset_hdx_id": "34-cd", "fatalities": "0"}
    table = hapi.read(hapi_file(tmp_path, ROW, bad, warned))
    assert table.dropped == {"rows with an error": 1}
    first, second = table.frame.to_dict("records")
    assert (first["admin1_code"], first["admin2_code"], first["resource_hdx_id"], first["event_type"]) == (
        "KH17",
        "0017",
        "0042",
        "1",
    )
    assert (first["events"], first["admin_level"], first["has_hrp"], first["in_gho"]) == (3, 2, False, True)
    assert pd.isna(first["fatalities"]) and second["fatalities"] == 0
    assert first["reference_period_end"] == pd.Timestamp("2026-01-31")
    assert "1 rows carry a warning of the provider. From 2 datasets" in table.sentence()
    assert "dataset_hdx_id" in table.licence


def test_headings_in_capitals_and_quotes(tmp_path):
    other = hapi.read(
        hapi_file(tmp_path, {k.upper(): v for k, v in ROW.items()}, header=[one.upper() for one in HEADER])
    ).frame
    assert other["location_code"].tolist() == ["KHM"] and other["has_hrp"].tolist() == [False]


def test_row_of_tags_is_skipped(tmp_path):
    tags = dict.fromkeys(HEADER, "#tag") | {"error": ""}
    assert hapi.read(hapi_file(tmp_path, tags, ROW)).frame["events"].tolist() == [3]


@pytest.mark.parametrize("name", ["location_code", "dataset_hdx_id"])
def test_names_a_missing_column(tmp_path, name):
    with pytest.raises(InputError, match=f"hapi.csv: {name}: got 'a missing column'"):
        hapi.read(hapi_file(tmp_path, ROW, header=[one for one in HEADER if one != name]))


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"has_hrp": "maybe"}, "hapi.csv, row 2: has_hrp: got 'maybe'; allowed: yes | no | true | false"),
        (
            {"reference_period_start": "01/02/2026"},
            "hapi.csv, row 2: reference_period_start: got '01/02/2026'; allowed: a date such as 2024-01-31",
        ),
    ],
)
def test_bad_cells_in_one_line(tmp_path, change, line):
    with pytest.raises(InputError) as error:
        hapi.read(hapi_file(tmp_path, ROW | change))
    assert str(error.value) == line


def test_without_error_and_warning_columns_and_without_rows(tmp_path):
    header = HEADER[:-2]
    assert len(hapi.read(hapi_file(tmp_path, ROW, header=header)).frame) == 1
    empty = hapi.read(hapi_file(tmp_path, header=header))
    assert len(empty.frame) == 0 and "0 datasets" in empty.sentence()


@settings(deadline=None, max_examples=25)
@given(
    st.lists(
        st.tuples(
            st.from_regex(r"KH[0-9]{2}", fullmatch=True),
            st.none() | st.integers(0, 10**12),
            st.sampled_from(["", "wrong"]),
        ),
        min_size=1,
        max_size=8,
    )
)
def test_round_trip(tmp_path_factory, rows):
    path = hapi_file(
        tmp_path_factory.mktemp("trip"),
        *[
            ROW | {"admin1_code": code, "events": "" if n is None else n, "error": error}
            for code, n, error in rows
        ],
    )
    frame = hapi.read(path).frame
    kept = [(code, n) for code, n, error in rows if not error]
    assert frame["admin1_code"].tolist() == [code for code, _ in kept]
    assert [None if pd.isna(n) else int(n) for n in frame["events"]] == [n for _, n in kept]
