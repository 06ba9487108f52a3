"""The table equals the single calls, for every measure, group and programme."""

from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from aspfin import indicators
from aspfin.indicators import SurveyDesign, aspire_table
from aspfin.indicators.aspire_codes import parse_code

GOLDEN = Path(__file__).parents[1] / "golden"
LINE = 30.0
# Sums are added in another order, so the last digits differ.
SAME = {"rel": 1e-12, "abs": 1e-13}


def survey(n=900, *, seed=0, ties=False, programmes=3):
    """Households in two strata of villages, with programmes of different reach and some people without a label."""
    rng = np.random.default_rng(seed)
    village = rng.integers(0, 24, n)
    food = rng.lognormal(3.6, 0.6, n)
    food = np.ceil(food / 4) * 4 if ties else food
    df = pd.DataFrame({"village": village, "stratum": village % 2, "w": rng.uniform(0.5, 3, n), "food": food})
    for i in range(programmes):
        reach = rng.random(n) < 0.15 + 0.2 * i
        df[f"t{i}"] = np.where(reach, rng.uniform(0.05, 0.3, n) * food, 0.0)
        df["food"] += 0.0
    df["area"] = np.where(village % 3 == 0, "urban", "rural")
    df["head"] = np.where(rng.random(n) < 0.1, None, np.where(rng.random(n) < 0.3, "woman", "man"))
    df["region"] = rng.integers(1, 6, n)
    return df


def design_of(df):
    return SurveyDesign(df, weights="w", strata="stratum", psu="village")


def single(design, indicator, column, by, line=LINE):
    """The same figures, one call each."""
    both = {"welfare": "food", "transfer": column}
    calls = {
        "cov": lambda: indicators.coverage(design, receives=column, by=by),
        "bry": lambda: indicators.beneficiary_incidence(design, receives=column, by=by),
        "ben": lambda: indicators.benefit_incidence(design, transfer=column, by=by),
        "adq": lambda: indicators.adequacy(design, **both, by=by),
        "avt": lambda: indicators.average_transfer(design, transfer=column, by=by),
        "p0": lambda: indicators.poverty_reduction(design, **both, poverty_line=line, by=by),
        "p1": lambda: indicators.poverty_reduction(design, **both, poverty_line=line, index=1, by=by),
        "gini": lambda: indicators.gini_reduction(design, **both, by=by),
        "cba": lambda: indicators.benefit_cost_ratio(design, **both, poverty_line=line, by=by),
    }
    found = calls[indicator]()
    return [found] if by is None else list(found)


def assert_same(rows, expected, labels):
    assert rows["group"].tolist() == [labels(one) for one in expected]
    for row, one in zip(rows.itertuples(), expected, strict=True):
        assert row.estimate == pytest.approx(one.value, nan_ok=True, **SAME)
        assert row.std_error == pytest.approx(one.std_error, nan_ok=True, **SAME)
        assert (row.ci_low, row.ci_high) == pytest.approx(one.conf_int(), nan_ok=True, rel=1e-9, abs=1e-11)


@pytest.mark.parametrize(("ties", "seed"), [(False, 1), (True, 2)])
def test_equals_the_single_calls(ties, seed):
    df = survey(ties=ties, seed=seed)
    design = design_of(df)
    table = aspire_table(
        *(design,),
        **{
            "welfare": "food",
            "transfer": {f"programme {i}": f"t{i}" for i in range(3)},
            "poverty_line": LINE,
        },
        by=["quintile", "area", "head", "region", ("area", "head")],
    )
    quintile = {"quintile": indicators.quantile_groups(design, "food")}
    kinds = {"everyone": None, "quintile": quintile, "area": "area", "head": "head", "region": "region"}
    for i, indicator, (by, groups) in product(
        range(3), ("cov", "bry", "ben", "adq", "avt", "p0", "p1", "gini", "cba"), kinds.items()
    ):
        if by == "everyone" and indicator in ("bry", "ben"):
            continue
        rows = table.rows(programme=f"programme {i}", indicator=indicator, by=by)
        expected = single(design, indicator, f"t{i}", groups)
        assert_same(rows, expected, lambda one: " × ".join(map(str, one.group.values())) or "everyone")
        if indicator not in ("bry", "ben"):
            assert rows["n"].tolist() == [one.n for one in expected]
            assert rows["n_psu"].tolist() == [one.n_psu for one in expected]
    for indicator in ("cov", "adq", "avt", "p0", "p1", "gini", "cba"):
        rows = table.rows(programme="programme 1", indicator=indicator, by="area × head")
        assert_same(
            rows,
            single(design, indicator, "t1", ["area", "head"]),
            lambda one: " × ".join(one.group.values()),
        )
    assert table.notes == (
        f"{df['head'].isna().sum()} rows without a label of head are in none of its groups",
    )


