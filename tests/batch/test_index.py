"""The page that compares cases, and its summary."""

import json

import pandas as pd
import pytest
from made_up import case, check, coverage, curve, estimate

from aspfin.batch.index import write_batch, write_list

PLACES = pd.DataFrame(
    {
        "pcode": ["KH01", "KH02", "KH03"],
        "label": ["Zeta", "Alpha", "<Kep>"],
        "row": [0, 0, 1],
        "col": [0, 1, 0],
    }
)


def record(folder, name, value=None, failure=None, **more):
    headline = [
        {"name": "need", "label": "mean need", "value": value, "unit": "USD per year"},
        {"name": "dry", "label": "runs dry", "value": 0.1, "unit": "probability"},
    ]
    run = {
        "status": "failed" if failure else "made",
        "title": f"Floods, {name}",
        "varied": {"area": name},
        "headline": [] if failure else headline,
        "failed_checks": [{}, {}] if name == "KH02" else [],
        "failure": failure,
        "identity": {"parameter_hash": "abc", "package_version": "0.1.0"},
        **more,
    }
    (folder / name).mkdir(parents=True)
    (folder / name / "run.json").write_text(json.dumps(run))


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "reports" / "financing" / "floods"
    record(place, "KH01", 1_000_000)
    record(place, "KH02", 2_500_000.5)
    record(place, "KH03", failure={"cell": "cell 3 (In [2])", "error": "ValueError: <x>"})
    return place


def test_cases_are_compared_in_every_order_without_scripts(folder):
    write_batch(folder, title="Floods & more", places=PLACES)
    page = (folder / "index.html").read_text()
    assert "<script" not in page
    assert "<h1>Floods &amp; more</h1>" in page
    tables = page.split('<div class="sorted')[1:]
    assert len(tables) == 2
    by_name, by_need = tables
    assert by_name.index("Alpha") < by_name.index("Zeta")
    assert by_need.index("US$ 2.5 million") < by_need.index("US$ 1 million")
    assert "The same in every report: runs dry: 10 %." in page
    assert '<a href="KH03/report_failed.html">&lt;Kep&gt;</a>: cell 3 (In [2]): ValueError: &lt;x&gt;' in page


def test_reports_not_asked_for_are_counted(folder):
    write_batch(folder, title="Floods", places=PLACES, cases=25)
    told = "2 of 25 reports were made; 1 could not be made; 22 have not been asked for yet."
    assert told in (folder / "index.html").read_text()


def test_the_map_states_its_finding(folder):
    write_batch(folder, title="Floods", places=PLACES)
    page = (folder / "index.html").read_text()
    assert "Mean need: highest in Alpha (US$ 2.5 million)" in page
    assert "data:image/png;base64," in page
    write_batch(folder, title="Floods", places=PLACES.iloc[:0])
    assert "data:image/png;base64," not in (folder / "index.html").read_text()


def test_no_map_when_more_than_the_area_varies(folder):
    record(folder, "KH01_x", 5.0, varied={"area": "KH01", "x": 1})
    write_batch(folder, title="Floods", places=PLACES)
    assert "highest in" not in (folder / "index.html").read_text()
    assert "Zeta, x 1" in (folder / "index.html").read_text()


def test_summary_has_full_precision_and_every_case(folder):
    write_batch(folder, title="Floods", places=PLACES)
    frame = pd.read_csv(folder / "summary.csv")
    assert frame["case"].tolist() == ["KH01", "KH02", "KH03"]
    assert frame["need"].tolist()[:2] == [1_000_000, 2_500_000.5]
    assert frame["failed_checks"].tolist() == [0, 2, 0]
    assert frame["status"].tolist() == ["made", "made", "failed"]
    batch = json.loads((folder / "batch.json").read_text())
    assert batch["package_version"] == ["0.1.0"] and batch["cases"][0]["parameter_hash"] == "abc"
    assert [case["reason"] for case in batch["cases"]] == ["", "", "cell 3 (In [2]): ValueError: <x>"]
    assert sorted(place.name for place in folder.iterdir() if place.is_file()) == [
        "batch.json",
        "index.html",
        "summary.csv",
    ]


def test_equal_records_give_equal_pages(folder):
    write_batch(folder, title="Floods", places=PLACES)
    first = (folder / "index.html").read_bytes()
    write_batch(folder, title="Floods", places=PLACES)
    assert (folder / "index.html").read_bytes() == first


def test_the_list_holds_single_reports_and_batches(folder):
    write_batch(folder, title="Floods by province", places=PLACES)
    output = folder.parents[1]
    record(output / "financing", "nation", 1.0, varied={}, title="The nation & all")
    (output / ".unfinished-x").mkdir()
    (output / "financing" / "notes").mkdir()
    write_list(output)
    page = (output / "index.html").read_text()
    assert (
        '<a href="financing/floods/index.html">Floods by province</a> (3 reports, 1 of them failed)' in page
    )
    assert '<a href="financing/nation/report.html">The nation &amp; all</a>' in page
    assert "unfinished" not in page


