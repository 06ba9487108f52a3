"""Estimates in results.json: one tidy record each, alike for effects and indicators."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from aspfin.results import ImpactEstimate

if TYPE_CHECKING:
    from aspfin.indicators.indicator import Indicator

__all__ = ["COLUMNS", "estimate_record", "figure_record"]

COLUMNS = (
    *("name", "label", "outcome", "group", "estimate", "std_error", "df", "ci_low", "ci_high", "p_value"),
    *("n_obs", "n_clusters", "unit", "method"),
)


def estimate_record(
    one: ImpactEstimate | Indicator | Mapping[str, Any], *, label: str = "", unit: str = ""
) -> dict[str, Any]:
    """Return one estimate as a record with the entries of `COLUMNS`; a record is returned as it is.

    Parameters
    ----------
    one : ImpactEstimate, Indicator or mapping
    label, unit : str
        The outcome in words and its unit, where the estimate does not know them.

    Raises
    ------
    ValueError
        A mapping lacks an entry of `COLUMNS`, or has another.

    Examples
    --------
    >>> effect = ImpactEstimate(method="difference in means", estimand="ITT", outcome="food", treated="cash",
    ...     estimate=12.0, std_error=4.0, std_error_kind="HC1", n_obs=400)
    >>> found = estimate_record(effect, label="food eaten", unit="score")
    >>> found["name"], found["label"], found["estimate"], round(found["ci_low"], 2), found["unit"]
    ('effect_on_food', 'Effect on food eaten', 12.0, 4.16, 'score')
    """
    if isinstance(one, Mapping):
        if set(one) != set(COLUMNS):
            raise ValueError(f"estimates: got a record with {sorted(one)}; allowed: {sorted(COLUMNS)}")
        return dict(one)
    low, high = one.conf_int()
    shared = {"std_error": one.std_error, "df": one.df, "ci_low": low, "ci_high": high}
    if isinstance(one, ImpactEstimate):
        own = {
            "name": f"effect_on_{one.outcome}",
            "label": f"Effect on {label or one.outcome.replace('_', ' ')}",
            **{"outcome": one.outcome, "group": "", "estimate": one.estimate, "p_value": one.p_value},
            **{"n_obs": one.n_obs, "n_clusters": one.n_clusters, "unit": unit, "method": one.method},
        }
    else:
        own = {
            **{"name": one.code, "label": label or one.name, "outcome": one.code},
            "group": ", ".join(f"{column} {value}" for column, value in one.group.items()),
            **{"estimate": one.value, "p_value": None, "n_obs": one.n, "n_clusters": one.n_psu or None},
            **{"unit": unit or one.unit, "method": one.sample.engine if one.sample else "survey"},
        }
    return {name: {**shared, **own}[name] for name in COLUMNS}


def figure_record(
    row: Mapping[str, Any], *, name: str, label: str, unit: str, n_clusters: int | None
) -> dict[str, Any] | None:
    """Return a row of a table (estimate, std_error, ci_low, ci_high, n, df) as a record; None where hidden.

    Examples
    --------
    >>> row = {"estimate": 0.2, "std_error": 0.05, "ci_low": 0.1, "ci_high": 0.3, "n": 480, "df": 42}
    >>> found = figure_record(row, name="coverage", label="Coverage", unit="share", n_clusters=48)
    >>> found["n_obs"], found["n_clusters"], found["p_value"]
    (480, 48, None)
    """
    if _missing(row.get("estimate")) or _missing(row.get("std_error")):
        return None
    own = {
        **{"name": name, "label": label, "outcome": name, "unit": unit, "n_clusters": n_clusters},
        "n_obs": None if _missing(row.get("n")) else int(row["n"]),
        "group": "" if row.get("group") in (None, "everyone") else str(row["group"]),
        "method": "survey",
    }
    return {key: own.get(key, row.get(key)) for key in COLUMNS}


def _missing(value: Any) -> bool:
    # Also true of pandas' NA, of which nothing can be asked.
    return value is None or type(value).__name__ == "NAType" or math.isnan(value)
