"""Poverty from grouped data: Datt's example, closed forms, and shares that are no Lorenz curve."""

from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, special, stats

from aspfin.indicators import grouped

GOLDEN = yaml.safe_load(
    (Path(__file__).parents[1] / "golden/indicators_grouped.yaml").read_text(encoding="utf-8")
)
METHODS = ("general_quadratic", "beta")
DECILES = np.arange(1, 11) / 10


def datt(method, **changes):
    given = {"mean": GOLDEN["mean"], "poverty_line": GOLDEN["poverty_line"], "method": method, **changes}
    return grouped.poverty_from_shares(GOLDEN["p"], GOLDEN["lorenz"], **given)


@pytest.mark.parametrize("method", METHODS)
def test_rural_india_1983(method):
    found, tolerance = datt(method), GOLDEN["tolerance"]
    assert dict(found.parameters) == pytest.approx(
        GOLDEN[method]["parameters"], abs=tolerance["parameters"], rel=0
    )
    for name, value in GOLDEN[method]["percent"].items():
        assert 100 * getattr(found, name) == pytest.approx(value, abs=tolerance["percent"])
    assert found.n_classes == 12 and all(check.passed for check in found.checks)


def test_general_quadratic_by_datts_formulas():
    found = datt("general_quadratic")
    a, b, c = (value for _, value in found.parameters)
    ratio = GOLDEN["poverty_line"] / GOLDEN["mean"]
    e = -(a + b + c + 1)
    m, n = b**2 - 4 * a, 2 * b * e - 4 * c
    r, k = np.sqrt(n**2 - 4 * m * e**2), b + 2 * ratio
    head = -(n + r * k / np.sqrt(k**2 - m)) / (2 * m)
    lorenz = -0.5 * (b * head + e + np.sqrt(m * head**2 + n * head + e**2))
    gap = head - lorenz / ratio
    s1, s2 = (r - n) / (2 * m), -(r + n) / (2 * m)
    logs = np.log((1 - head / s1) / (1 - head / s2))
    severity = 2 * gap - head - (a * head + b * lorenz - r / 16 * logs) / ratio**2
    assert (found.headcount, found.poverty_gap, found.poverty_severity) == pytest.approx(
        (head, gap, severity), rel=1e-9
    )


def test_beta_by_the_beta_function():
    found = datt("beta")
    theta, gamma, delta = (value for _, value in found.parameters)
    assert found.gini == pytest.approx(2 * theta * special.beta(1 + gamma, 1 + delta), rel=1e-7)
    ratio, head = GOLDEN["mean"] / GOLDEN["poverty_line"], found.headcount
    # Datt's incomplete beta functions of the squared gap.
    parts = [
        factor * special.beta(one, two) * special.betainc(one, two, head)
        for factor, one, two in (
            (gamma**2, 2 * gamma - 1, 2 * delta + 1),
            (-2 * gamma * delta, 2 * gamma, 2 * delta),
            (delta**2, 2 * gamma + 1, 2 * delta - 1),
        )
    ]
    severity = (1 - ratio) * (2 * found.poverty_gap - (1 - ratio) * head) + (theta * ratio) ** 2 * sum(parts)
    assert found.poverty_severity == pytest.approx(severity, rel=1e-5)


@pytest.mark.parametrize("method", METHODS)
def test_against_the_law_the_shares_came_from(method):
    """Lognormal welfare, sd of logs 0.6: poverty known in closed form; ten shares come within a point."""
    sigma = 0.6
    mean, line = np.exp(sigma**2 / 2), 0.7
    lorenz = special.ndtr(special.ndtri(DECILES) - sigma)
    found = grouped.poverty_from_shares(DECILES, lorenz, mean=mean, poverty_line=line, method=method)
    z = np.log(line) / sigma
    head = special.ndtr(z)
    gap = head - mean / line * special.ndtr(z - sigma)
    severity = integrate.quad(lambda y: (1 - y / line) ** 2 * stats.lognorm.pdf(y, sigma), 0, line)[0]
    assert found.headcount == pytest.approx(head, abs=0.01)
    assert found.poverty_gap == pytest.approx(gap, abs=0.005)
    assert found.poverty_severity == pytest.approx(severity, abs=0.005)
    assert found.gini == pytest.approx(2 * special.ndtr(sigma / np.sqrt(2)) - 1, abs=0.005)


@settings(deadline=None, max_examples=12)
@given(sigma=st.floats(0.25, 0.9), relative=st.floats(0.3, 1.5))
def test_measures_are_nested_and_rise_with_the_line(sigma, relative):
    lorenz = special.ndtr(special.ndtri(DECILES) - sigma)
    for method in METHODS:
        try:
            low, high = (
                grouped.poverty_from_shares(DECILES, lorenz, mean=1.0, poverty_line=line, method=method)
                for line in (relative, relative * 1.1)
            )
        except ValueError as error:
            assert "is not a Lorenz curve" in str(error) or "less than nothing" in str(error)
            continue
        assert 1 >= low.headcount >= low.poverty_gap >= low.poverty_severity >= 0
        assert high.headcount >= low.headcount and high.poverty_gap >= low.poverty_gap


