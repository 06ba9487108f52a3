"""Shocks: three families in one form, made by hand or read from a country's record of events.

Examples
--------
>>> from aspfin.programmes import load_country, shocks
>>> flood = shocks.from_event(load_country("KHM"), "flood_2022", loss=0.2)
>>> flood.family, flood.hazard, flood.start.isoformat()
('natural', 'flood', '2022-09-01')
"""

from aspfin.programmes.shock import FAMILIES, LIVING_STANDARDS, Shock
from aspfin.programmes.shock_events import from_event
from aspfin.programmes.shock_families import health, income, natural, price

__all__ = ["FAMILIES", "LIVING_STANDARDS", "Shock", "from_event", "health", "income", "natural", "price"]
