"""What one case hides must not be had from the others."""

import pytest
from made_up import case, coverage

from aspfin.batch.disclosure import protect
from aspfin.batch.records import read_records


def marks(safe):
    return {one.name: one.hidden.get("coverage", "") for one in safe.records}


def test_a_small_province_takes_a_second_one_with_it(tmp_path):
    for name, n in {"KH01": 4, "KH02": 80, "KH03": 300, "KH04": 200}.items():
        coverage(tmp_path, name, n)
    safe = protect(read_records(tmp_path))
    assert marks(safe) == {"KH01": "small", "KH02": "complementary", "KH03": "", "KH04": ""}
    hidden = safe.records[1]
    assert hidden.figures["coverage"]["value"] is None
    assert hidden.estimates == ()
    assert hidden.n_obs is None
    assert safe.withheld == ("KH01", "KH02")
    told = safe.sentence()
    assert told.startswith(
        "One figure is hidden, resting on fewer than 10 observations; one figure is hidden so"
    )
    assert "do not publish" in told


def test_what_a_report_has_hidden_itself_is_protected(tmp_path):
    coverage(tmp_path, "KH01", None)
    coverage(tmp_path, "KH02", 80)
    coverage(tmp_path, "KH03", 300)
    safe = protect(read_records(tmp_path))
    assert marks(safe) == {"KH01": "", "KH02": "complementary", "KH03": ""}
    assert (safe.small, safe.complementary) == (0, 1)


def test_the_national_case_stays_and_is_the_total(tmp_path):
    coverage(tmp_path, "all", 384, varied={"area": "national"})
    for name, n in {"KH01": 4, "KH02": 80, "KH03": 300}.items():
        coverage(tmp_path, name, n)
    safe = protect(read_records(tmp_path))
    assert marks(safe) == {"KH01": "small", "KH02": "complementary", "KH03": "", "all": ""}


def test_two_small_provinces_protect_each_other_only_if_they_are_not_tiny(tmp_path):
    for name, n in {"KH01": 6, "KH02": 7, "KH03": 300}.items():
        coverage(tmp_path, name, n)
    safe = protect(read_records(tmp_path))
    assert marks(safe) == {"KH01": "small", "KH02": "small", "KH03": ""}


def test_nothing_is_hidden_where_all_are_large(tmp_path):
    coverage(tmp_path, "KH01", 40)
    coverage(tmp_path, "KH02", 80)
    safe = protect(read_records(tmp_path))
    assert safe.records == tuple(read_records(tmp_path))
    assert "Nothing had to be hidden" in safe.sentence()


def test_other_lines_of_the_same_people_are_tables_side_by_side(tmp_path):
    for line in (1, 2):
        for area, n in {"KH01": 4, "KH02": 80, "KH03": 300}.items():
            coverage(tmp_path, f"{area}-{line}", n, varied={"area": area, "poverty_line.value": line})
    safe = protect(read_records(tmp_path))
    assert [name for name, mark in marks(safe).items() if mark] == ["KH01-1", "KH01-2", "KH02-1", "KH02-2"]


def test_cases_of_the_same_people_have_nothing_to_subtract(tmp_path):
    coverage(tmp_path, "a", 40, varied={"poverty_line.value": 1})
    coverage(tmp_path, "b", None, varied={"poverty_line.value": 2})
    assert protect(read_records(tmp_path)).complementary == 0


def test_a_report_that_failed_counts_as_hidden(tmp_path):
    coverage(tmp_path, "KH01", 40, failure={"error": "ValueError: too few rows"})
    coverage(tmp_path, "KH02", 80)
    coverage(tmp_path, "KH03", 300)
    assert marks(protect(read_records(tmp_path)))["KH02"] == "complementary"


def test_a_report_that_failed_protects_nobody(tmp_path):
    coverage(tmp_path, "KH01", 4)
    coverage(tmp_path, "KH02", 80)
    coverage(tmp_path, "KH03", 300)
    coverage(tmp_path, "KH04", 40, failure={"error": "ValueError: no rows"})
    found = marks(protect(read_records(tmp_path)))
    assert found == {"KH01": "small", "KH02": "complementary", "KH03": "", "KH04": ""}


def test_a_stricter_minimum_of_a_case_holds_for_all(tmp_path):
    strict = {"parameters": {"disclosure": {"minimum_cell": 90}}}
    coverage(tmp_path, "KH01", 80)
    coverage(tmp_path, "KH02", 120, identity=strict)
    coverage(tmp_path, "KH03", 300)
    safe = protect(read_records(tmp_path))
    assert safe.minimum == 90
    assert marks(safe) == {"KH01": "small", "KH02": "complementary", "KH03": ""}


@pytest.mark.parametrize(
    ("kind", "run", "applies"),
    [
        ("performance", {"seeds": {"data.synthetic.seed": 1}}, False),
        ("performance", {"identity": {"parameters": {"data": {"synthetic": {"seed": 1}}}}}, False),
        ("performance", {}, True),
        ("evaluation", {"identity": {"parameters": {"data": {"package": "causaldata"}}}}, False),
        ("evaluation", {"data_hash": None}, False),
        ("evaluation", {}, True),
        ("registry", {}, True),
        ("financing", {}, False),
        ("response", {}, False),
    ],
)
def test_only_rows_of_real_households_are_protected(tmp_path, kind, run, applies):
    figure = [{"name": "people", "label": "People", "unit": "people", "value": 4}]
    case(tmp_path, "KH01", kind=kind, headline=figure, **run)
    case(tmp_path, "KH02", kind=kind, headline=[{**figure[0], "value": 400}], **run)
    case(tmp_path, "KH03", kind=kind, headline=[{**figure[0], "value": 900}], **run)
    safe = protect(read_records(tmp_path))
    assert safe.applies is applies
    assert [one.figures["people"]["value"] for one in safe.records] == (
        [None, None, 900] if applies else [4, 400, 900]
    )
    assert bool(safe.sentence()) is applies


def test_equal_records_in_another_order_are_hidden_alike(tmp_path):
    for name, n in {"KH01": 4, "KH02": 80, "KH03": 300, "KH04": 80}.items():
        coverage(tmp_path, name, n)
    records = read_records(tmp_path)
    assert marks(protect(records)) == marks(protect(records[::-1]))
