"""EM-DAT in both generations, DesInventar as tags and as a query's table, own tables; and what is made of them."""

import math
import shutil
from pathlib import Path
from typing import get_args

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import aspfin
from aspfin.data import disasters
from aspfin.data.events import AMOUNTS, COLUMNS, PACK_COLUMNS, PACK_HAZARDS, EventTable, hazards_of
from aspfin.data.source import Source
from aspfin.results import InputError

# The header of the export of June 2026, 47 columns.
NEW = [
    "DisNo.",
    "Historic",
    "Classification Key",
    "Disaster Group",
    "Disaster Subgroup",
    "Disaster Type",
    "Disaster Subtype",
    "External IDs",
    "Event Name",
    "ISO",
    "Country",
    "Subregion",
    "Region",
    "Location",
    "Origin",
    "Associated Types",
    "OFDA/BHA Response",
    "Appeal",
    "Declaration",
    "AID Contribution ('000 US$)",
    "Magnitude",
    "Magnitude Scale",
    "Latitude",
    "Longitude",
    "River Basin",
    "Start Year",
    "Start Month",
    "Start Day",
    "End Year",
    "End Month",
    "End Day",
    "Total Deaths",
    "No. Injured",
    "No. Affected",
    "No. Homeless",
    "Total Affected",
    "Reconstruction Costs ('000 US$)",
    "Reconstruction Costs, Adjusted ('000 US$)",
    "Insured Damage ('000 US$)",
    "Insured Damage, Adjusted ('000 US$)",
    "Total Damage ('000 US$)",
    "Total Damage, Adjusted ('000 US$)",
    "CPI",
    "Admin Units (JSON)",
    "GADM Admin Units (since December 2025)",
    "Entry Date",
    "Last Update",
]
# The header before 2023; its sheet had six rows of titles.
OLD = [
    "Dis No",
    "Year",
    "Seq",
    "Glide",
    "Disaster Group",
    "Disaster Subgroup",
    "Disaster Type",
    "Disaster Subtype",
    "Disaster Subsubtype",
    "Event Name",
    "Country",
    "ISO",
    "Region",
    "Continent",
    "Location",
    "Origin",
    "Associated Dis",
    "Associated Dis2",
    "OFDA Response",
    "Appeal",
    "Declaration",
    "Aid Contribution",
    "Dis Mag Value",
    "Dis Mag Scale",
    "Latitude",
    "Longitude",
    "Local Time",
    "River Basin",
    "Start Year",
    "Start Month",
    "Start Day",
    "End Year",
    "End Month",
    "End Day",
    "Total Deaths",
    "No Injured",
    "No Affected",
    "No Homeless",
    "Total Affected",
    "Insured Damages ('000 US$)",
    "Total Damages ('000 US$)",
    "CPI",
    "Adm Level",
    "Admin1 Code",
    "Admin2 Code",
    "Geo Locations",
]
EVENTS = [  # made up
    {
        "id": "2011-9001-KHM",
        "type": "Flood",
        "year": 2011,
        "month": 9,
        "deaths": 250,
        "people": 1_500_000,
        "damage": 521_000,
        "cpi": 72.5,
    },
    {"id": "2013-9002-KHM", "type": "Flood", "year": 2013, "people": 1_800_000},
    {"id": "2013-9003-KHM", "type": "Storm", "year": 2013, "month": 10, "day": 3, "deaths": 5},
    {"id": "2016-9004-KHM", "type": "Drought", "year": 2016, "people": 2_500_000},
    {"id": "2016-9004-LAO", "type": "Drought", "year": 2016, "iso": "LAO", "people": 100},
    {"id": "1991-9005-KHM", "type": "Flood", "year": 1991, "historic": "Yes", "people": 900_000},
]


def emdat_rows(header, events):
    new = header is NEW
    rows = []
    for event in events:
        row = dict.fromkeys(header)
        row |= {
            header[0]: event["id"],
            "Disaster Type": event["type"],
            "ISO": event.get("iso", "KHM"),
            "Country": "Cambodia",
        }
        row |= {"Start Year": event["year"], "Start Month": event.get("month"), "Start Day": event.get("day")}
        row |= {
            "Total Deaths": event.get("deaths"),
            "Total Affected": event.get("people"),
            "CPI": event.get("cpi"),
        }
        row["Total Damage ('000 US$)" if new else "Total Damages ('000 US$)"] = event.get("damage")
        if new:
            row |= {
                "Historic": event.get("historic", "No"),
                "Last Update": "2025-12-20",
                "Admin Units (JSON)": '[{"adm1_code":01}]',
            }
        rows.append([row[name] for name in header])
    return rows


