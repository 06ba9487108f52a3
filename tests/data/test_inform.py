"""INFORM workbooks: header below titles, a row of ranges below it, headings that change with the edition."""

import openpyxl
import pytest

from aspfin.data import inform
from aspfin.results import InputError

HEADER = [
    *(
        "COUNTRY",
        "ISO3",
        "INFORM RISK",
        "RISK CLASS",
        "Rank",
        "Lack of Reliability (*)",
        "Number of Missing Indicators",
    ),
    *(
        "% of Missing Indicators",
        "Recentness data (average years)",
        "HAZARD & EXPOSURE",
        "Natural",
        "River Flood",
        "Drought",
    ),
    *("VULNERABILITY", "LACK OF COPING CAPACITY", "Food Prices", "People\nnear rivers"),
]
RANGES = [
    "(a-z)",
    "(a-z)",
    "(0-10)",
    "(Very Low-Very High)",
    "(1-191)",
    "(0-10)",
    "(N)",
    "(%)",
    "(years)",
    *["(0-10)"] * 6,
    None,
    None,
]
CAMBODIA = ["Cambodia", "KHM", 4.9, "Medium", 61, 2.1, 3, "5%", 0.4, 4.0, 5.1, 9.6, 4.3, 4.8, 6.0, 1.5, "x"]
NAMIBIA = ["Namibia", "NAM", 4.0, "Medium", 82, "x", 4, "7%", 0.5, None, 2.9, 5.0, 8.0, 5.1, 5.0, "high", 12]


def workbook(tmp_path, rows, sheet="INFORM Risk 2026 (a-z)"):
    book = openpyxl.Workbook()
    book.active.title = "Home"
    book.active.append(["INFORM Risk 2026"])
    data = book.create_sheet(sheet)
    for row in rows:
        data.append(row)
    path = tmp_path / "inform.xlsx"
    book.save(path)
    return path


def test_reads_the_data_sheet(tmp_path):
    table = inform.read(workbook(tmp_path, [["INFORM"], HEADER, RANGES, CAMBODIA, NAMIBIA]))
    first, second = table.frame.to_dict("records")
    assert (first["iso3"], first["inform_risk"], first["risk_class"], first["rank"]) == (
        "KHM",
        4.9,
        "Medium",
        61,
    )
    assert (first["river_flood"], first["lack_of_coping_capacity"], first["lack_of_reliability"]) == (
        9.6,
        6.0,
        2.1,
    )
    assert first["share_missing_indicators"] == 5
    assert second["country"] == "Namibia" and second["lack_of_reliability"] != second["lack_of_reliability"]
    assert (
        first["Food Prices"] == "1.5" and "People near rivers" in table.frame
    )  # kept; text, as one cell is not a number
    assert table.dropped == {"rows without a country (ranges, totals)": 1}
    assert "higher is worse" in table.sentence() and "attribution" in table.licence


def test_capitals_and_line_breaks_do_not_matter(tmp_path):
    header = [name.lower().replace(" ", "\n") for name in HEADER]
    other = inform.read(workbook(tmp_path, [header, CAMBODIA])).frame
    plain = inform.read(workbook(tmp_path, [HEADER, RANGES, CAMBODIA])).frame
    known = [name for name in inform.COLUMNS if name in plain]
    assert other[known].equals(plain[known])


@pytest.mark.parametrize(
    ("place", "value", "line"),
    [
        (2, 49, "INFORM RISK: got '49'; allowed: a number from 0 to 10, or an empty cell"),
        (11, "9,6", "River Flood: got '9,6'; allowed: a number from 0 to 10"),
        (1, "Cambodia", "ISO3: got 'Cambodia'; allowed: three capital letters"),
    ],
)
def test_bad_cells_in_one_line(tmp_path, place, value, line):
    row = [*CAMBODIA]
    row[place] = value
    with pytest.raises(InputError) as error:
        inform.read(workbook(tmp_path, [HEADER, RANGES, row]))
    assert str(error.value).startswith("inform.xlsx, row 3: ") and line in str(error.value)


@pytest.mark.parametrize("name", ["ISO3", "INFORM RISK"])
def test_names_a_missing_column(tmp_path, name):
    with pytest.raises(InputError, match=f"{name}: got 'a missing column'"):
        inform.read(workbook(tmp_path, [[one for one in HEADER if one != name]]))
