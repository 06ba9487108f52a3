"""The balanced panel of a synthetic control: read, checked, and written for the library."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from aspfin.evaluation.columns import column, to_number

__all__ = ["Panel", "read"]


@dataclass(frozen=True, eq=False)
class Panel:
    """A balanced panel: outcome (periods, units), the treated unit first; `extra` holds the predictors
    alike."""

    outcome: np.ndarray
    extra: dict[str, np.ndarray]
    units: list[object]
    times: list[object]
    n_before: int

    def frame(self, treated: int = 0, scale: np.ndarray | None = None) -> pd.DataFrame:
        """Return the long frame for the library, unit `treated` being the treated one."""
        periods, units = self.outcome.shape
        u, t = np.tile(np.arange(units), periods), np.repeat(np.arange(periods), units)
        data = {"u": u, "t": t, "y": self.outcome.ravel(), "d": ((u == treated) & (t >= self.n_before)) * 1}
        data["ever"] = (u == treated) * 1
        scale = np.ones(len(self.extra)) if scale is None else scale
        for i, values in enumerate(self.extra.values()):
            data[f"p{i}"] = values.ravel() * scale[i]
        return pd.DataFrame(data)

    def without(self, unit: int) -> Panel:
        """Return the panel without a unit."""
        keep = np.arange(len(self.units)) != unit
        return Panel(
            self.outcome[:, keep],
            {name: values[:, keep] for name, values in self.extra.items()},
            [one for one, kept in zip(self.units, keep, strict=True) if kept],
            self.times,
            self.n_before,
        )


def read(
    df: pd.DataFrame,
    outcome: Hashable,
    unit: Hashable,
    time: Hashable,
    treated_unit: object,
    treated_from: object,
    predictors: tuple[Hashable, ...],
) -> tuple[Panel, dict[str, int]]:
    """Check the columns and return the panel and the rows left out, by reason.

    Raises
    ------
    ValueError
        In one line naming the column or argument, what was found and the remedy.
    """
    units, times = column(df, unit, "unit"), column(df, time, "time")
    present = (units.notna() & times.notna()).to_numpy()
    keys = pd.DataFrame({"u": units.to_numpy()[present], "t": times.to_numpy()[present]})
    dropped = {f"missing {unit} or {time}": int((~present).sum())} if not present.all() else {}
    if keys.duplicated().any():
        u, t = keys[keys.duplicated()].iloc[0]
        raise ValueError(f"df: {unit!r} {u!r} has several rows in {time!r} {t!r}; keep one")
    names = {outcome: "outcome"} | {name: "predictors" for name in predictors}
    wide = {}
    for name, role in names.items():
        keys["value"] = to_number(column(df, name, role), name, role)[present]
        wide[name] = keys.pivot(index="t", columns="u", values="value").sort_index()  # noqa: PD010 - no aggregation
    table = wide[outcome]
    if treated_unit not in table.columns:
        raise ValueError(
            f"treated_unit: there is no {treated_unit!r} in column {unit!r}; check spelling and type"
        )
    if treated_from not in table.index:
        raise ValueError(
            f"treated_from: there is no {treated_from!r} in column {time!r}; name the first period treated"
        )
    n_before = list(table.index).index(treated_from)
    if n_before < 2:
        raise ValueError(f"treated_from: {n_before} periods before {treated_from!r}; at least 2 are needed")
    gone = [one for one in table.columns if table[one].isna().any()]
    if treated_unit in gone:
        raise ValueError(f"outcome: column {outcome!r} is missing for {treated_unit!r}; fill it")
    if gone:
        dropped[f"{unit} with a missing {outcome}"] = int(table[gone].notna().sum().sum())
    others = [one for one in table.columns if one != treated_unit and one not in gone]
    if len(others) < 2:
        raise ValueError(f"unit: column {unit!r} has {len(others)} complete untreated units; give at least 2")
    order = [treated_unit, *others]
    extra = {}
    for name in predictors:
        values = wide[name].iloc[:n_before][order]
        if values.isna().all().any():
            raise ValueError(f"predictors: column {name!r} is missing for some unit; leave it out")
        mean = values.mean().to_numpy()
        if np.allclose(mean, mean[0]):
            raise ValueError(f"predictors: column {name!r} is the same in all units; leave it out")
        extra[str(name)] = np.tile(mean, (len(table), 1))
    return Panel(table[order].to_numpy(), extra, order, list(table.index), n_before), dropped