def emdat_file(tmp_path, header=NEW, events=EVENTS, titles=0, sheet="EM-DAT Data", name="emdat.xlsx"):
    rows = [[f"title {n}"] for n in range(titles)] + [header, *emdat_rows(header, events)]
    path = tmp_path / name
    if path.suffix == ".csv":
        pd.DataFrame(rows[1:], columns=header).to_csv(path, index=False, encoding="utf-8-sig")
        return path
    book = openpyxl.Workbook()
    book.active.title = "EM-DAT Info"
    book.active.append(["Copyright"])
    data = book.create_sheet(sheet)
    for row in rows:
        data.append(row)
    book.save(path)
    return path


def written(tmp_path, content, name):
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    return path


def test_emdat_new_generation(tmp_path):
    assert len(NEW) == 47
    table = disasters.read_emdat(emdat_file(tmp_path))
    assert isinstance(table, EventTable)
    assert table.dropped == {"events marked as historic (before 2000)": 1}
    frame = table.frame.set_index("event_id")
    first = frame.loc["2011-9001-KHM"]
    assert (first["hazard"], first["kind"], first["iso3"], first["year"], first["month"]) == (
        "flood",
        "Flood",
        "KHM",
        2011,
        9,
    )
    assert (first["deaths"], first["people"], first["damage_usd"], first["cpi"]) == (250, 1.5e6, 521e6, 72.5)
    assert first["as_of"] == "2025-12-20"
    assert frame["disaster_id"].tolist()[-2:] == ["2016-9004", "2016-9004"]
    # Blank is missing, not 0, and it is counted.
    assert frame["damage_usd"].isna().sum() == 4
    assert (
        "Missing, which is not 0: people affected in 1, deaths in 3, damage in 4 of 5 rows."
        in table.sentence()
    )
    assert "1 events struck several countries, with a row for each." in table.sentence()
    assert table.missing().set_index("column").loc["damage_usd", "missing"] == 4
    assert pd.isna(frame.loc["2013-9002-KHM", "month"])
    assert {"Admin Units (JSON)", "GADM Admin Units (since December 2025)", "Classification Key"} <= set(
        frame.columns
    )
    assert frame["Admin Units (JSON)"].tolist()[0] == '[{"adm1_code":01}]'
    assert "not to be passed on" in table.licence


def test_emdat_old_generation_gives_the_same_events(tmp_path):
    modern = [event for event in EVENTS if event.get("historic") is None]
    new = disasters.read_emdat(emdat_file(tmp_path, events=modern))
    old = disasters.read_emdat(
        emdat_file(tmp_path, OLD, modern, titles=6, sheet="emdat data", name="old.xlsx")
    )
    shared = [name for name in COLUMNS if name in new.frame and name in old.frame]
    assert {"event_id", "year", "people", "deaths", "damage_usd", "hazard"} <= set(shared)
    pd.testing.assert_frame_equal(new.frame[shared], old.frame[shared])
    assert "Dis Mag Value" in old.frame and "ofda_response" in old.frame and "ofda_response" in new.frame
    assert "Aid Contribution" in old.frame  # its unit is not told: kept, not multiplied


def test_emdat_historic_kept_on_request_and_told_where_not_marked(tmp_path):
    assert len(disasters.read_emdat(emdat_file(tmp_path), historic=True).frame) == 6
    table = disasters.read_emdat(emdat_file(tmp_path, OLD, name="old.csv"))
    assert len(table.frame) == 6
    assert "marks no event as historic; 1 of before 2000 are kept" in table.sentence()


def test_emdat_csv_equals_workbook(tmp_path):
    book = disasters.read_emdat(emdat_file(tmp_path)).frame
    text = disasters.read_emdat(emdat_file(tmp_path, name="emdat.csv")).frame
    pd.testing.assert_frame_equal(book, text)


