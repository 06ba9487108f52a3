"""One record per case, with flags that are read off the checks and never guessed."""

import json

import pytest
from made_up import case, check, estimate

from aspfin.batch.records import FLAGS, read_records, records_frame


@pytest.fixture
def folder(tmp_path):
    case(tmp_path, "KH02", {"need": 2.0, "dry": 0.1}, unverified=[{"name": "rate"}, {"name": "capacity"}])
    case(
        tmp_path,
        "KH01",
        {"need": 1.0, "dry": 0.2},
        estimates=[estimate(12.0, 4.0, 400, 24), estimate(3.0, 1.0, 390, 26, name="effect_on_school")],
        checks=[
            check("parallel trends before treatment", False),
            check("instrument strength", False),
            check("mass balance", True),
            check("something new", False),
            check("ties", None),
        ],
    )
    case(tmp_path, "KH03", failure={"cell": "cell 3 (In [2])", "error": "ValueError: no rows"})
    (tmp_path / "KH01" / "report.pdf").write_bytes(b"%PDF")
    case(tmp_path, "synthesis", {"need": 3.0}, kind="synthesis")
    return tmp_path


def test_records_are_what_the_reports_left(folder):
    first, second, third = read_records(folder, {"KH01": "Kampot"})
    assert [first.name, second.name, third.name] == ["KH01", "KH02", "KH03"]
    assert (first.label, second.label) == ("Kampot", "KH02")
    assert (first.n_obs, first.n_clusters) == (400, 24)
    assert first.estimate["estimate"] == 12.0
    assert first.checks_made == 4
    assert first.formats == ("pdf",)
    assert second.value("need") == 2.0
    assert second.estimate is None
    assert second.unverified == ("rate", "capacity")
    assert third.reason == "cell 3 (In [2]): ValueError: no rows"
    assert not third.made
    assert third.page == "KH03/report_failed.html"


def test_flags_come_from_checks_sizes_and_inputs(folder):
    first, second, third = read_records(folder)
    assert first.flags == ("few_clusters", "failed_pre_trend", "weak_instrument", "other_failed_check")
    assert second.flags == ("unverified_inputs",)
    assert third.flags == ("not_made",)
    assert first.flag_words()[1] == FLAGS["failed_pre_trend"]


def test_thirty_clusters_are_not_few(tmp_path):
    case(tmp_path, "a", estimates=[estimate(1.0, 1.0, n_clusters=30)])
    case(tmp_path, "b", estimates=[estimate(1.0, 1.0, n_clusters=None)])
    assert [one.flags for one in read_records(tmp_path)] == [(), ()]


def test_frame_has_one_row_for_each_case(folder):
    frame = records_frame(read_records(folder))
    assert frame["case"].tolist() == ["KH01", "KH02", "KH03"]
    assert frame["need"].tolist()[:2] == [1.0, 2.0]
    assert frame["need"].isna().tolist() == [False, False, True]
    assert frame["estimate"].tolist()[0] == 12.0
    assert frame["failed_checks"].tolist() == [3, 0, 0]
    assert frame["flags"].tolist()[1:] == ["unverified_inputs", "not_made"]


def test_the_flags_know_the_names_of_the_checks():
    """A check that is renamed would silently lose its flag."""
    from pathlib import Path

    import aspfin
    from aspfin.batch.records import FLAG_OF_CHECK

    source = "".join(
        file.read_text(encoding="utf-8")
        for part in ("evaluation", "reporting")
        for file in (Path(aspfin.__file__).parent / part).glob("*.py")
    )
    assert [name for name in FLAG_OF_CHECK if f'"{name}"' not in source] == []
    assert set(FLAG_OF_CHECK.values()) <= set(FLAGS)


def test_a_record_that_is_no_object_is_refused(tmp_path):
    case(tmp_path, "a")
    (tmp_path / "a" / "results.json").write_text(json.dumps([1]))
    with pytest.raises(ValueError, match=r"a/results\.json: got a list; allowed: an object"):
        read_records(tmp_path)
