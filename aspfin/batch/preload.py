"""What the warm parent imports for each kind of report, so that no kernel has to."""

from __future__ import annotations

from collections.abc import Collection
from importlib.util import find_spec

__all__ = ["EVERY_REPORT", "HEAVY", "modules_for"]

EVERY_REPORT = (
    *("numpy", "pandas", "scipy.stats", "scipy.optimize", "scipy.interpolate"),
    *("matplotlib.figure", "matplotlib.backends.backend_agg", "PIL.Image", "PIL.PngImagePlugin"),
)

# What the package imports inside functions: a kind pays for what its reports use.
HEAVY = {
    "costing": ("aspfin.programmes", "aspfin.data.synthetic"),
    "evaluation": (
        *("statsmodels.api", "linearmodels", "pyfixest", "diff_diff"),
        *("aspfin.data.synthetic", "aspfin.evaluation.checks"),
    ),
    "performance": ("aspfin.programmes", "aspfin.data.synthetic"),
    "registry": (
        *("duckdb", "splink", "pandera.pandas", "openpyxl"),
        *("aspfin.data.synthetic", "aspfin.data.lists"),
    ),
}


def modules_for(kinds: Collection[str]) -> tuple[str, ...]:
    """Return what to import before reports of these kinds are made.

    Examples
    --------
    >>> [name for name in modules_for({"financing"}) if name.startswith("aspfin")]
    ['aspfin.reporting.financing', 'aspfin.reporting.financing_view']
    """
    own = [f"aspfin.reporting.{kind}{part}" for kind in sorted(kinds) for part in ("", "_view")]
    heavy = [name for kind in sorted(kinds) for name in HEAVY.get(kind, ())]
    return (*EVERY_REPORT, *heavy, *(name for name in own if find_spec(name)))