@pytest.mark.parametrize("name", ["DisNo.", "Disaster Type", "ISO", "Start Year", "Total Affected"])
def test_emdat_names_a_missing_column(tmp_path, name):
    header = [one for one in NEW if one != name]
    path = tmp_path / "emdat.csv"
    rows = [
        [cell for cell, one in zip(row, NEW, strict=True) if one != name] for row in emdat_rows(NEW, EVENTS)
    ]
    pd.DataFrame(rows, columns=header).to_csv(path, index=False)
    with pytest.raises(InputError) as error:
        disasters.read_emdat(path)
    assert f"emdat.csv: {name}: got 'a missing column'; allowed: this column is required" in str(error.value)


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (
            {"deaths": -3},
            "emdat.csv, row 2: Total Deaths: got '-3'; allowed: a number of at least 0, or an empty cell",
        ),
        (
            {"people": "many"},
            "emdat.csv, row 2: Total Affected: got 'many'; allowed: a number of at least 0, or an empty cell",
        ),
        (
            {"month": 13},
            "emdat.csv, row 2: Start Month: got '13'; allowed: a number from 1 to 12, or an empty cell",
        ),
        ({"year": 2011.5}, "emdat.csv, row 2: Start Year: got '2011.5'; allowed: a whole number"),
        ({"year": None}, "emdat.csv, row 2: Start Year: got None; allowed: a value in every row"),
        ({"id": None}, "emdat.csv, row 2: DisNo.: got None; allowed: a value in every row"),
        ({"historic": "old"}, "emdat.csv, row 2: Historic: got 'old'; allowed: yes | no | true | false"),
    ],
)
def test_emdat_bad_cells_in_one_line(tmp_path, change, line):
    with pytest.raises(InputError) as error:
        disasters.read_emdat(emdat_file(tmp_path, events=[EVENTS[0] | change], name="emdat.csv"))
    assert str(error.value) == line


def test_both_spellings_in_one_file_are_refused(tmp_path):
    path = written(tmp_path, "DisNo.,Dis No,Disaster Type,ISO,Start Year,Total Affected\n", "emdat.csv")
    with pytest.raises(InputError, match="Dis No: got 'given twice'"):
        disasters.read_emdat(path)


def test_by_year_counts_and_sums_without_zeros_for_the_unknown(tmp_path):
    table = disasters.read_emdat(emdat_file(tmp_path)).select(countries=["KHM"])
    yearly = table.aggregate_by_year(years=(2011, 2014)).set_index("year")
    assert yearly["events"].tolist() == [1, 0, 2, 0]
    assert yearly["people"].tolist()[::2] == [1.5e6, 1.8e6]
    assert yearly["people_reported"].tolist() == [1, 0, 1, 0]
    assert yearly["damage_usd"].isna().tolist() == [False, True, True, True]
    by = table.aggregate_by_year(by=["hazard"], years=(2013, 2014)).set_index(["year", "hazard"])
    assert by["events"].to_dict() == {
        **{(2013, "flood"): 1, (2013, "storm"): 1, (2013, "drought"): 0},
        **{(2014, "flood"): 0, (2014, "storm"): 0, (2014, "drought"): 0},
    }
    assert table.aggregate_by_year()["year"].tolist() == [2011, 2013, 2016]
    pd.testing.assert_frame_equal(table.aggregate_by_year(by=["year"]), table.aggregate_by_year())
    with pytest.raises(InputError, match="the first year, then the last"):
        table.aggregate_by_year(years=(2014, 2011))
    with pytest.raises(InputError, match="province: got 'a missing column'"):
        table.aggregate_by_year(by=["province"])


def test_row_order_never_matters(tmp_path):
    table = disasters.read_emdat(emdat_file(tmp_path)).aggregate_by_year(by=["hazard"])
    other = disasters.read_emdat(emdat_file(tmp_path, events=EVENTS[::-1], name="b.xlsx")).aggregate_by_year(
        by=["hazard"]
    )
    pd.testing.assert_frame_equal(table, other)


def test_select_tells_what_there_is(tmp_path):
    table = disasters.read_emdat(emdat_file(tmp_path))
    assert table.select(hazards="flood", countries="KHM", years=(2012, 2020)).frame["event_id"].tolist() == [
        "2013-9002-KHM"
    ]
    with pytest.raises(InputError, match="what it holds: drought, flood, storm"):
        table.select(hazards=["earthquake"])