def test_incidence_of_a_crossing_is_within_the_other_columns():
    design = design_of(survey(seed=3))
    table = aspire_table(design, welfare="food", transfer="t1", poverty_line=LINE, by=[("quintile", "area")])
    groups = {"quintile": indicators.quantile_groups(design, "food")}
    for indicator, area in product(("bry", "ben"), ("rural", "urban")):
        rows = table.rows(indicator=indicator)
        rows = rows[rows["group"].str.endswith(area)]
        part = design.domain((design.frame["area"] == area).to_numpy())
        assert_same(
            rows,
            single(part, indicator, "t1", groups),
            lambda one, area=area: f"{one.group['quintile']} × {area}",
        )
        assert rows["estimate"].sum() == pytest.approx(1, rel=1e-12)
    assert "per_allsp.ben_q1_urb" in set(table.to_frame()["code"])


def test_before_the_transfer():
    df = survey(seed=4)
    table = aspire_table(
        design_of(df), welfare="food", transfer="t2", poverty_line=LINE, by=["quintile"], pre_transfer=True
    )
    design = design_of(df.assign(before=df["food"] - df["t2"]))
    groups = {"quintile": indicators.quantile_groups(design, "before")}
    for indicator in ("cov", "ben", "gini"):
        rows = table.rows(indicator=indicator, by="quintile before the transfer")
        assert_same(rows, single(design, indicator, "t2", groups), lambda one: str(one.group["quintile"]))
    codes = set(table.to_frame()["code"])
    assert {"per_allsp.cov_q1_tot", "per_allsp.cov_q1_preT_tot", "per_allsp.ben_q5_preT_tot"} <= codes


def test_in_a_domain():
    df = survey(seed=5)
    design = design_of(df).domain((df["region"] != 3).to_numpy())
    table = aspire_table(design, welfare="food", transfer="t1", poverty_line=LINE, by=["quintile", "area"])
    groups = {"quintile": indicators.quantile_groups(design, "food")}
    for indicator, (by, labels) in product(
        ("cov", "bry", "p1", "gini"), (("quintile", groups), ("area", "area"))
    ):
        rows = table.rows(indicator=indicator, by=by)
        assert_same(
            rows,
            single(design, indicator, "t1", labels),
            lambda one: " × ".join(map(str, one.group.values())),
        )


def test_a_line_by_row_and_the_poor():
    df = survey(seed=6)
    df["line"] = np.where(df["area"] == "urban", 35.0, 25.0)
    df["below"] = np.where(df["food"] < df["line"], "poor", "some other")
    design = design_of(df)
    table = aspire_table(design, welfare="food", transfer="t1", poverty_line="line", by=["area", "poor"])
    for indicator in ("p0", "p1", "cba"):
        rows = table.rows(indicator=indicator, by="area")
        assert_same(rows, single(design, indicator, "t1", "area", "line"), lambda one: one.group["area"])
        assert set(rows["poverty_line"]) == {"line"}
    poor = table.rows(indicator="cov", by="poor")
    assert poor["estimate"].tolist() == pytest.approx(
        [one.value for one in single(design, "cov", "t1", "below")]
    )
    assert poor["code"].tolist() == ["per_allsp.cov_ep_tot", ""]
    assert table.rows(indicator="cov", by="area")["poverty_line"].isna().all()


