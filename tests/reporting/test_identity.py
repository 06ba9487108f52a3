"""Equal inputs have equal identity, wherever they lie; anything else has not, and says why."""

import json

import pytest

from aspfin.reporting import identity as module
from aspfin.reporting.identity import identity, why_stale
from aspfin.reporting.manifest import provenance


def template(source, outputs=()):
    one = {"cell_type": "code", "source": source, "metadata": {}, "outputs": list(outputs)}
    return json.dumps({"cells": [one]}).encode()


def made(sections, source="x = 1", kind="financing"):
    return identity(kind, sections, template=template(source), template_name="financing.ipynb")


def test_identity_follows_parameters_and_template():
    sections = {"country": "KHM", "financing": {"seed": 5}, "area": "KH01"}
    one = made(sections)
    assert one == made(dict(reversed(sections.items())), ["x =", " 1"])
    other = made({**sections, "area": "KH02", "financing": {"seed": 6}}, "x = 2")
    assert why_stale(one, one) == []
    assert why_stale(one, other) == ["parameters changed (area, financing.seed)", "the notebook changed"]
    run_by_hand = template("x = 1", [{"output_type": "stream", "name": "stdout", "text": "1"}])
    again = identity("financing", sections, template=run_by_hand, template_name="financing.ipynb")
    assert again["hash"] == one["hash"]
    assert json.loads(json.dumps(one)) == one


def test_the_place_of_files_does_not_count_but_what_they_hold_does(tmp_path):
    found = []
    for place in ("here", "there"):
        pack = tmp_path / place / "mine"
        pack.mkdir(parents=True)
        (pack / "country.yaml").write_text("a: 1")
        (tmp_path / place / "survey.csv").write_text("a\n1\n")
        found.append(made({"country": str(pack), "data": {"path": str(tmp_path / place / "survey.csv")}}))
    assert found[0] == found[1]
    assert set(found[0]["data"]) == {"mine/country.yaml", "survey.csv"}
    assert str(tmp_path) not in json.dumps(found)
    (pack / "country.yaml").write_text("a: 2")
    changed = made({"country": str(pack), "data": {"path": str(tmp_path / "there" / "survey.csv")}})
    assert why_stale(found[0], changed) == ["mine/country.yaml changed"]


def test_a_named_pack_is_data_and_no_other_is():
    assert {name.split("/")[0] for name in made({"country": "ZMB"})["data"]} == {"ZMB"}
    made_up = made({"data": {"synthetic": {"country": "KHM"}}})
    assert {name.split("/")[0] for name in made_up["data"]} == {"KHM"}
    unnamed = made({"data": {"synthetic": {"seed": 1}}})
    assert {name.split("/")[0] for name in unnamed["data"]} == {"KHM", "ZMB"}


def test_published_data_are_known_by_the_version_of_their_package():
    one = made({"data": {"package": "causaldata", "dataset": "nsw_mixtape"}}, kind="evaluation")
    assert one["data"] == {}
    assert "causaldata" in one["libraries"] and "causaldata" not in made({"country": "KHM"})["libraries"]


def test_code_and_libraries_count(monkeypatch):
    one = made({"country": "KHM"})
    monkeypatch.setattr(module, "package_hash", lambda: "other")
    monkeypatch.setattr(module, "libraries", lambda *more: {**one["libraries"], "numpy": "1.0", "new": "2"})
    now = one["libraries"]["numpy"]
    assert why_stale(one, made({"country": "KHM"})) == [
        "aspfin changed",
        "new missing became 2",
        f"numpy {now} became 1.0",
    ]


def test_the_code_of_the_package_is_hashed_whole(monkeypatch, tmp_path):
    monkeypatch.setattr(module, "PACKAGE", tmp_path)
    hashes = []
    for name, text in (("a.py", "x"), ("a.py", "y"), ("b.css", "z"), ("c.csv", "no code"), ("a.pyc", "no")):
        (tmp_path / name).write_text(text)
        module.package_hash.cache_clear()
        hashes.append(module.package_hash())
    module.package_hash.cache_clear()
    assert len(set(hashes[:3])) == 3 and hashes[2] == hashes[3] == hashes[4]


@pytest.mark.parametrize("sections", [{"country": "KHM"}, {"a": 1, "data": {"package": "causaldata"}}])
def test_what_a_report_prints_has_no_time_and_no_place(sections):
    stamp = provenance("financing", sections)
    assert stamp == provenance("financing", sections)
    assert set(stamp) == {"parameter_hash", "package_version", "package_hash", "data_hash", "python"}
    assert (stamp["data_hash"] is None) == ("country" not in sections)