def test_packs_and_tables_know_the_same_hazards_and_columns():
    from aspfin.programmes.pack_schema import EventRow, Hazard

    assert set(PACK_HAZARDS) == set(get_args(Hazard))
    assert set(PACK_COLUMNS) == set(EventRow.model_fields)


def test_events_can_be_put_into_a_country_pack(tmp_path):
    """A pack with an EM-DAT file's events in place of its own loads, and shows them."""
    from aspfin import programmes

    pack = tmp_path / "KHM"
    shutil.copytree(Path(aspfin.__file__).parent / "data" / "countries" / "KHM", pack)
    rows = disasters.read_emdat(emdat_file(tmp_path)).select(countries="KHM").to_pack(source="emdat_export")
    assert rows["event_id"].tolist()[0] == "emdat_export_2011_9001_khm"
    assert rows["use"].tolist() == ["true", "true", "false", "true"]
    own = pd.read_csv(pack / "events.csv", dtype=str)
    (pack / "footprints.csv").unlink(missing_ok=True)
    both = pd.concat([own, rows.astype(object).where(rows.notna())])
    both.to_csv(pack / "events.csv", index=False)
    with (pack / "sources.yaml").open("a", encoding="utf-8") as sources:
        sources.write("emdat_export:\n  title: EM-DAT\n  publisher: CRED\n")
    country = programmes.load_country(pack)
    events = country.events
    frame = events if isinstance(events, pd.DataFrame) else pd.DataFrame(events)
    assert {"emdat_export_2011_9001_khm", "emdat_export_2016_9004_khm"} <= set(frame["event_id"])


def test_pack_refuses_what_it_has_no_word_for(tmp_path):
    frame = pd.DataFrame({"event_id": ["1", "2"], "year": [2011, 2012], "hazard": ["flood", "wildfire"]})
    table = EventTable(frame=frame, source=Source("s", "t"), file="f.csv")
    with pytest.raises(
        InputError,
        match=r"f.csv: hazard: got 'wildfire'; allowed: flood \| .*select\(hazards=...\) those first",
    ):
        table.to_pack(source="s")
    twice = EventTable(
        frame=frame.assign(event_id="1", hazard="flood", people=1.0, households=None), source=Source("s", "t")
    )
    with pytest.raises(InputError, match="event_id: got 's_1'; allowed: one row per event"):
        twice.to_pack(source="s")


def test_hazards_in_the_words_of_the_sources():
    kinds = [
        "Flood",
        "FLASH FLOOD",
        "Epidemic",
        "Storm",
        "Mass movement (wet)",
        "TC - Tropical Cyclone",
        " Drought ",
    ]
    assert hazards_of(pd.Series(kinds)).tolist() == [
        "flood",
        "flood",
        "health",
        "storm",
        "mass movement (wet)",
        "storm",
        "drought",
    ]


# DesInventar

TAGS = [
    "serial",
    "level0",
    "level1",
    "level2",
    "name0",
    "name1",
    "name2",
    "evento",
    "lugar",
    "fechano",
    "fechames",
    "fechadia",
    "muertos",
    "heridos",
    "desaparece",
    "afectados",
    "vivdest",
    "vivafec",
    "otros",
    "fuentes",
    "valorloc",
    "valorus",
    "fechapor",
    "fechafec",
    "hay_muertos",
    "hay_heridos",
    "hay_deasparece",
    "hay_afectados",
    "hay_vivdest",
    "hay_vivafec",
    "hay_otros",
    "causa",
    "descausa",
    "magnitud2",
    "nhospitales",
    "nescuelas",
    "nhectareas",
    "cabezas",
    "kmvias",
    "duracion",
    "damnificados",
    "evacuados",
    "hay_damnificados",
    "hay_evacuados",
    "hay_reubicados",
    "reubicados",
    "clave",
    "glide",
    "latitude",
    "longitude",
    "uu_id",
]
CARD = {
    **{
        "serial": "0194",
        "level0": "01",
        "level1": "0102",
        "name0": "Kratie",
        "name1": "Chhloung",
        "evento": "FLOOD",
    },
    **{
        "fechano": "2011",
        "fechames": "9",
        "fechadia": "0",
        "muertos": "4",
        "heridos": "0",
        "hay_heridos": "-1",
    },
    **{
        "desaparece": "0",
        "hay_deasparece": "0",
        "afectados": "5200",
        "damnificados": "300",
        "vivdest": "12",
        "valorus": "0.0",
    },
    **{"valorloc": "4000000", "latitude": "0.0", "longitude": "0.0", "hay_muertos": "-1", "clave": "17"},
}
CARDS = [
    CARD,
    CARD | {"serial": "0194", "level1": "0103", "muertos": "0", "damnificados": "0", "afectados": "0"},
    {"serial": "7"},
]
QUERY = (
    "Serial\tEvent\t&quot;Code Province&quot;\t&quot;Province&quot;\t&quot;Location&quot;\tDate (YMD)\tComments\tCause\t"
    "Description of Cause\tSource\tMagnitude\tGLIDEnumber\tOther sectors\tDeaths\tInjured\tMissing\tHouses Destroyed\t"
    "Houses Damaged\tDirectly affected\tIndirectly Affected\tRelocated\tEvacuated\tLosses $USD\tLosses $Local\t"
    "Education centers\tHospitals\tDamages in crops Ha.\tLost Cattle\tDamages in roads Mts\tDuration (d)"
)


