"""The checks an evaluator runs beside an estimate, in one place.

`balance` and `attrition` return a table with its checks; the others a `Check`, or a frame where named so.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from aspfin.evaluation.balance import DiagnosticTable, attrition, balance
from aspfin.evaluation.multiple_testing import holm
from aspfin.evaluation.overlap import overlap
from aspfin.evaluation.rd_checks import bandwidth_sensitivity, density, placebo_cutoffs
from aspfin.evaluation.trends import parallel_trends
from aspfin.results import Check, ImpactEstimate

__all__ = [
    "DiagnosticTable",
    "attrition",
    "balance",
    "bandwidth_sensitivity",
    "density",
    "overlap",
    "parallel_trends",
    "placebo",
    "placebo_cutoffs",
]


def placebo(estimates: ImpactEstimate | Sequence[ImpactEstimate], *, level: float = 0.05) -> Check:
    """Tell whether estimates made where there can be no effect find none.

    A placebo is any estimate of this package on an outcome measured before the programme, a group it did
    not reach, or a date before it began. Several are judged together by Holm's p-values. A placebo that
    passes with a wide interval says little, so the widest effect not ruled out is told.

    Parameters
    ----------
    estimates : ImpactEstimate or sequence
    level : float

    Raises
    ------
    ValueError
        If there are none, or one has no p-value.

    Examples
    --------
    >>> past = ImpactEstimate(method="difference in means", estimand="ITT", outcome="food before",
    ...     treated="cash", estimate=0.5, std_error=1.0, std_error_kind="HC1", n_obs=200)
    >>> print(placebo(past))
    passed: placebo (1 placebo, smallest p = 0.617; effects up to 2.46 on food before are not ruled out)
    """
    family = (estimates,) if isinstance(estimates, ImpactEstimate) else tuple(estimates)
    question = "Is there no effect where there can be none?"
    if not family:
        raise ValueError("estimates: got none; give at least one placebo estimate")
    if not 0 < level < 1:
        raise ValueError(f"level: got {level!r}; allowed: between 0 and 1")
    p = np.array([one.p_value for one in family])
    if np.isnan(p).any():
        name = family[int(np.argmax(np.isnan(p)))].outcome
        raise ValueError(f"estimates: that of {name!r} has no p-value; leave it out")
    adjusted = holm(p)
    ends = [max(abs(end) for end in one.conf_int(1 - level)) for one in family]
    widest = int(np.argmax(ends))
    smallest = float(adjusted.min())
    count = "1 placebo, smallest p" if len(family) == 1 else f"{len(family)} placebos, smallest p by Holm"
    reach = f"effects up to {ends[widest]:.3g} on {family[widest].outcome} are not ruled out"
    text = f"{count} = {smallest:.3f}; {reach}"
    largest = max(abs(one.estimate) for one in family)
    return Check("placebo", question, smallest >= level, float(largest), smallest, text)
