"""Disclosure control: what is hidden, why, and that nobody can work it out."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aspfin.indicators.disclosure import suppress


def with_margins(inner, rows="area", columns="quintile"):
    """A long table of counts with its sums, from a two-dimensional array."""
    cells = [(f"r{i}", f"c{j}", int(n)) for (i, j), n in np.ndenumerate(inner)]
    cells += [(f"r{i}", "total", int(n)) for i, n in enumerate(inner.sum(1))]
    cells += [("total", f"c{j}", int(n)) for j, n in enumerate(inner.sum(0))]
    cells += [("total", "total", int(inner.sum()))]
    table = pd.DataFrame(cells, columns=[rows, columns, "n"])
    return table.assign(share=table["n"] / 7)


def possible_counts(safe, minimum, top):
    """Slow reference attacker: every whole-number table that fits what is shown, by trying them all."""
    table = safe.table
    cells = {(row.area, row.quintile): (row.n, row.suppressed) for row in table.itertuples()}
    areas = [a for a in table["area"].unique() if a != "total"]
    quintiles = [q for q in table["quintile"].unique() if q != "total"]

    def fits(value, key):
        known, mark = cells[key]
        if mark == "small":
            return value < minimum
        return value >= minimum if mark else value == known

    choices = []
    for a in areas:
        options = [
            [v for v in range(top) if fits(v, (a, q))] if cells[a, q][1] else [int(cells[a, q][0])]
            for q in quintiles
        ]
        choices.append([row for row in itertools.product(*options) if fits(sum(row), (a, "total"))])
    seen = {key: set() for key, (_, mark) in cells.items() if mark}
    for rows in itertools.product(*choices):
        columns = [sum(one) for one in zip(*rows, strict=True)]
        if not all(fits(v, ("total", q)) for v, q in zip(columns, quintiles, strict=True)):
            continue
        if not fits(sum(columns), ("total", "total")):
            continue
        whole = {
            (a, q): v for a, row in zip(areas, rows, strict=True) for q, v in zip(quintiles, row, strict=True)
        }
        whole |= {(a, "total"): sum(row) for a, row in zip(areas, rows, strict=True)}
        whole |= {("total", q): v for q, v in zip(quintiles, columns, strict=True)}
        whole["total", "total"] = sum(columns)
        for key in seen:
            seen[key].add(whole[key])
    return seen


def test_nothing_small_nothing_hidden():
    table = with_margins(np.full((2, 3), 20))
    safe = suppress(table, counts="n", totals="total")
    assert (safe.small, safe.complementary) == (0, 0)
    assert safe.check.passed is None
    pd.testing.assert_frame_equal(safe.table[["n", "share"]], table[["n", "share"]], check_dtype=False)
    assert "Nothing is hidden" in str(safe)


def test_one_small_cell_hides_a_rectangle():
    inner = np.array([[3, 40, 50], [60, 20, 80], [90, 100, 30]])
    safe = suppress(with_margins(inner), counts="n", totals="total")
    hidden = safe.hidden().set_index(["area", "quintile"])["suppressed"]
    assert hidden["r0", "c0"] == "small"
    assert safe.small == 1 and safe.complementary == 3
    assert len(hidden.groupby("area")) == 2 and len(hidden.groupby("quintile")) == 2
    assert "total" not in hidden.index.get_level_values(0)
    assert safe.check.passed
    rows = safe.table["suppressed"] != ""
    assert safe.table.loc[rows, ["n", "share"]].isna().all(axis=None)


def test_without_totals_only_small_cells():
    table = pd.DataFrame({"area": ["a", "b", "c"], "n": [9, 10, 0], "mean": [1.0, 2.0, 3.0]})
    safe = suppress(table, counts="n")
    assert safe.table["suppressed"].tolist() == ["small", "", "small"]
    assert safe.attack()[["lowest", "highest"]].to_numpy().tolist() == [[0, 9], [0, 9]]


def test_two_small_cells_that_are_bounded_by_their_sum_are_still_hidden():
    # 9 and 9 of 18: markers say "below 10", so without a third cell both would be known
    table = pd.DataFrame({"area": ["a", "b", "c", "total"], "n": [9, 9, 30, 48]})
    safe = suppress(table, counts="n", totals="total")
    assert safe.complementary == 1
    assert (safe.attack()["highest"] - safe.attack()["lowest"] >= 1).all()


def test_total_is_hidden_where_nothing_else_helps():
    table = pd.DataFrame({"area": ["a", "b", "total"], "n": [0, 10, 10]})
    safe = suppress(table, counts="n", totals="total")
    assert safe.table["suppressed"].tolist()[0] == "small"
    assert safe.table["suppressed"].tolist()[2] == "complementary"
    assert safe.check.passed


def test_margins_alone_as_in_a_table_of_groups():
    table = pd.DataFrame(
        {
            "code": ["cov", "cov_q1", "cov_q2", "cov_q3", "cov_rural", "cov_urban"],
            "quintile": [None, "q1", "q2", "q3", None, None],
            "area": [None, None, None, None, "rural", "urban"],
            "poverty_line": 2.15,
            "n": [100, 4, 46, 50, 70, 30],
            "estimate": np.arange(6.0),
        }
    )
    safe = suppress(
        table,
        counts="n",
        keys=["quintile", "area"],
        totals={"quintile": None, "area": None},
        shown=["code", "poverty_line"],
    )
    assert safe.table["suppressed"].tolist() == ["", "small", "complementary", "", "", ""]
    assert safe.table["code"].notna().all() and (safe.table["poverty_line"] == 2.15).all()
    assert safe.table["estimate"].isna().tolist() == [False, True, True, False, False, False]


def test_regions_within_the_country():
    table = pd.DataFrame(
        {
            "region": ["N", "N", "N", "S", "S", "S", "total"],
            "province": ["p1", "p2", "total", "p3", "p4", "total", "total"],
            "n": [5, 60, 65, 70, 80, 150, 215],
        }
    )
    safe = suppress(table, counts="n", totals="total")
    assert safe.table["suppressed"].tolist() == ["small", "complementary", "", "", "", "", ""]


def test_several_counts():
    table = pd.DataFrame(
        {"area": ["a", "b", "c", "total"], "n": [50, 60, 70, 180], "n_receiving": [2, 20, 30, 52], "cov": 0.5}
    )
    safe = suppress(table, counts=["n", "n_receiving"], totals="total")
    assert safe.table["suppressed"].tolist() == ["small", "complementary", "", ""]
    assert safe.check.passed and len(safe.attack()) == 4


def test_order_of_rows_and_input_untouched():
    rng = np.random.default_rng(3)
    table = with_margins(rng.integers(0, 60, (5, 4)))
    before = table.copy()
    safe = suppress(table, counts="n", totals="total")
    shuffled = table.sample(frac=1, random_state=1)
    other = suppress(shuffled, counts="n", totals="total")
    pd.testing.assert_frame_equal(table, before)
    pd.testing.assert_frame_equal(other.table.sort_index(), safe.table)
    assert other.table.index.equals(shuffled.index)


def test_types_are_kept():
    table = pd.DataFrame({"area": ["a", "b"], "n": [3, 30], "flag": [True, False], "note": ["x", "y"]})
    safe = suppress(table, counts="n", keys=["area"]).to_frame()
    assert safe["n"].dtype == "Int64" and safe["flag"].dtype == "boolean"
    assert safe["note"].isna().tolist() == [True, False]


@settings(max_examples=25, deadline=None, derandomize=True)
@given(st.lists(st.integers(0, 9), min_size=6, max_size=6), st.integers(2, 4))
def test_no_attacker_narrows_a_hidden_cell_to_one_value(numbers, minimum):
    inner = np.array(numbers).reshape(2, 3)
    safe = suppress(with_margins(inner), counts="n", totals="total", minimum=minimum)
    seen = possible_counts(safe, minimum, top=14)
    assert all(len(values) > 1 for values in seen.values())
    truth = with_margins(inner).set_index(["area", "quintile"])["n"]
    assert all(truth[key] in values for key, values in seen.items())


@settings(max_examples=15, deadline=None, derandomize=True)
@given(st.integers(0, 10_000), st.integers(2, 6), st.integers(2, 6))
def test_larger_tables_withstand_the_linear_programme(seed, rows, columns):
    inner = np.random.default_rng(seed).negative_binomial(1, 0.03, (rows, columns))
    table = with_margins(inner)
    safe = suppress(table, counts="n", totals="total")
    found = safe.attack()
    assert (found["highest"] - found["lowest"] >= 1 - 1e-6).all()
    truth = table.merge(found, on=["area", "quintile"])
    assert (truth["n"] >= truth["lowest"] - 1e-6).all() and (truth["n"] <= truth["highest"] + 1e-6).all()
    assert (table["n"][safe.table["suppressed"] != "small"] >= 10).all()


@pytest.mark.parametrize("seed", range(8))
def test_hidden_amounts_are_not_determined_by_the_sums_either(seed):
    """Weighted persons or money in the same cells: no hidden cell follows from the shown ones by algebra."""
    inner = np.random.default_rng(seed).negative_binomial(1, 0.03, (4, 5))
    safe = suppress(with_margins(inner), counts="n", totals="total").table
    sums = []
    for key, other in (("area", "quintile"), ("quintile", "area")):
        for label in safe[key].unique():
            line = (safe[key] == label).to_numpy()
            sums.append(np.where(line, np.where(safe[other] == "total", -1.0, 1.0), 0.0))
    hidden = (safe["suppressed"] != "").to_numpy()
    matrix = np.array(sums)[:, hidden]
    for column in np.eye(matrix.shape[1]):
        assert np.linalg.matrix_rank(np.vstack([matrix, column])) > np.linalg.matrix_rank(matrix)


def test_three_dimensions():
    rng = np.random.default_rng(5)
    inner = pd.DataFrame(
        [
            (f"a{i}", f"s{j}", f"q{k}", int(rng.negative_binomial(1, 0.03)))
            for i in range(3)
            for j in range(2)
            for k in range(4)
        ],
        columns=["area", "sex", "quintile", "n"],
    )
    parts = [inner]
    for key in ("area", "sex", "quintile"):
        whole = pd.concat(parts)
        others = [one for one in ("area", "sex", "quintile") if one != key]
        parts.append(whole.groupby(others, as_index=False)["n"].sum().assign(**{key: "total"}))
        parts = [pd.concat(parts)]
    table = parts[0].reset_index(drop=True)
    safe = suppress(table, counts="n", totals="total")
    assert len(table) == 4 * 3 * 5 and safe.small > 0 and safe.check.passed


def stacked(counts, crossed=()):
    """Groupings under each other, as in a table of indicators: everyone, by quintile, by area; two measures."""
    rows = [("everyone", "everyone", counts["everyone"])]
    rows += [("quintile", one, n) for one, n in counts["quintile"].items()]
    rows += [("area", one, n) for one, n in counts["area"].items()]
    rows += [("quintile × area", one, n) for one, n in crossed]
    cells = pd.DataFrame(rows, columns=["by", "group", "n"])
    cover = cells.assign(measure="coverage", value=0.3)
    share = cells[cells["by"] != "everyone"].assign(measure="incidence", value=0.2)
    return pd.concat([cover, share], ignore_index=True)


STACKED = {"everyone": 100, "quintile": {"1": 4, "2": 46, "3": 50}, "area": {"rural": 70, "urban": 30}}


def test_groupings_under_each_other_share_the_total():
    table = stacked(STACKED)
    safe = suppress(
        table,
        counts="n",
        keys=["by", "group"],
        totals={"group": "everyone"},
        grouping=("by", "group"),
        measures=["measure"],
    )
    marks = safe.table.set_index(["measure", "group"])["suppressed"]
    # shares that add up to 1 have no row of their total; they are hidden with the coverage of the same cells
    for measure in ("coverage", "incidence"):
        assert marks[measure, "1"] == "small" and marks[measure, "2"] == "complementary"
        assert marks[measure, "3"] == "" and marks[measure, "rural"] == ""
    assert (safe.small, safe.complementary) == (1, 1) and safe.check.passed
    assert "Of 6 cells 1 is hidden" in str(safe)


def test_crossed_groupings_are_tied_to_their_margins():
    crossed = [
        ("1 × rural", 30),
        ("1 × urban", 10),
        ("2 × rural", 26),
        ("2 × urban", 20),
        ("3 × rural", 14),
        ("3 × urban", 3),
    ]
    counts = {"everyone": 103, "quintile": {"1": 40, "2": 46, "3": 17}, "area": {"rural": 70, "urban": 33}}
    call = {"counts": "n", "keys": ["by", "group"], "totals": {"group": "everyone"}, "measures": ["measure"]}
    safe = suppress(stacked(counts, crossed), **call, grouping=("by", "group"))
    hidden = set(safe.hidden()["group"])
    assert "3 × urban" in hidden and safe.complementary >= 3 and safe.check.passed
    assert not hidden & {"everyone", "1", "2", "3", "rural", "urban"}


def test_the_smallest_count_of_a_cell_decides():
    table = pd.DataFrame({"area": ["a", "a", "b", "b"], "what": ["x", "y", "x", "y"], "n": [50, 5, 60, 60]})
    safe = suppress(table, counts="n", keys=["area"], measures=["what"])
    assert safe.table["suppressed"].tolist() == ["small", "small", "", ""]


@pytest.mark.parametrize("grouping", [("by", "measure"), ("by",), ("group", "by")])
def test_bad_grouping(grouping):
    with pytest.raises(ValueError, match="grouping: got"):
        suppress(
            stacked(STACKED),
            counts="n",
            keys=["by", "group"],
            totals={"group": "everyone"},
            grouping=grouping,
            measures=["measure"],
        )


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"counts": "m"}, "counts: there is no column 'm'"),
        ({"minimum": 1}, "minimum: got 1"),
        ({"minimum": 2.5}, "minimum: got 2.5"),
        ({"keys": ["quintile"]}, "rows repeat the same"),
        ({"keys": "area"}, "give a list"),
        ({"keys": ["area", "n"]}, "both"),
        ({"totals": {"sex": "total"}}, "totals: 'sex' is not a key"),
        ({"keys": ["area", "quintile", "share"], "totals": "total"}, "none is the sum of others"),
    ],
)
def test_bad_calls(change, words):
    table = with_margins(np.arange(6).reshape(2, 3) ** 2 * 3 + 1).assign(
        share=lambda one: np.arange(len(one))
    )
    with pytest.raises(ValueError, match=words):
        suppress(table, **{"counts": "n", **change})


@pytest.mark.parametrize("bad", [np.nan, -1, 2.5, "x"])
def test_bad_counts(bad):
    table = pd.DataFrame({"area": ["a", "b"], "n": pd.Series([20, bad], dtype=object)})
    with pytest.raises(ValueError, match=r"counts: column 'n' holds .* whole numbers"):
        suppress(table, counts="n")


def test_a_table_already_treated_is_refused():
    safe = suppress(pd.DataFrame({"area": ["a"], "n": [20]}), counts="n")
    with pytest.raises(ValueError, match="already"):
        suppress(safe.table, counts="n")