def test_the_synthetic_survey():
    df = pd.read_csv(GOLDEN / "indicators_survey.csv")
    golden = yaml.safe_load((GOLDEN / "indicators_survey.yaml").read_text())
    df["transfer"] = df["transfer_month"] / df["hhsize"] / (365 / 12)
    design = SurveyDesign(df, weights="popw", strata="stratum", psu="psu")
    table = aspire_table(
        *(design,),
        **{"welfare": "post_pc_day", "transfer": "transfer", "poverty_line": golden["poverty_line"]},
        by=["quintile", "urban"],
    ).to_frame()
    found = table[table["code"] != ""].set_index("code")
    codes = {
        "coverage": "per_allsp.cov_pop_tot",
        "coverage_q1": "per_allsp.cov_q1_tot",
        "beneficiary_incidence_q1": "per_allsp.bry_q1_tot",
        **{f"benefit_incidence_q{k}": f"per_allsp.ben_q{k}_tot" for k in range(1, 6)},
        "adequacy_all": "per_allsp.adq_pop_tot",
        "avg_transfer_pc_day": "per_allsp.avt_pop_tot",
    }
    for name, code in codes.items():
        value, std_error = golden["values"][name]
        assert found.loc[code, "estimate"] == pytest.approx(value, rel=golden["tolerance"]["value"])
        assert found.loc[code, "std_error"] == pytest.approx(std_error, rel=golden["tolerance"]["value"])
    after, before = (golden["gini_midpoint"][name][0] for name in ("post_pc_day", "pre_pc_day"))
    assert found.loc["per_allsp_gini_tot", "estimate"] == pytest.approx(1 - after / before, abs=2e-8)
    assert {"per_allsp.cov_pop_urb", "per_allsp_p0_ep_rur", "per_allsp.cba_pop_urb"} <= set(found.index)
    assert table["df"].unique().tolist() == [42]


@pytest.mark.parametrize("seed", [0, 1])
def test_identities(seed):
    table = aspire_table(
        design_of(survey(seed=seed)), welfare="food", transfer={"sa_ct": "t0", "x": "t1"}, poverty_line=LINE
    )
    weights = design_of(survey(seed=seed)).weights
    for programme in ("sa_ct", "x"):
        rows = {
            one: table.rows(programme=programme, indicator=one, by="quintile")["estimate"].to_numpy()
            for one in ("cov", "bry", "ben")
        }
        assert rows["ben"].sum() == pytest.approx(1) and rows["bry"].sum() == pytest.approx(1)
        groups = indicators.quantile_groups(design_of(survey(seed=seed)), "food")
        share = np.bincount(groups.cat.codes, weights) / weights.sum()
        everyone = table.rows(programme=programme, indicator="cov", by="everyone")["estimate"].item()
        np.testing.assert_allclose(rows["bry"], rows["cov"] * share / everyone)


@settings(deadline=None, max_examples=15)
@given(seed=st.integers(0, 10_000), ties=st.booleans())
def test_invariance_to_row_order_weight_scale_and_split_rows(seed, ties):
    df = survey(200, seed=seed, ties=ties)
    df["village"] = np.arange(200) % 24
    df["stratum"] = df["village"] % 2

    def estimates(frame):
        table = aspire_table(design_of(frame), welfare="food", transfer="t1", poverty_line=LINE).to_frame()
        return table[["estimate", "std_error"]].to_numpy()

    first = estimates(df)
    halves = pd.concat([df.assign(w=df["w"] / 2)] * 2).sort_index(ignore_index=True)
    for other in (df.sample(frac=1, random_state=seed), df.assign(w=df["w"] * 1e-5), halves):
        np.testing.assert_allclose(estimates(other), first, rtol=1e-9, atol=1e-12)


