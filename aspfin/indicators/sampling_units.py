"""Primary sampling units in strata, and the variance of what is added up over them.

A row belongs to a primary sampling unit (PSU), a PSU to a stratum. Everything design-based needs only
weighted totals per PSU; their deviations from the stratum's mean, scaled, give every variance and
covariance as a sum of products.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from aspfin.indicators.columns import codes_of, find, numbers

__all__ = ["SINGLE_PSU", "SamplingUnits", "sampling_units"]

SINGLE_PSU = ("error", "center", "certainty")


@dataclass(frozen=True, eq=False)
class SamplingUnits:
    """The PSUs of a sample, sorted by stratum.

    Attributes
    ----------
    codes : ndarray of int, shape (n,)
        PSU of each row, 0 … n_psu − 1.
    stratum : ndarray of int, shape (n_psu,)
        Stratum of each PSU, ascending.
    sizes : ndarray of int, shape (n_strata,)
        PSUs in each stratum.
    fraction : ndarray of float, shape (n_strata,)
        Share f_h of the stratum's PSUs that was drawn; 0 without finite population correction.
    single_psu : str
        What a stratum with one PSU adds: "center" (its squared distance from the mean of all PSU totals) or
        "certainty" (nothing).
    """

    codes: np.ndarray
    stratum: np.ndarray
    sizes: np.ndarray
    fraction: np.ndarray
    single_psu: str

    @property
    def n_psu(self) -> int:
        """Number of PSUs."""
        return self.stratum.size

    def totals(self, values: np.ndarray, rows: np.ndarray | None = None) -> np.ndarray:
        """Return sums of `values` by PSU, shape (n_psu,) or (n_psu, k) as `values` is (n,) or (n, k).

        `rows` are the positions that `values` stand for; None for all rows.
        """
        codes = self.codes if rows is None else self.codes[rows]
        if values.ndim == 1:
            return np.bincount(codes, weights=values, minlength=self.n_psu)
        columns = [np.bincount(codes, weights=column, minlength=self.n_psu) for column in values.T]
        return np.column_stack(columns) if columns else np.empty((self.n_psu, 0))

    def deviations(self, totals: np.ndarray) -> np.ndarray:
        """Return deviations d such that dᵀd is the covariance matrix of the sums of `totals` over PSUs.

        d = √(n_h/(n_h − 1)·(1 − f_h))·(total − mean of the stratum's totals): sampling with replacement
        within strata, or without where f_h is given.
        """
        starts = np.r_[0, np.cumsum(self.sizes)[:-1]]
        shape = (-1,) + (1,) * (totals.ndim - 1)
        means = np.add.reduceat(totals, starts, axis=0) / self.sizes.reshape(shape)
        single = self.sizes == 1
        scale = np.sqrt(
            np.where(single, 1.0, self.sizes / np.maximum(self.sizes - 1, 1)) * (1 - self.fraction)
        )
        if single.any() and self.single_psu == "center":
            means[single] = totals.mean(axis=0)
        return (totals - means[self.stratum]) * scale[self.stratum].reshape(shape)


def sampling_units(
    df: pd.DataFrame,
    *,
    strata: Hashable | None,
    psu: Hashable | None,
    fpc: Hashable | None,
    single_psu: str,
) -> tuple[SamplingUnits, int]:
    """Read strata and PSUs of a frame; return them with the number of strata.

    PSU codes need be unique only within their stratum. Without `psu` every row is its own PSU.

    Raises
    ------
    ValueError
        For missing strata or PSUs, a stratum with one PSU under "error", or a wrong population count.
    """
    if single_psu not in SINGLE_PSU:
        raise ValueError(f"single_psu: got {single_psu!r}; allowed: 'error', 'center' or 'certainty'")
    stratum, names = _labelled(df, strata, "strata")
    inner = np.arange(len(df)) if psu is None else _labelled(df, psu, "psu")[0]
    width = int(inner.max()) + 1
    found = pd.unique(stratum * width + inner)
    found.sort()
    codes = np.searchsorted(found, stratum * width + inner)
    of_psu = found // width
    sizes = np.bincount(of_psu, minlength=len(names))
    present = sizes > 0  # categories without rows are no strata
    of_psu = (np.cumsum(present) - 1)[of_psu]
    names = [name for name, here in zip(names, present, strict=True) if here]
    sizes = sizes[present]
    fraction = np.zeros(sizes.size)
    if fpc is not None:
        fraction = _fractions(df, fpc, of_psu[codes], sizes, names)
    alone = (sizes == 1) & (fraction < 1)  # the only PSU of its stratum in the population adds nothing
    if single_psu == "error" and alone.any():
        _refuse_single([name for name, one in zip(names, alone, strict=True) if one], strata)
    units = SamplingUnits(codes, of_psu, sizes, fraction, single_psu)
    return units, sizes.size


def _labelled(df: pd.DataFrame, name: Hashable | None, role: str) -> tuple[np.ndarray, list]:
    if name is None:
        return np.zeros(len(df), dtype=np.intp), ["all"]
    codes, levels = codes_of(find(df, name, role))
    missing = int((codes < 0).sum())
    if missing:
        raise ValueError(
            f"{role}: column {name!r} is missing in {missing:,} of {len(df):,} rows; every row needs one"
        )
    return codes, levels


def _refuse_single(alone: list, strata: Hashable | None) -> None:
    where = "the sample" if strata is None else "stratum " + ", ".join(repr(one) for one in alone[:5])
    more = f" and {len(alone) - 5} more" if len(alone) > 5 else ""
    raise ValueError(
        f"strata: {where}{more} has one primary sampling unit, so its variance cannot be told; merge it "
        "with a similar stratum, or choose single_psu='center' (distance from the mean of all units) or "
        "single_psu='certainty' (it was not drawn by chance and adds nothing)"
    )


def _fractions(
    df: pd.DataFrame, fpc: Hashable, strata: np.ndarray, sizes: np.ndarray, names: list
) -> np.ndarray:
    counts = numbers(find(df, fpc, "fpc"), fpc, "fpc")
    if np.isnan(counts).any():
        missing = int(np.isnan(counts).sum())
        raise ValueError(
            f"fpc: column {fpc!r} is missing in {missing:,} rows; every row needs its stratum's count"
        )
    low, high = np.full(sizes.size, np.inf), np.full(sizes.size, -np.inf)
    np.minimum.at(low, strata, counts)
    np.maximum.at(high, strata, counts)
    for name, drawn, least, most in zip(names, sizes, low, high, strict=True):
        if least != most:
            raise ValueError(
                f"fpc: column {fpc!r} holds {least:g} and {most:g} in stratum {name!r}; one count each"
            )
        if least < drawn:
            raise ValueError(
                f"fpc: stratum {name!r} has {drawn} primary sampling units in the sample and {least:g} "
                f"in the population (column {fpc!r}); the population cannot be smaller"
            )
    return sizes / low