def cards_file(tmp_path, kind):
    if kind == "xml":
        rows = "".join(
            "<TR>" + "".join(f"<{tag}>{card.get(tag, '')}</{tag}>\r\n" for tag in TAGS) + "</TR>"
            for card in CARDS
        )
        regions = "<regiones><TR><codregion>01</codregion></TR></regiones>"
        return written(
            tmp_path,
            f'<?xml version="1.0" encoding="UTF-8"?><DESINVENTAR>{regions}<fichas>{rows}</fichas></DESINVENTAR>',
            "DI_export_khm.xml",
        )
    path = tmp_path / f"cards.{kind}"
    frame = pd.DataFrame(CARDS).reindex(columns=TAGS)
    frame.to_csv(path, index=False, encoding="utf-8-sig") if kind == "csv" else frame.to_excel(
        path, index=False
    )
    return path


@pytest.mark.parametrize("kind", ["csv", "xlsx", "xml"])
def test_desinventar_full_export(tmp_path, kind):
    table = disasters.read_desinventar(cards_file(tmp_path, kind))
    assert table.dropped == {"cards without a year or a type of event": 1}
    first, second = table.frame.iloc[0], table.frame.iloc[1]
    assert (first["event_id"], first["level0_code"], first["level1_code"], first["level1_name"]) == (
        "0194",
        "01",
        "0102",
        "Chhloung",
    )
    assert (first["hazard"], first["year"], first["month"], first["deaths"]) == ("flood", 2011, 9, 4)
    assert pd.isna(first["day"])
    assert (first["affected"], first["indirectly_affected"], first["people"]) == (300, 5200, 5200)
    assert first["damage_local"] == 4e6
    assert first[["injured", "missing_people", "damage_usd", "latitude"]].isna().all()
    assert second[["deaths", "affected", "people"]].isna().all()
    assert first["clave"] == "17"
    said = table.sentence()
    assert "0 stands for nothing recorded: 6 amounts of 0 are missing." in said
    assert "3 amounts are flagged as some without a number" in said
    assert "1 rows repeat an identifier" in said
    assert "A row is what an event did in one place, not an event." in said


def test_desinventar_zeros_kept_on_request_but_not_the_unnumbered(tmp_path):
    frame = disasters.read_desinventar(cards_file(tmp_path, "csv"), zeros="zero").frame
    assert frame["missing_people"].tolist() == [0, 0]
    assert frame["injured"].isna().all()
    assert frame["deaths"].isna().tolist() == [False, True]
    with pytest.raises(InputError, match=r"zeros: got 'drop'; allowed: missing \| zero"):
        disasters.read_desinventar(cards_file(tmp_path, "csv"), zeros="drop")


