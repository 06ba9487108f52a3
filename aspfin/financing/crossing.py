"""Which instrument is cheapest at which return period: marginal costs and where they cross."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from aspfin.financing.instrument import TIMINGS, Instrument, Timing
from aspfin.financing.valid import one_of, require
from aspfin.financing.waterfall import checked_instruments

__all__ = ["crossing_points", "marginal_cost"]

SAME = 1e-9  # a crossing this close to probability 0 or 1 is at it, and no crossing


def marginal_cost(
    instrument: Instrument, exceedance: ArrayLike, *, timing: Timing = "world_bank"
) -> np.ndarray:
    """Return the annual cost per unit of cover of a thin layer that is needed with a given probability.

    holding + drawing·S, with S = P(need > the layer's level). For insurance with a premium, the rate on line.

    Parameters
    ----------
    instrument : an instrument
    exceedance : float or array
        S, annual, 0 to 1.
    timing : "world_bank" or "consistent"

    Raises
    ------
    ValueError
        If a probability lies outside 0 to 1.

    References
    ----------
    Clarke and Mahul (2011), World Bank Policy Research Working Paper 5693.

    Examples
    --------
    >>> from aspfin.financing import ContingentCredit
    >>> marginal_cost(ContingentCredit(limit=1), [0.01, 0.1]).round(4)
    array([0.0111, 0.0663])
    """
    one_of("timing", timing, TIMINGS)
    probability = np.asarray(exceedance, dtype=float)
    fits = ((probability >= 0) & (probability <= 1)).all()
    require(bool(fits), "exceedance", exceedance, "annual probabilities from 0 to 1")
    unit = instrument.unit_costs(timing)
    return unit.holding + unit.drawing * probability


def crossing_points(instruments: Sequence[Instrument], *, timing: Timing = "world_bank") -> pd.DataFrame:
    """Return, for each pair of instruments, the probability at which their marginal costs are equal.

    Parameters
    ----------
    instruments : sequence of instruments
        Names must differ.
    timing : "world_bank" or "consistent"

    Returns
    -------
    DataFrame
        first, second, exceedance_probability (S*, annual), return_period (1/S*, years), cheaper_if_frequent
        (below that return period), cheaper_if_rare (above it). Where the costs never cross for S between 0
        and 1, both numbers are missing and one instrument is always the cheaper; at equal costs the first is
        named.

    Raises
    ------
    ValueError
        If names repeat.

    References
    ----------
    Ghesquiere and Mahul (2010); Clarke and Mahul (2011), World Bank Policy Research Working Paper 5693.

    Examples
    --------
    >>> from aspfin.financing import BudgetReallocation, ContingentCredit
    >>> table = crossing_points([ContingentCredit(limit=1), BudgetReallocation(limit=1)])
    >>> table.loc[0, "cheaper_if_frequent"], float(table.loc[0, "return_period"].round(3))
    ('contingent credit', 72.258)
    """
    one_of("timing", timing, TIMINGS)
    rows = []
    for first, second in combinations(checked_instruments(instruments), 2):
        a, b = first.unit_costs(timing), second.unit_costs(timing)
        slopes = a.drawing - b.drawing
        root = (b.holding - a.holding) / slopes if slopes else np.nan
        crosses = SAME < root < 1 - SAME
        if not crosses:
            root = np.nan
        # cheaper just below and just above the crossing; anywhere in between if there is none
        probes = (min((1 + root) / 2, 1.0), root / 2) if crosses else (0.5, 0.5)
        names = [
            first.name if a.holding + a.drawing * s <= b.holding + b.drawing * s else second.name
            for s in probes
        ]
        rows.append((first.name, second.name, root, 1 / root, *names))
    columns = ["first", "second", "exceedance_probability", "return_period"]
    return pd.DataFrame(rows, columns=[*columns, "cheaper_if_frequent", "cheaper_if_rare"])
