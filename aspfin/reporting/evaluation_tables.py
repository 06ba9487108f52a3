"""Tables of the evaluation report that show a frame as it is, with its columns in words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from aspfin.reporting import evaluation_words as words
from aspfin.reporting import style, tables
from aspfin.reporting.evaluation_charts import scaled

if TYPE_CHECKING:
    from aspfin.reporting.evaluation_parameters import Outcome
    from aspfin.reporting.tables import Html

__all__ = ["balance", "chance", "further", "means", "no_jump", "plain", "weighted", "weights"]


def chance(p: float) -> str | None:
    """Return a p-value as written; None where there is none.

    Examples
    --------
    >>> chance(0.00001), chance(0.0312), chance(float("nan"))
    ('< 0.001', '0.031', None)
    """
    if p != p:
        return None
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


Named = Callable[[str], str]


def plain(frame: pd.DataFrame, name: str, named: Named | None = None) -> pd.DataFrame:
    """Return the frame with the names of columns in one of its columns written as words."""
    if named is not None:
        frame = frame.assign(**{name: [words.capital(named(str(text))) for text in frame[name]]})
    return frame.assign(**{name: [str(text).replace("_", " ") for text in frame[name]]}).reset_index(
        drop=True
    )


def _shown(
    frame: pd.DataFrame,
    names: dict[str, str],
    caption: str,
    notes: Sequence[str] = (),
    named: Named | None = None,
) -> Html:
    first, *rest = names
    return tables.table(
        plain(frame[list(names)], first, named),
        caption=caption,
        headers=names,
        formats={name: chance if name == "p_value" else style.number for name in rest},
        notes=notes,
    )


def balance(frame: pd.DataFrame, named: Named) -> Html:
    """Return means of the two arms before the programme."""
    names = {"variable": "Measured before", "mean_control": "Without", "mean_treated": "With",
             "estimate": "Difference", "normalised_difference": "In standard deviations",
             "p_value": "p-value"}  # fmt: skip
    note = (
        "Differences are taken within strata, where there are any; 0.25 standard deviations is large. "
        "Each p-value stands for a test of its own."
    )
    return _shown(frame, names, "Before the programme: means of the two groups", [note], named)


def no_jump(frame: pd.DataFrame, named: Named) -> Html:
    """Return jumps at the cut-off in what was measured before."""
    names = {"variable": "Measured before", "estimate": "Jump", "ci_low": "Low", "ci_high": "High",
             "p_value": "p-value"}  # fmt: skip
    return _shown(
        frame, names, "What the programme cannot have changed: its jump at the cut-off", named=named
    )


def weighted(frame: pd.DataFrame, named: Named) -> Html:
    """Return means and differences before and after weighting or matching."""
    names = {"control": "Measured before", "treated_mean": "With", "untreated_mean": "Without",
             "difference_before": "Gap before", "difference_after": "Gap after"}  # fmt: skip
    note = "Gaps in standard deviations, before and after weighting or matching."
    return _shown(frame, names, "Treated and untreated", [note], named)


def weights(frame: pd.DataFrame, named: Named) -> Html:
    """Return what a synthetic control is made of."""
    return tables.table(
        frame.assign(unit=frame["unit"].astype(str)),
        caption="What the mix is made of",
        headers={"unit": "Unit", "weight": "Weight"},
        formats={"weight": "percent"},
        notes=["Units with less than 0.05 % are left out."],
    )


def means(frame: pd.DataFrame, named: Named) -> Html:
    """Return the four means of a difference in differences."""
    shown = frame.assign(group=frame["group"].map(words.capital))
    return _shown(shown, {"group": "Group", "mean": "Mean"}, "Means of the four groups")


FURTHER: dict[str, tuple[str, dict[str, str], str]] = {
    "bandwidths": (
        "Effect by bandwidth",
        {"multiple": "Times the chosen one", "bandwidth": "Bandwidth", "estimate": "Effect", "ci_low": "Low",
         "ci_high": "High", "p_value": "p-value", "n_obs": "Rows"},
        "The answer should not hang on how wide a strip around the cut-off is looked at.",
    ),
    "placebo_cutoffs": (
        "Where nothing happens: cut-offs that decide nothing",
        {"cutoff": "Cut-off", "side": "Rows from", "estimate": "Jump", "ci_low": "Low", "ci_high": "High",
         "p_value": "p-value", "n_obs": "Rows"},
        "No jump is expected here; of twenty such tests one would reject by chance.",
    ),
    "honest_bounds": (
        "If trends would not have stayed parallel",
        {"share_of_effect": "Bend of the trend", "ci_low": "Low", "ci_high": "High"},
        "Any straight difference in trends is allowed for, and a bend from one period to the next of so much "
        "of the effect (its average over event times).",
    ),
}  # fmt: skip


def further(name: str, frame: pd.DataFrame, outcome: Outcome) -> Html:
    """Return a further test as a table, or the reason why it could not be computed."""
    caption, names, note = FURTHER[name]
    if "error" in frame:
        return tables.paragraphs(f"{caption}: could not be computed; {frame['error'].iloc[0]}.")
    written: dict[str, Any] = {key: style.number for key in names if key not in ("side", "n_obs")}
    written |= {"p_value": chance, "n_obs": ",.0f", "share_of_effect": "percent"}
    unit = words.unit(outcome)
    return tables.table(
        scaled(frame, outcome)[list(names)],
        caption=caption,
        headers=names,
        units={key: unit for key in ("estimate", "ci_low", "ci_high") if key in names and unit},
        formats={key: one for key, one in written.items() if key in names},
        notes=[note],
    )
