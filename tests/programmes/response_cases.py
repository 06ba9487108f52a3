"""Six households whose shock can be worked out by hand, and exact inputs without ranges."""

from __future__ import annotations

import pandas as pd

from aspfin.data import Quantity
from aspfin.programmes import Benefit, HouseholdData, RegistryAge, load_country, shocks

KHM = load_country("KHM")
LINE = 10_000.0
DAYS = 3 * 365.25 / 12


def exact(name: str, value: float, unit: str = "share") -> Quantity:
    return Quantity(name, value, unit=unit)


def six_households() -> HouseholdData:
    """Each stands for 100; poor before: 1 and 4; pushed below by a loss of 20 %: 2, 3 and 6."""
    frame = pd.DataFrame(
        {
            "household_id": [1, 2, 3, 4, 5, 6],
            "province": "KH02",
            "area": "rural",
            "weight": 100.0,
            "members": [4, 5, 2, 3, 4, 1],
            "consumption": [8_000.0, 11_000, 12_000, 9_000, 30_000, 10_500],
            "card_level": [1, 0, 2, 0, 0, 0],
            "at_risk": [0, 1, 0, 0, 1, 0],
        }
    )
    return HouseholdData(frame, LINE, "KHR", "Six households")


# Half of the households are hit and lose a fifth of their consumption for three months.
SHOCK = shocks.natural("Flood", "flood", "2022-09-01", affected=0.5, loss=0.2, duration_months=3)
RIGHT = RegistryAge(base=0.0, yearly_growth=0.0)
CASH = Benefit(flat=exact("cash", 100_000.0, "KHR"), periods=3)
QUICK = {"first_days": exact("first", 30, "days"), "last_days": exact("last", 125, "days")}
