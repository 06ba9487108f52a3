"""Reading the world: sources, quantities with their status, and plain files."""

from aspfin.data.source import STATUSES, Quantity, Source, Status, unverified

__all__ = ["STATUSES", "Quantity", "Source", "Status", "unverified"]
