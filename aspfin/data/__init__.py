"""Reading the world: sources, quantities with their status, files, surveys, and other people's data.

The modules load when first used: `data.disasters.read_emdat(...)`, `data.world_bank.read_wide(...)`.
"""

from aspfin import load_on_use
from aspfin.data.source import STATUSES, Quantity, Source, Status, unverified

# The modules used by their own names. Adding a data source is one module and its name here.
MODULES = ("disasters", "exchange", "files", "hapi", "inform", "lists", "survey", "synthetic", "world_bank")

__all__ = ["STATUSES", "Quantity", "Source", "Status", "unverified", *MODULES]

load_on_use(__name__, modules=MODULES)