def test_desinventar_query_table(tmp_path):
    row = [
        "12",
        "FLASH FLOOD",
        "10",
        "Kratie",
        "Sambour",
        "2000/7/0",
        "a; b",
        "",
        "",
        "NCDM",
        "",
        "",
        "",
        "2",
        "0",
        "0",
        "7",
        "9",
    ]
    row += ["120", "0", "", "", "1500", "", "1", "", "3.5", "", "", "3"]
    path = written(tmp_path, f"DesInventar query\n{QUERY}\n" + "\t".join(row) + "\t\n", "DI_report10.xls")
    table = disasters.read_desinventar(path)
    card = table.frame.iloc[0]
    assert (card["event_id"], card["hazard"], card["year"], card["month"], card["place"]) == (
        "12",
        "flood",
        2000,
        7,
        "Sambour",
    )
    assert (card["Code Province"], card["Province"], card["source"]) == ("10", "Kratie", "NCDM")
    assert (card["deaths"], card["people"], card["houses_damaged"], card["damage_usd"]) == (2, 120, 9, 1500)
    assert pd.isna(card["day"]) and pd.isna(card["damage_local"])
    assert table.aggregate_by_year(by="Province")["deaths"].tolist() == [2]


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("Serial,Deaths\n1,2\n", "cards.csv: evento: got 'a missing column'"),
        (
            "Serial,Event\n1,FLOOD\n",
            "cards.csv: year: got 'a missing column'; allowed: a column for the year or the date",
        ),
        (
            "Serial,Event,Date (YMD)\n1,FLOOD,24/9/2011\n",
            "row 2: Date (YMD): got '24/9/2011'; allowed: a date with the year first",
        ),
        (
            "Serial,Event,Date (YMD),Losses $Local\n1,FLOOD,2011,none at all\n",
            "row 2: Losses $Local: got 'none at all'",
        ),
    ],
)
def test_desinventar_bad_files_in_one_line(tmp_path, content, line):
    with pytest.raises(InputError) as error:
        disasters.read_desinventar(written(tmp_path, content, "cards.csv"))
    assert line in str(error.value)


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("<DESINVENTAR><fichas><TR>", "allowed: well-formed XML"),
        ('<?xml version="1.0" encoding="none"?><DESINVENTAR/>', "allowed: well-formed XML"),
        ("<DESINVENTAR><regiones><TR><serial>1</serial></TR></regiones></DESINVENTAR>", "got 'no data card'"),
        ('<!DOCTYPE a [<!ENTITY b "c">]><DESINVENTAR>&b;</DESINVENTAR>', "got 'a document type of its own'"),
    ],
)
def test_desinventar_xml_refused(tmp_path, content, line):
    with pytest.raises(InputError, match=line):
        disasters.read_desinventar(written(tmp_path, content, "DI_export.xml"))


def test_desinventar_xml_comment_and_text_block(tmp_path):
    card = "<TR><serial>1</serial><evento>FLOOD</evento><fechano>2011</fechano><di_comments><![CDATA[a <b>]]></di_comments></TR>"
    table = disasters.read_desinventar(
        written(tmp_path, f"<D><!-- c --><fichas>{card}</fichas></D>", "DI_export.xml")
    )
    assert table.frame["di_comments"].tolist() == ["a <b>"]


# Own tables


def test_own_table_by_mapping(tmp_path):
    path = written(tmp_path, "Nr;Wann;Betroffene;Land\n01;2011-09-24;1200000;KHM\n02;2013;;KHM\n", "own.csv")
    mapping = {"event_id": "Nr", "date": "Wann", "people": "Betroffene", "iso3": "Land"}
    table = disasters.read_events(path, mapping, hazard="Flood", source=Source("ncdm", "NCDM list"))
    assert table.frame["event_id"].tolist() == ["01", "02"]
    assert table.frame["day"].tolist()[0] == 24
    assert table.frame["hazard"].tolist() == ["flood"] * 2
    assert table.frame["people"].isna().tolist() == [False, True]
    assert table.source.id == "ncdm"
    assert mapping == {"event_id": "Nr", "date": "Wann", "people": "Betroffene", "iso3": "Land"}


def test_events_of_a_pack_are_an_own_table():
    path = Path(aspfin.__file__).parent / "data" / "countries" / "KHM" / "events.csv"
    table = disasters.read_events(path)
    raw = pd.read_csv(path)
    assert table.frame["people"].sum() == raw["people"].sum()
    assert table.frame["event_id"].tolist() == raw["event_id"].tolist()
    assert "rows repeat an identifier" in table.sentence()