def test_only_the_ratio_of_line_and_mean_matters_and_the_last_pair_may_be_left_out():
    base, scaled = (
        datt("beta"),
        datt("beta", mean=10 * GOLDEN["mean"], poverty_line=10 * GOLDEN["poverty_line"]),
    )
    assert scaled.headcount == pytest.approx(base.headcount, rel=1e-12)
    without = grouped.poverty_from_shares(
        GOLDEN["p"][:-1],
        GOLDEN["lorenz"][:-1],
        mean=GOLDEN["mean"],
        poverty_line=GOLDEN["poverty_line"],
        method="beta",
    )
    assert without.parameters == base.parameters


def test_lines_below_and_above_all_incomes():
    assert datt("general_quadratic", poverty_line=1.0).headcount == 0
    everyone = datt("general_quadratic", poverty_line=1e6)
    assert everyone.headcount == 1
    assert everyone.poverty_gap == pytest.approx(1 - GOLDEN["mean"] / 1e6, rel=1e-9)


def test_decile_shares_in_per_cent_or_shares_up_to_rounding():
    percent = [3, 4.3, 5.4, 6.4, 7.4, 8.6, 10, 12, 15.4, 27.5]
    given = {"mean": 100.0, "poverty_line": 60.0}
    first = grouped.from_decile_shares(percent, **given)
    assert first.headcount == pytest.approx(
        grouped.from_decile_shares(np.divide(percent, 100), **given).headcount
    )
    assert first.headcount == pytest.approx(
        grouped.from_decile_shares(np.multiply(percent, 1.002), **given).headcount
    )
    frame = first.to_frame()
    assert list(frame["measure"]) == ["headcount", "poverty_gap", "poverty_severity", "gini"]
    assert (frame["poverty_line"] == 60).all() and "without standard errors" in str(first)


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: datt("kakwani"), "method: got 'kakwani'; allowed: general_quadratic, beta"),
        (lambda: datt("beta", mean="100"), "mean: got '100'; allowed: a number above 0"),
        (lambda: shares("abcd", [0.1]), "p: got 'abcd'; allowed: a list of numbers"),
        (lambda: datt("beta", mean=0), "mean: got 0; allowed: a number above 0"),
        (lambda: datt("beta", poverty_line=-1.0), "poverty_line: got -1.0"),
        (lambda: datt("beta", poverty_line=float("nan")), "poverty_line: got nan"),
        (lambda: grouped.from_decile_shares([0.1] * 9, mean=1, poverty_line=1), "shares: got a sum of 0.9"),
        (lambda: grouped.from_decile_shares([1.0], mean=1, poverty_line=1), "shares: got 1 value"),
        (
            lambda: grouped.from_decile_shares(range(10, 0, -1), mean=1, poverty_line=1),
            "shares: got a sum of 55",
        ),
        (lambda: shares([0.2, 0.4, 0.6, 0.8], [0.1, 0.3, 0.2, 0.7]), "lorenz: got values that do not rise"),
        (lambda: shares([0.2, 0.4, 0.6, 0.8], [0.1, 0.3, 0.35, 0.7]), "richer class with a smaller mean"),
        (lambda: shares([0.2, 0.4, 0.6, 0.8], [0.2, 0.4, 0.6, 0.8]), "lorenz: got a share not below p"),
        (lambda: shares([20, 40, 60, 80], [5, 15, 30, 60]), "p: got 20; allowed: cumulated shares"),
        (lambda: shares([0.2, 0.4, 0.6], [0.1, 0.2, 0.4]), "p: got 3 class"),
        (lambda: shares([0.2, 0.4, 0.6], [0.1, 0.2]), "lorenz: got shape"),
        (lambda: shares([0.2, 0.4, 0.6, np.nan], [0.1, 0.2, 0.4, 0.6]), "p: got nan"),
    ],
)
def test_bad_input(call, told):
    with pytest.raises(ValueError, match=told):
        call()


def shares(p, lorenz):
    return grouped.poverty_from_shares(p, lorenz, mean=1.0, poverty_line=1.0)


def test_a_fit_that_is_no_lorenz_curve_is_refused():
    # Half of the people hold next to nothing, the rest the same each: no smooth curve fits.
    p, lorenz = [0.25, 0.5, 0.6, 0.7, 0.8, 0.9], [1e-4, 2e-4, 0.2, 0.4, 0.6, 0.8]
    with pytest.raises(
        ValueError, match=r"whose fit to these shares is not a Lorenz curve: .*; allowed: the other method"
    ):
        grouped.poverty_from_shares(p, lorenz, mean=1.0, poverty_line=0.5, method="beta")


def test_a_line_where_the_beta_curve_dips_below_zero_is_refused():
    lorenz = special.ndtr(special.ndtri(DECILES) - 0.25)
    with pytest.raises(
        ValueError, match="less than nothing on average; allowed: a line further up the curve"
    ):
        grouped.poverty_from_shares(DECILES, lorenz, mean=1.0, poverty_line=0.05, method="beta")
    assert grouped.poverty_from_shares(DECILES, lorenz, mean=1.0, poverty_line=0.05).headcount == 0
