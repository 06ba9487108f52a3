"""Reading the world: sources, quantities with their status, files, surveys, and other people's data.

The modules load when first used: `data.disasters.read_emdat(...)`, `data.world_bank.read_wide(...)`.
"""

from importlib import import_module
from typing import Any

from aspfin.data.source import STATUSES, Quantity, Source, Status, unverified

# The modules used by their own names. Adding a data source is one module and its name here.
MODULES = ("disasters", "exchange", "files", "hapi", "inform", "lists", "survey", "synthetic", "world_bank")

__all__ = ["STATUSES", "Quantity", "Source", "Status", "unverified", *MODULES]


def __getattr__(name: str) -> Any:
    if name in MODULES:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *MODULES})
