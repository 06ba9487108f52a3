"""results.json, tables and provenance: plain, complete, equal for equal content."""

import datetime as dt
import json
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from aspfin.indicators.indicator import Indicator
from aspfin.reporting.estimates import COLUMNS, figure_record
from aspfin.reporting.manifest import Headline, plain, save_results
from aspfin.results import Check, ImpactEstimate


@dataclass(frozen=True)
class Pair:
    left: float
    right: np.ndarray


def test_everything_becomes_plain_json():
    value = {
        "nan": float("nan"), "inf": np.inf, "int": np.int64(3), "bool": np.True_, "none": None, "nat": pd.NaT, "na": pd.NA,
        "date": dt.date(2022, 12, 10), "set": {2, 1}, 5: (1, Pair(np.float64(0.1), np.array([1.5, np.nan]))),
        "frame": pd.DataFrame({"a": [1, 2], "b": ["x", None]}), "path": pd.Timestamp("2022-12-10"),
    }  # fmt: skip
    assert plain(value) == {
        "nan": None, "inf": None, "int": 3, "bool": True, "none": None, "nat": None, "na": None,
        "date": "2022-12-10", "set": [1, 2], "5": [1, {"left": 0.1, "right": [1.5, None]}],
        "frame": [{"a": 1, "b": "x"}, {"a": 2, "b": None}], "path": "2022-12-10T00:00:00",
    }  # fmt: skip


def save(folder, **more):
    given = {"headline": {}, "sentences": [], "tables": {}} | more
    save_results(folder, **given)
    return json.loads((folder / "results.json").read_text())


def test_results_hold_figures_in_order_at_full_precision(tmp_path):
    headline = {"z_need": Headline("mean need", 1 / 3, "USD per year"), "a_missing": None, "b": np.float64(2)}
    checks = [Check("mass", "Is it there?", False, 0.5, text="gap")]
    unverified = pd.DataFrame({"name": ["rate"], "value": [float("nan")]})
    found = save(tmp_path, headline=headline, sentences=["One."], checks=checks, unverified=unverified)
    assert [one["name"] for one in found["headline"]] == ["z_need", "a_missing", "b"]
    assert found["headline"][0] == {
        "name": "z_need",
        "label": "mean need",
        "value": 1 / 3,
        "unit": "USD per year",
    }
    assert found["headline"][1]["value"] is None
    assert found["checks"][0]["passed"] is False
    assert found["unverified"] == [{"name": "rate", "value": None}]


def test_tables_are_full_precision_and_harmless_in_a_spreadsheet(tmp_path):
    frame = pd.DataFrame({
        "who": ["=1+1", "+2", "-3", "@x", "\tx", "plain", None],
        "kind": pd.Categorical(["=a", "b", "b", "b", "b", "b", "b"]),
        "number": [-1.0, 1 / 3, 1e-20, np.nan, 5, 6, 7],
        "=evil": [True, False, True, True, True, True, True],
        "mixed": [-1, "-1", 2.5, None, "a", "b", "c"],
    })  # fmt: skip
    before = frame.copy(deep=True)
    found = save(tmp_path, tables={"paid": frame})
    text = (tmp_path / "tables" / "paid.csv").read_bytes().decode()
    assert "\r" not in text
    lines = text.splitlines()
    assert lines[0] == "who,kind,number,'=evil,mixed"
    assert lines[1] == "'=1+1,'=a,-1.0,True,-1"
    assert lines[2] == "'+2,b,0.3333333333333333,False,'-1"
    assert lines[3].startswith("'-3,b,1e-20")
    assert lines[7] == ",b,7.0,True,c"
    assert found["tables"] == [
        {"name": "paid", "file": "tables/paid.csv", "rows": 7, "columns": list(frame.columns)}
    ]
    pd.testing.assert_frame_equal(frame, before)


@pytest.mark.parametrize("name", ["../x", "a/b", "", "a.b", "é"])
def test_table_names_are_file_names(tmp_path, name):
    with pytest.raises(ValueError, match="letters, digits"):
        save(tmp_path, tables={name: pd.DataFrame()})
    assert list(tmp_path.iterdir()) == []


def test_links_are_not_followed(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "real").mkdir()
    (tmp_path / "out" / "tables").symlink_to(tmp_path / "real")
    with pytest.raises(ValueError, match="a real folder"):
        save(tmp_path / "out", tables={"a": pd.DataFrame({"x": [1]})})
    assert list((tmp_path / "real").iterdir()) == []


def test_equal_content_gives_equal_bytes(tmp_path):
    for name, order in (("one", [0, 1]), ("two", [1, 0])):
        tables = {key: pd.DataFrame({"x": [0.1]}) for key in np.array(["a", "b"])[order]}
        save(tmp_path / name, tables=tables, headline={"x": 0.1})
    assert (tmp_path / "one" / "results.json").read_bytes() == (
        tmp_path / "two" / "results.json"
    ).read_bytes()


def test_estimates_are_tidy_records_alike_for_effects_and_indicators(tmp_path):
    effect = ImpactEstimate(
        method="difference in means", estimand="ITT", outcome="food", treated="cash", estimate=12.0,
        std_error=4.0, std_error_kind="CR1", n_obs=400, n_clusters=20, df=19,
    )  # fmt: skip
    share = Indicator(
        code="cov", name="Covered", value=0.2, std_error=0.05, df=40, n=480, unit="share", n_psu=48,
        group={"area": "rural"},
    )  # fmt: skip
    found = save(tmp_path, estimates=[effect, share])["estimates"]
    assert [set(one) for one in found] == [set(COLUMNS)] * 2
    one, other = found
    assert (one["estimate"], one["n_obs"], one["n_clusters"], one["df"]) == (12.0, 400, 20, 19)
    assert [one["ci_low"], one["ci_high"]] == pytest.approx(effect.conf_int())
    assert one["p_value"] == pytest.approx(effect.p_value)
    assert (other["outcome"], other["group"], other["n_clusters"]) == ("cov", "area rural", 48)
    assert other["p_value"] is None
    with pytest.raises(ValueError, match="estimates: got a record with"):
        save(tmp_path, estimates=[{"name": "food"}])


def test_a_hidden_figure_is_no_estimate():
    given = {"name": "coverage", "label": "Coverage", "unit": "share", "n_clusters": 48}
    row = pd.Series({"estimate": np.nan, "std_error": np.nan, "n": pd.NA}, dtype=object)
    assert figure_record(row, **given) is None
    row = pd.Series({"estimate": 0.2, "std_error": 0.1, "n": pd.NA, "group": "poorest"}, dtype=object)
    assert figure_record(row, **given)["n_obs"] is None
    assert figure_record(row, **given)["group"] == "poorest"