@pytest.mark.parametrize(
    ("mapping", "content", "line"),
    [
        (
            {"persons": "x"},
            "event_id,year,hazard\n",
            "mapping: persons: got 'x'; allowed: our columns: event_id",
        ),
        ({"people": "x"}, "event_id,year,hazard\n1,2011,flood\n", "own.csv: x: got 'a missing column'"),
        (
            {"people": "x", "deaths": "x"},
            "event_id,year,hazard,x\n",
            "mapping: deaths: got 'x'; allowed: each heading once",
        ),
        ({}, "year,hazard\n2011,flood\n", "own.csv: event_id: got 'a missing column'"),
        ({}, "event_id,year\n1,2011\n", "own.csv: hazard: got 'a missing column'"),
        ({}, "event_id,hazard\n1,flood\n", "own.csv: year: got 'a missing column'"),
        (
            {},
            "event_id,year,hazard\n1,2011,\n",
            "own.csv, row 2: hazard: got None; allowed: a value in every row",
        ),
        (
            {},
            "event_id,year,hazard\n1,,flood\n",
            "own.csv, row 2: year: got None; allowed: a value in every row",
        ),
        (
            {},
            "event_id,year,hazard,latitude\n1,2011,flood,104\n",
            "own.csv, row 2: latitude: got '104'; allowed: a number from -90 to 90",
        ),
    ],
)
def test_own_table_bad_input_in_one_line(tmp_path, mapping, content, line):
    with pytest.raises(InputError) as error:
        disasters.read_events(written(tmp_path, content, "own.csv"), mapping)
    assert line in str(error.value)
    assert len(str(error.value).splitlines()) == 1


amounts = st.none() | st.integers(0, 10**9) | st.floats(0, 1e12, allow_nan=False)
event = st.fixed_dictionaries(
    {
        "year": st.integers(1900, 2100),
        "month": st.none() | st.integers(1, 12),
        "hazard": st.sampled_from(PACK_HAZARDS),
    },
    optional={name: amounts for name in AMOUNTS},
)


@settings(deadline=None, max_examples=12)
@given(st.lists(event, min_size=1, max_size=6))
def test_round_trip_of_any_events(tmp_path_factory, events):
    path = tmp_path_factory.mktemp("trip") / "own.csv"
    frame = pd.DataFrame(events)
    frame.insert(0, "event_id", [f"{n:03d}" for n in range(len(events))])
    frame.to_csv(path, index=False)
    back = disasters.read_events(path).frame
    assert back["event_id"].tolist() == frame["event_id"].tolist()
    for name in frame.columns.difference(["event_id", "hazard"]):
        np.testing.assert_array_equal(
            back[name].to_numpy("float64", na_value=np.nan), frame[name].to_numpy(dtype="float64")
        )
    yearly = disasters.read_events(path).aggregate_by_year()
    assert yearly["events"].sum() == len(events)
    if "people" in frame:
        assert math.isclose(yearly["people"].sum(), frame["people"].astype("float64").sum(), rel_tol=1e-12)


def test_files_with_a_header_and_no_row(tmp_path):
    emdat = disasters.read_emdat(emdat_file(tmp_path, events=[]))
    cards = disasters.read_desinventar(written(tmp_path, "Serial,Event,Date (YMD),Deaths\n", "cards.csv"))
    own = disasters.read_events(written(tmp_path, "event_id,year,hazard,people\n", "own.csv"))
    for table in (emdat, cards, own):
        assert len(table.frame) == 0 and table.frame["year"].dtype == "Int64"
        assert ": 0 rows" in table.sentence()
        assert len(table.aggregate_by_year()) == 0
        assert table.aggregate_by_year(years=(2000, 2001))["events"].tolist() == [0, 0]


def test_desinventar_download_must_be_unpacked(tmp_path):
    with pytest.raises(InputError, match=r"got '.zip'; allowed: its .xml file: unpack the download first"):
        disasters.read_desinventar(tmp_path / "DI_export_khm.zip")


def test_dates_of_entry_in_a_pack():
    frame = pd.DataFrame({"event_id": list("abc"), "year": 2011, "hazard": "flood"})
    frame["as_of"] = ["2012-06-28 10:00", "28/6/2012", "2012"]
    table = EventTable(frame=frame.assign(people=1.0, households=None), source=Source("s", "t"))
    assert table.to_pack(source="s")["as_of"].fillna("").tolist() == ["2012-06-28", "", "2012"]
    assert table.to_pack(source="s")["name"].tolist() == ["Flood 2011"] * 3
