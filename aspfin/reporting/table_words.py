"""What a report's tables hold, in words: description, source and units, from `assets/tables.yaml`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import pandas as pd

__all__ = ["table_words"]

RANGES = ("_low", "_high")


def table_words(kind: str, tables: Mapping[str, pd.DataFrame], **filled: str) -> dict[str, dict[str, Any]]:
    """Return description, source and units of each table of a report.

    Parameters
    ----------
    kind : str
        Report kind, such as `financing`.
    tables : mapping of str to DataFrame
        The report's tables by name.
    **filled : str
        What stands for {currency} and {outcome}; where it is not given, the unit is left out, not guessed.

    Returns
    -------
    dict
        Table → description, source, units (column → unit, only those that are known).

    Examples
    --------
    >>> frame = pd.DataFrame({"return_period": [10.0], "need_usd": [3e7], "need_low_usd": [2e7]})
    >>> told = table_words("financing", {"need_by_return_period": frame})["need_by_return_period"]
    >>> told["description"], told["units"]["need_usd"]
    ('Households affected and need, by size of the shock', 'USD')
    """
    known = _all()[kind]
    found = {}
    for name, frame in tables.items():
        told = known["tables"].get(name, {})
        units = {**known.get("units", {}), **told.get("units", {})}
        found[name] = {
            "description": told.get("about", ""),
            "source": told.get("source", known["source"]),
            "units": _units(map(str, frame.columns), units, filled),
        }
    return found


def _units(columns: Iterable[str], units: Mapping[str, str], filled: Mapping[str, str]) -> dict[str, str]:
    found = {}
    for name in columns:
        middle = name.replace("_low_", "_").replace("_high_", "_")  # need_low_usd is a need_usd
        bare = next((name.removesuffix(end) for end in RANGES if name.endswith(end)), middle)
        unit = units.get(name, units.get(bare, ""))
        for word in ("currency", "outcome"):
            if f"{{{word}}}" in unit:
                unit = unit.replace(f"{{{word}}}", filled.get(word, "")) if filled.get(word) else ""
        if unit:
            found[name] = unit
    return found


@cache
def _all() -> dict[str, Any]:
    import yaml

    path = files("aspfin.reporting").joinpath("assets/tables.yaml")
    return yaml.safe_load(path.read_text(encoding="utf-8"))
