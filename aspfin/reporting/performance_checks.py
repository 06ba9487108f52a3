"""What the performance report checks: sums, the sample, disclosure, and the truth where it is known."""

from __future__ import annotations

import numpy as np
import pandas as pd

from aspfin import indicators
from aspfin.reporting.performance_data import BEFORE, NO_LABEL, Prepared
from aspfin.reporting.performance_disclosure import HIDDEN
from aspfin.reporting.performance_measures import MONEY_MEASURES, QUANTILE, WITHOUT_THEM
from aspfin.reporting.performance_parameters import PerformanceParameters
from aspfin.results import Check

__all__ = ["checks_of", "disclosure_check", "truth_checks"]

LEAST_DF = 20  # fewer degrees of freedom: the standard error itself is rough
MOST_MISSING = 0.05
MOST_LINES = 25  # median welfare in poverty lines; a month taken for a day makes it 30 times as large
LEAST_NINES = 9_999
LEAST_PART = 0.01  # of recipients' welfare
LEAST_HELD = 0.85  # of intervals that move together; 95 % is expected on average


def checks_of(
    design: indicators.SurveyDesign,
    data: Prepared,
    parameters: PerformanceParameters,
    figures: pd.DataFrame,
) -> tuple[Check, ...]:
    """Return the checks of the data and of the figures before anything is hidden."""
    used = design.in_domain.mean()
    df = design.degrees_of_freedom
    single = int((np.asarray(design.units.sizes) == 1).sum())
    left = f"{100 * (1 - used):.2g} % of {data.rows_read:,} rows are left out"
    found = [
        Check(
            "welfare known",
            "Do nearly all rows have welfare?",
            bool(1 - used <= MOST_MISSING + 1e-9),
            text=left,
        ),
        Check(
            "enough villages",
            f"Are there at least {LEAST_DF} degrees of freedom behind the intervals?",
            bool(df >= LEAST_DF),
            float(df),
            text=f"{design.n_psu:,} sampling units in {design.n_strata:,} strata leave {df:,}",
        ),
        Check(
            "two villages in each stratum",
            "Does every stratum have the two sampling units that an error needs?",
            single == 0,
            text=f"{single} strata have one; treated as: {parameters.single_psu}" if single else "all do",
        ),
        *_labels_known(data, int(design.in_domain.sum())),
        *_no_repeats(data, parameters),
        _no_missing_codes(data, parameters),
        _line_fits(design, parameters),
        _amounts_fit(figures, parameters),
        *_sums(figures, parameters.whole),
    ]
    return tuple(found)


def _labels_known(data: Prepared, rows: int) -> list[Check]:
    """Return for each group column with missing labels whether nearly all rows have one."""
    question = "Do nearly all rows have a label?"
    return [
        Check(
            f"{name} known",
            question,
            missing <= MOST_MISSING * rows,
            text=f"{missing:,} of {rows:,} rows have no {name}: a group of its own, “{NO_LABEL}”",
        )
        for name, missing in data.unlabelled.items()
    ]


def _no_repeats(data: Prepared, parameters: PerformanceParameters) -> list[Check]:
    """Return whether rows repeat others; persons of a household may well be alike."""
    if parameters.data.path is None or parameters.household_size is None:
        return []
    rows = "row repeats" if data.identical == 1 else "rows repeat"
    text = (
        f"{data.identical:,} {rows} another one in every column; each counts twice" if data.identical else ""
    )
    return [Check("no row twice", "Is every household there once?", data.identical == 0, text=text)]


def _no_missing_codes(data: Prepared, parameters: PerformanceParameters) -> Check:
    """Return whether welfare or an amount holds nothing but nines far above the rest: a code of "missing"."""
    names = dict.fromkeys([parameters.welfare, *(one.column for one in parameters.programmes)])
    told = []
    for name in names:
        values = pd.to_numeric(data.frame[name]).to_numpy(float, na_value=np.nan)
        above = values[np.isfinite(values) & (values > 0)]
        if not above.size:
            continue
        top = float(above.max())
        nines = top >= LEAST_NINES and set(f"{top:.10g}") == {"9"}
        if nines and top > 20 * float(np.median(above)):
            rows = int((above == top).sum())
            told.append(f"{top:,.0f} in {rows:,} rows of {name}: make it missing if it stands for that")
    question = "Are amounts free of codes that stand for missing?"
    return Check("no missing codes", question, not told, text="; ".join(told))


