"""What lists show of their own ageing: of older records, how many name a village that is no longer right."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from aspfin.registry.stacking import same_person, stacked
from aspfin.results import InputError, Problem

__all__ = ["moves_by_age"]

DAYS_PER_MONTH = 365.25 / 12
Z = 1.959963984540054


def moves_by_age(
    lists: Any, *, persons: pd.DataFrame | None = None, band_months: int = 12, attribute: str = "village_code"
) -> pd.DataFrame:
    """Return how many older records differ from the newest of the person in another list, by months between.

    The newest record is taken as right; where it is wrong, the share is too high. Records are older by the
    time between the two last days (of registration or update).

    Parameters
    ----------
    lists
        Harmonised lists, as `assess` takes them.
    persons
        Which records are the same person (list_id, record_id, person); None takes the same national number.
    band_months
        Width of the bands of age.
    attribute
        Column compared.

    Returns
    -------
    DataFrame
        from_months, to_months, records, differ, share, ci_low, ci_high (95 %, Wilson), yearly_rate (of the
        band: differing records per year of age; missing where there are none).

    Raises
    ------
    InputError
        The attribute is no column, or the width is not above 0.

    Examples
    --------
    >>> from aspfin.registry.schema import empty_frame
    >>> frame = empty_frame(pd.RangeIndex(2)).assign(list_id=["a", "b"], record_id="1", person_id="9")
    >>> frame["village_code"] = ["KH01010101", "KH02010101"]
    >>> frame["updated_on"] = pd.to_datetime(["2020-01-01", "2021-07-01"]).astype("datetime64[s]")
    >>> moves_by_age(frame)[["from_months", "records", "differ"]].to_numpy().tolist()
    [[12, 1, 1]]
    """
    if band_months <= 0:
        raise InputError(Problem("moves_by_age", "band_months", band_months, "above 0"))
    frame = stacked(lists)
    if attribute not in frame:
        raise InputError(Problem("moves_by_age", "attribute", attribute, ", ".join(frame.columns)))
    person = frame["person_id"] if persons is None else same_person(frame, persons)
    last = frame[["registered_on", "updated_on"]].max(axis=1)
    table = pd.DataFrame(
        {"person": person, "list": frame["list_id"], "last": last, "value": frame[attribute]}
    )
    table = table.dropna().sort_values(["person", "last", "list", "value"])
    newest = table.drop_duplicates("person", keep="last").set_index("person")
    told = table.merge(newest.add_suffix("_newest"), left_on="person", right_index=True)
    told = told[told["list"] != told["list_newest"]]
    months = (told["last_newest"] - told["last"]).dt.days / DAYS_PER_MONTH
    band = (months // band_months).astype(int)
    differs = told["value"] != told["value_newest"]
    grouped = pd.DataFrame({"band": band, "differs": differs, "years": months / 12}).groupby("band")
    counts = grouped.agg(
        records=("differs", "size"), differ=("differs", "sum"), years=("years", "sum")
    ).reset_index()
    n, k = counts["records"].to_numpy(float), counts["differ"].to_numpy(float)
    share = k / n
    middle = (share + Z**2 / (2 * n)) / (1 + Z**2 / n)
    half = Z * np.sqrt(share * (1 - share) / n + Z**2 / (4 * n**2)) / (1 + Z**2 / n)
    years = counts["years"].to_numpy(float)
    return pd.DataFrame(
        {
            "from_months": counts["band"] * band_months,
            "to_months": (counts["band"] + 1) * band_months,
            "records": counts["records"],
            "differ": counts["differ"],
            "share": share,
            "ci_low": np.where(k == 0, 0.0, middle - half),
            "ci_high": np.where(k == n, 1.0, middle + half),
            "yearly_rate": np.divide(k, years, out=np.full(len(k), np.nan), where=years > 0),
        }
    )
