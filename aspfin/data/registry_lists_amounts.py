"""Amounts on the made-up lists, in each list's unit, and the wrong ones among them."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from aspfin.data.registry_lists_errors import Errors

__all__ = ["amounts", "cash_amount"]

# Riel per household and month from January to March 2024, and per vulnerable member by area and level of the
# card: the rules of the country pack's covid_cash_transfer, with which a test compares them.
HOUSEHOLD = {"rural": 80_000, "urban": 120_000}
VULNERABLE = {("rural", 1): 24_000, ("rural", 2): 16_000, ("urban", 1): 40_000, ("urban", 2): 28_000}
SCHOLARSHIP = (240.0, 360.0)  # thousand riel a year (2015): grades 1 to 9, grades 10 to 12
CARE = (9.0, 1.0)  # US dollars of care a year: median, standard deviation of the logarithm (assumed)


def cash_amount(households: pd.DataFrame) -> NDArray[np.float64]:
    """Return each household's amount in a month of early 2024, in riel; without a card, as at level 2."""
    rural = (households.area == "rural").to_numpy()
    first = (households.card_level == 1).to_numpy()
    vulnerable = households[["child_0_5", "disability", "age_60_plus", "hiv"]].sum(axis=1).to_numpy()
    base = np.where(rural, HOUSEHOLD["rural"], HOUSEHOLD["urban"])
    town = np.where(first, VULNERABLE["urban", 1], VULNERABLE["urban", 2])
    country = np.where(first, VULNERABLE["rural", 1], VULNERABLE["rural", 2])
    return (base + vulnerable * np.where(rural, country, town)).astype(float)


def amounts(
    list_id: str, people: pd.DataFrame, households: pd.DataFrame, errors: Errors
) -> NDArray[np.float64]:
    """Return the amount of each record in the list's unit; the wrong ones are noted.

    A wrong amount has one zero too many or too few, is that of two months, or of one vulnerable member more.
    """
    if list_id == "scholarship":
        return np.where(people.upper, SCHOLARSHIP[1], SCHOLARSHIP[0])
    if list_id == "health_equity_fund":
        draw = errors.draw("amount").normal(np.log(CARE[0]), CARE[1], len(people))
        return np.round(np.exp(draw), 2)
    right = cash_amount(households)[people.household.to_numpy()]
    rows = errors.rows("amount_wrong", len(people))
    way = errors.draw("amount_wrong way").integers(0, 4, rows.size)
    right[rows] = np.choose(way, [right[rows] * 10, right[rows] / 10, right[rows] * 2, right[rows] + 16_000])
    errors.note("amount", "amount_wrong", rows)
    return right