def test_programmes_and_their_totals():
    df = survey(seed=7)
    design = design_of(df.assign(cash=df["t0"] + df["t1"], all=df["t0"] + df["t1"] + df["t2"]))
    given_ = {"welfare": "food", "poverty_line": LINE, "by": ["area"]}
    table = aspire_table(
        *(design,), **given_, transfer={"a": "t0", "b": "t1", "c": "t2"},
        programmes={"a": "sa_ct", "b": "sa_ct", "c": "si_cp"},
    )  # fmt: skip
    totals = {"total: unconditional cash transfers": "cash", "total: all social protection and labour": "all"}
    for name, column in totals.items():
        expected = aspire_table(design, **given_, transfer=column).to_frame()
        columns = ["estimate", "std_error", "n_beneficiaries"]
        np.testing.assert_allclose(table.rows(programme=name)[columns], expected[columns], rtol=1e-12)
    found = table.to_frame()
    official = found[found["code"] != ""]
    assert official["code"].is_unique
    assert set(official["programme"]) == {"c", *totals, "total: all social assistance"}
    assert all(
        parse_code(code).category == category
        for code, category in zip(official["code"], official["category"], strict=True)
    )


def test_nobody_receives():
    df = survey(seed=8).assign(t0=0.0)
    table = aspire_table(design_of(df), welfare="food", transfer="t0", poverty_line=LINE)
    found = table.rows(by="quintile").groupby("indicator")["estimate"]
    assert (found.max().loc[["cov", "p0", "gini"]].fillna(0) == 0).all()
    assert found.max().loc[["adq", "avt", "bry", "ben", "cba"]].isna().all()
    assert table.sentence().startswith("Share of people covered")


def test_city_apart_from_urban_has_no_urban_code():
    df = survey(seed=9)
    df.loc[df["village"] < 4, "area"] = "phnom_penh"
    codes = aspire_table(design_of(df), welfare="food", transfer="t1", poverty_line=LINE, by=["area"]).rows(
        indicator="cov", by="area"
    )
    assert codes["code"].tolist() == ["", "per_allsp.cov_pop_rur", ""]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"by": ["aria"]}, "by: there is no column 'aria'; did you mean 'area'"),
        ({"by": [()]}, "by: got .*; allowed: a column"),
        ({"by": ["area"], "pre_transfer": True}, "pre_transfer: needs 'quintile'"),
        ({"poverty_line": 0}, "poverty_line: got 0"),
        ({"transfer": {}}, "transfer: the mapping is empty"),
        ({"transfer": "t9"}, "transfer: there is no column 't9'"),
        ({"transfer": "negative"}, "transfer: column 'negative' is negative in 900 rows"),
        ({"transfer": "large"}, "transfer: 'large' is above welfare in 900 rows"),
        ({"programmes": {"t9": "sa_ct"}, "transfer": {"t1": "t1"}}, "programmes: got 't9'; allowed: 't1'"),
        (
            {"programmes": {"t1": "cash"}, "transfer": {"t1": "t1"}},
            "programmes: 't1' has category 'cash'; allowed: allsp",
        ),
    ],
)
def test_bad_input_in_one_line(wrong, message):
    df = survey().assign(negative=-1.0)
    df["large"] = df["food"] * 30
    with pytest.raises(ValueError, match=message) as told:
        aspire_table(design_of(df), **{"welfare": "food", "transfer": "t1", "poverty_line": LINE, **wrong})
    assert "\n" not in str(told.value)


def test_replicates_are_sent_to_the_single_calls():
    with pytest.raises(ValueError, match="design: has replicate weights"):
        aspire_table(
            design_of(survey()).with_replicates("jackknife"), welfare="food", transfer="t1", poverty_line=LINE
        )


def test_transfers_above_welfare_when_allowed():
    df = survey(seed=10)
    df.loc[:2, "t1"] = df.loc[:2, "food"] * 1.5
    given_ = {"welfare": "food", "poverty_line": LINE, "allow_negative_pre_transfer": True}
    table = aspire_table(design_of(df), **given_, transfer="t1", by=["area"])
    assert table.notes == ("t1: welfare before the transfer is negative in 3 rows, used as it stands",)
    expected = indicators.poverty_reduction(design_of(df), **given_, transfer="t1", index=1)
    assert table.rows(indicator="p1", by="everyone")["estimate"].item() == pytest.approx(expected.value)
