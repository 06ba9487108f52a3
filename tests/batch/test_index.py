"""The page that compares cases, and its summary."""

import json

import pandas as pd
import pytest

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
        "parameter_hash": "abc",
        "package_version": "0.1.0",
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
    assert len(tables) == 3
    by_name, by_need, _ = tables
    assert by_name.index("Alpha") < by_name.index("Zeta")
    assert by_need.index("US$ 2.5 million") < by_need.index("US$ 1 million")
    assert by_name.count("10 %") == 2
    assert '<a href="KH03/report_failed.html">&lt;Kep&gt;</a>: cell 3 (In [2]): ValueError: &lt;x&gt;' in page


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
    assert "data:image/png;base64," not in (folder / "index.html").read_text()
    assert "Zeta, x 1" in (folder / "index.html").read_text()


def test_summary_has_full_precision_and_every_case(folder):
    write_batch(folder, title="Floods", places=PLACES)
    frame = pd.read_csv(folder / "summary.csv")
    assert frame["case"].tolist() == ["KH01", "KH02", "KH03"]
    assert frame["need"].tolist()[:2] == [1_000_000, 2_500_000.5]
    assert frame["failed_checks"].tolist() == [0, 2, 0]
    assert frame["status"].tolist() == ["made", "made", "failed"]
    batch = json.loads((folder / "batch.json").read_text())
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