def _line_fits(design: indicators.SurveyDesign, parameters: PerformanceParameters) -> Check:
    """Return whether welfare and the poverty line are of one size; they are not where a unit is wrong."""
    welfare, line = design.column(BEFORE, missing="drop")[design.in_domain], parameters.line_per_day
    poor, middle = (welfare < line).mean(), float(np.median(welfare))
    if poor in (0, 1) or middle > MOST_LINES * line:
        who = "nobody" if poor == 0 else "everybody" if poor == 1 else f"{100 * poor:.2g} % of rows"
        be = "is" if poor in (0, 1) else "are"
        found = f"{who} {be} poor; half of all rows have more than {middle / line:.3g} times the line"
        text = (
            f"{found}: compare welfare_unit ({parameters.welfare_unit}) and poverty_line.period "
            f"({parameters.poverty_line.period}) with the data"
        )
    else:
        text = f"half of all rows have more than {middle / line:.3g} times the line"
    fits = 0 < poor < 1 and middle <= MOST_LINES * line
    return Check(
        "line fits welfare",
        "Are welfare and the poverty line of one size?",
        bool(fits),
        float(poor),
        text=text,
    )


def _amounts_fit(figures: pd.DataFrame, parameters: PerformanceParameters) -> Check:
    """Return whether transfers are of a size with the welfare of those who receive them."""
    units = {one.words: f"programmes[{i}].unit ({one.unit})" for i, one in enumerate(parameters.programmes)}
    own = figures[(figures["measure"] == "adequacy") & (figures["by"] == "")]
    own = own[own["programme"].isin(list(units))]
    part = own.set_index("programme")["estimate"].astype(float)
    before = part / (1 - part).clip(lower=1e-12)  # of what recipients live on without them
    odd = before[(before < LEAST_PART) | (before > 1)]
    sizes = {name: f"{100 * value:.2g} %" if value <= 1 else "more than all" for name, value in odd.items()}
    told = [f"{name}: {size} of what recipients live on without it" for name, size in sizes.items()]
    where = [units[name] for name in sizes]
    text = "; ".join(told) + f": compare welfare_unit ({parameters.welfare_unit}) and {', '.join(where)}"
    return Check(
        "amounts fit welfare",
        f"Are transfers from {100 * LEAST_PART:.0f} to 100 % of recipients' welfare without them?",
        bool(odd.empty),
        text=text if len(odd) else "all are",
    )


def _sums(figures: pd.DataFrame, whole: str) -> list[Check]:
    """Return whether shares add up, and whether who is covered and who the beneficiaries are agree."""
    own = figures[(figures["by"] == QUANTILE) & (figures["programme"] == whole)]
    wide = own.pivot_table(index="group", columns="measure", values="estimate", sort=False)
    if "benefit_incidence" not in wide:
        question = "Does anybody receive a programme?"
        return [Check("somebody receives", question, False, text="nobody in the data does")]
    gap = max(abs(wide["benefit_incidence"].sum() - 1), abs(wide["beneficiary_incidence"].sum() - 1))
    question = "Do the shares of the welfare groups add up to 1?"
    return [Check("shares add up", question, bool(gap < 1e-9), float(gap), text=f"the gap is {gap:.1g}")]


def truth_checks(figures: pd.DataFrame, errors: pd.DataFrame) -> tuple[Check, ...]:
    """Return whether the intervals hold the true figures, which are known of a made-up population."""
    both = pd.concat([figures, errors], ignore_index=True)
    both = both.dropna(subset=["estimate", "ci_low", "ci_high", "truth"])
    if both.empty:
        return ()
    held = ((both["ci_low"] <= both["truth"]) & (both["truth"] <= both["ci_high"])).mean()
    question = "Do about 95 % of the intervals hold the true figures?"
    text = f"{100 * held:.0f} % of {len(both):,} do"
    return (Check("known truth", question, bool(held >= LEAST_HELD), float(held), text=text),)


def disclosure_check(
    safe: pd.DataFrame, figures: pd.DataFrame, official: pd.DataFrame, minimum: int
) -> Check:
    """Return whether what is shown rests on enough rows, counted before anything was hidden.

    Every figure needs enough rows in its group. What recipients get and what it does needs enough of them in
    the group; and any figure of a programme needs enough recipients in all.
    """
    shown = (safe["estimate"].notna() & (safe[HIDDEN] == "")).to_numpy()
    few = {name: figures[name].between(1, minimum - 1).to_numpy() for name in ("rows", "received")}
    everybody = figures[figures["by"] == ""].groupby("programme")["received"].max()
    rare = list(everybody.index[everybody.between(1, minimum - 1)])
    own = ~figures["measure"].isin(WITHOUT_THEM).to_numpy()
    wrong = few["rows"] | (few["received"] & figures["measure"].isin(MONEY_MEASURES).to_numpy())
    wrong |= own & figures["programme"].isin(rare).to_numpy()
    told = int((wrong & shown).sum())
    told += int((official["programme"].isin(rare) & official["estimate"].notna()).sum())
    hidden = int((safe[HIDDEN] != "").sum())
    text = f"{hidden} figures are hidden" if hidden else "none had to be hidden"
    return Check(
        "disclosure",
        f"Are at least {minimum} rows behind every figure shown, and {minimum} recipients behind what is "
        "told of them?",
        told == 0,
        text=f"{told} figures rest on fewer" if told else text,
    )