def page_of(folder):
    write_batch(folder, title="Batch", places=PLACES.iloc[:0])
    return (folder / "index.html").read_text(encoding="utf-8")


def test_flags_are_told_in_words_and_shared_ones_once(tmp_path):
    trend, own = check("parallel trends before treatment", False), check("number of events", False)
    case(tmp_path, "a", {"need": 1.0}, checks=[own, trend], unverified=["rate"])
    case(tmp_path, "b", {"need": 2.0}, checks=[own], unverified=["rate"])
    page = page_of(tmp_path)
    shared = "True of every report: it uses inputs that nobody has verified; fails the check on the number of events."
    assert shared in page
    by_name = page.split('<div class="sorted')[1]
    assert by_name.count("failed pre trend") == 1
    assert "unverified inputs" not in by_name
    assert "who moved apart already before the programme" in page


def test_estimates_are_raw_pooled_and_adjusted(tmp_path):
    for name, value in {"KH01": 30.0, "KH02": 2.0, "KH03": -1.0}.items():
        case(tmp_path, name, {"need": value}, kind="evaluation", estimates=[estimate(value, 5.0)])
    page = page_of(tmp_path)
    assert "Drawn to the mean" in page
    assert "p for all (Holm)" in page
    assert "below 0.001" in page


def test_cases_of_the_same_people_are_not_pooled(tmp_path):
    for name, value in {"a": 30.0, "b": 2.0}.items():
        case(
            tmp_path,
            name,
            {},
            kind="evaluation",
            varied={"design.type": name},
            estimates=[estimate(value, 5.0)],
        )
    page = page_of(tmp_path)
    assert "the cases speak of the same people" in page
    assert "Drawn to the mean" not in page


def test_small_cells_are_hidden_everywhere_and_their_reports_not_linked(tmp_path):
    for name, n in {"KH01": 4, "KH02": 80, "KH03": 300}.items():
        coverage(tmp_path, name, n, value=0.1234567 + n / 1000)
    page = page_of(tmp_path)
    assert "KH03/report.html" in page
    assert "KH01/report.html" not in page
    assert "KH02/report.html" not in page
    assert "do not publish them together with the others" in page
    written = page + (tmp_path / "summary.csv").read_text() + (tmp_path / "batch.json").read_text()
    assert "0.2034567" not in written  # KH02
    assert "0.4234567" in written  # KH03
    assert json.loads((tmp_path / "batch.json").read_text())["do_not_publish"] == ["KH01", "KH02"]


def test_formats_and_the_synthesis_are_linked_where_they_exist(tmp_path):
    case(tmp_path, "a", {"need": 1.0})
    case(tmp_path, "b", {"need": 2.0})
    (tmp_path / "a" / "report.docx").write_bytes(b"x")
    assert "synthesis/report.html" not in page_of(tmp_path)
    place = case(tmp_path, "synthesis", {"need": 3.0}, kind="synthesis")
    page = page_of(tmp_path)
    assert '<a href="a/report.docx">Word</a>' in page
    assert "b/report.docx" not in page
    assert '<a href="synthesis/report.html">What the reports say together</a>' in page
    assert place.is_dir()
    assert "All 2 reports were made." in page


def test_two_hundred_cases_keep_a_readable_page(tmp_path):
    for number in range(200):
        case(
            tmp_path, f"case-{number:03d}", {"need": 1e6 + number, "dry": number / 200}, varied={"n": number}
        )
    page = page_of(tmp_path)
    assert "the 36 highest of 200" in page
    assert len(page) < 2_000_000


def test_panels_show_the_curve_that_all_cases_share(tmp_path):
    for name, top in {"KH01": 1e6, "KH02": 9e6, "KH03": 2e6}.items():
        frame = curve(top).rename(columns={"need": "need_usd"})
        frame = frame.assign(need_low_usd=frame["need_usd"] / 2, need_high_usd=frame["need_usd"] * 2)
        case(tmp_path, name, {"need": top}, tables={"need_by_return_period": frame})
    assert "One by one: KH02 is highest, KH01 lowest" in page_of(tmp_path)


def test_labels_are_sorted_as_people_do(tmp_path):
    for number in (10, 9, 100):
        case(tmp_path, f"n{number}", {"need": 1.0 / number}, varied={"seed": number})
    by_name = page_of(tmp_path).split('<div class="sorted')[1]
    assert by_name.index("seed 9<") < by_name.index("seed 10<") < by_name.index("seed 100<")
