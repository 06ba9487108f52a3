"""How right a linkage is: precision and recall against labelled pairs or a known truth, with intervals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from aspfin.results import ResultMixin

if TYPE_CHECKING:
    from aspfin.registry.linkage import Linkage

__all__ = ["LinkEvaluation", "evaluate", "match_labels", "wilson"]

KEYS = ["list_id_l", "record_id_l", "list_id_r", "record_id_r"]


@dataclass(frozen=True, eq=False, repr=False)
class LinkEvaluation(ResultMixin):
    """Precision and recall of a linkage.

    Attributes
    ----------
    precision, recall, f1 : float
        Of the pairs of records put into one person, the share that are of one person; of the pairs that are,
        the share found; their harmonic mean.
    precision_interval, recall_interval, f1_interval : tuple of float
        95 per cent.
    true_links, false_links, missed_links : int
        Pairs of records.
    against : str
        "labelled pairs" or "known persons".
    n_records : int
        Records in the pairs that were judged.
    by_list : DataFrame
        list_id_l, list_id_r, true_links, false_links, missed_links, precision, recall.
    """

    precision: float
    recall: float
    f1: float
    precision_interval: tuple[float, float]
    recall_interval: tuple[float, float]
    f1_interval: tuple[float, float]
    true_links: int
    false_links: int
    missed_links: int
    against: str
    n_records: int
    by_list: pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        """Return measure, estimate, ci_low, ci_high."""
        rows = [
            (name, getattr(self, name), *getattr(self, f"{name}_interval"))
            for name in ("precision", "recall", "f1")
        ]
        return pd.DataFrame(rows, columns=["measure", "estimate", "ci_low", "ci_high"])

    def sentence(self) -> str:
        """Return the answer in prose."""
        told = {name: f"{100 * getattr(self, name):.1f}" for name in ("precision", "recall")}
        for name in told:
            low, high = getattr(self, f"{name}_interval")
            told[name] += f" per cent ({100 * low:.1f} to {100 * high:.1f})"
        return (
            f"Against {self.against}, {told['precision']} of the links are right, and {told['recall']} of "
            "the pairs of one person are found."
        )


def wilson(found: int, of: int, z: float = 1.959963984540054) -> tuple[float, float]:
    """Return Wilson's 95 per cent interval of a share; missing for 0 of 0.

    Examples
    --------
    >>> [round(value, 4) for value in wilson(10, 10)]
    [0.7225, 1.0]
    """
    if not of:
        return float("nan"), float("nan")
    share = found / of
    centre = (share + z**2 / (2 * of)) / (1 + z**2 / of)
    half = z * np.sqrt(share * (1 - share) / of + z**2 / (4 * of**2)) / (1 + z**2 / of)
    low = 0.0 if found == 0 else max(centre - half, 0.0)
    high = 1.0 if found == of else min(centre + half, 1.0)
    return float(low), float(high)


def match_labels(pairs: pd.DataFrame, labelled: pd.DataFrame) -> NDArray[np.int8]:
    """Return for each row of `pairs` 1 (of one person), 0 (of two) or -1 (not labelled).

    A pair may be given either way round. Labels that contradict each other are an error.
    """
    told = _labelled(labelled)
    here = _canonical(pairs)
    merged = here.merge(told, on=KEYS, how="left")
    return merged.same.astype("Float64").fillna(-1).to_numpy(dtype=np.int8)


def _canonical(pairs: pd.DataFrame) -> pd.DataFrame:
    """Return the keys with the lower record first."""
    keys = pairs[KEYS].astype("str").reset_index(drop=True)
    swap = (keys.list_id_l > keys.list_id_r) | (
        (keys.list_id_l == keys.list_id_r) & (keys.record_id_l > keys.record_id_r)
    )
    turned = keys[[*KEYS[2:], *KEYS[:2]]].set_axis(KEYS, axis=1)
    return keys.where(~swap, turned)


def _labelled(labelled: pd.DataFrame) -> pd.DataFrame:
    missing = [column for column in [*KEYS, "same"] if column not in labelled]
    if missing:
        raise ValueError(f"labelled: got no column {missing[0]!r}; allowed: {', '.join([*KEYS, 'same'])}")
    if labelled.same.isna().any() or not labelled.same.isin([True, False]).all():
        raise ValueError("labelled: column 'same': got a value that is neither; allowed: true or false")
    told = _canonical(labelled).assign(same=labelled.same.astype(bool).to_numpy()).drop_duplicates()
    if told.duplicated(KEYS).any():
        raise ValueError("labelled: got pairs that are labelled both ways; allowed: each pair once")
    return told


def evaluate(linkage: Linkage, labelled: pd.DataFrame) -> LinkEvaluation:
    """Compare a linkage with labelled pairs, or with the known person of each record.

    Parameters
    ----------
    linkage : Linkage
    labelled : DataFrame
        Either list_id_l, record_id_l, list_id_r, record_id_r, same (bool); or
        list_id, record_id, person: then all pairs of these records count, also those never compared, and a
        record that is not in the linkage (rejected before) is missed.

    Returns
    -------
    LinkEvaluation
        With labelled pairs, recall is that among the labelled pairs: pairs that blocking never brought
        together must be among them for it to be the recall of the whole. Intervals: Wilson's for pairs; with
        known persons, a bootstrap over persons, since the pairs of a person are right or wrong together.

    Raises
    ------
    ValueError
        Columns missing, labelled pairs of records that were not linked, labels that contradict each other.
    """
    if "person" in labelled and "same" not in labelled:
        return _against_persons(linkage, labelled)
    told = _labelled(labelled)
    person = linkage.clusters.set_index(["list_id", "record_id"]).person
    sides = [person.reindex(pd.MultiIndex.from_frame(told[KEYS[k : k + 2]])).to_numpy() for k in (0, 2)]
    if np.isnan(sides[0].astype(float)).any() or np.isnan(sides[1].astype(float)).any():
        raise ValueError(
            "labelled: got pairs with records that were not linked; allowed: records of the linkage"
        )
    told = told.assign(joined=sides[0] == sides[1])
    kinds = {
        "true_links": told.same & told.joined,
        "false_links": ~told.same & told.joined,
        "missed_links": told.same & ~told.joined,
    }
    by_list = told.assign(**kinds).groupby(["list_id_l", "list_id_r"], as_index=False)[list(kinds)].sum()
    true, false, missed = (int(mark.sum()) for mark in kinds.values())
    records = pd.concat(
        [told[KEYS[:2]].set_axis(["a", "b"], axis=1), told[KEYS[2:]].set_axis(["a", "b"], axis=1)]
    )
    precision, recall = wilson(true, true + false), wilson(true, true + missed)
    f1 = wilson(2 * true, 2 * true + false + missed)
    size = len(records.drop_duplicates())
    return _made(true, false, missed, precision, recall, f1, by_list, "labelled pairs", size)


def _against_persons(linkage: Linkage, truth: pd.DataFrame) -> LinkEvaluation:
    missing = [column for column in ("list_id", "record_id", "person") if column not in truth]
    if missing:
        raise ValueError(f"labelled: got no column {missing[0]!r}; allowed: list_id, record_id, person")
    known = truth[["list_id", "record_id", "person"]].astype({"list_id": "str", "record_id": "str"})
    if known.duplicated(["list_id", "record_id"]).any():
        raise ValueError("labelled: got a record with two persons; allowed: each record once")
    ours = linkage.clusters[["list_id", "record_id", "person"]].astype({"list_id": "str", "record_id": "str"})
    both = known.merge(ours, on=["list_id", "record_id"], how="left", suffixes=("_true", "_found"))
    unlinked = both.person_found.isna()
    if unlinked.all():
        raise ValueError("labelled: got no record of the linkage; allowed: its list_id and record_id")
    # A record that never reached the linkage (a row rejected before) is alone: its pairs are missed.
    both["person_found"] = both.person_found.mask(unlinked, -1.0 - np.arange(len(both)))
    both = both.assign(
        person_true=pd.factorize(both.person_true)[0], person_found=pd.factorize(both.person_found)[0]
    )
    true = _pairs_of(both, ["person_true", "person_found"])
    found = _pairs_of(both, ["person_found"])
    real = _pairs_of(both, ["person_true"])
    by_list = _by_list(both)
    # Per true person: pairs found right; false pairs are charged to the persons they join, half each.
    cells = both.groupby(["person_true", "person_found"]).size()
    right = (cells * (cells - 1) / 2).groupby("person_true").sum()
    size = both.groupby("person_true").size()
    in_cluster = both.groupby("person_found").size().reindex(cells.index.get_level_values("person_found"))
    wrong = (cells * (in_cluster.to_numpy() - cells) / 2).groupby("person_true").sum()
    lost = size * (size - 1) / 2 - right
    intervals = _bootstrap(right.to_numpy(), wrong.to_numpy(), lost.to_numpy())
    return _made(true, found - true, real - true, *intervals, by_list, "known persons", len(both))


def _pairs_of(table: pd.DataFrame, by: list[str]) -> int:
    counts = table.groupby(by).size().to_numpy().astype(np.int64)
    return int((counts * (counts - 1) // 2).sum())


def _by_list(both: pd.DataFrame) -> pd.DataFrame:
    """Return the pairs right, wrong and missed of every two lists."""
    from scipy.sparse import coo_array

    code, lists = pd.factorize(both.list_id, sort=True)
    counts = {}
    for name, by in (
        ("both", ["person_true", "person_found"]),
        ("found", ["person_found"]),
        ("real", ["person_true"]),
    ):
        group = both.groupby(by, sort=False).ngroup().to_numpy()
        # Records of each group by list; duplicate entries add up.
        grid = coo_array((np.ones(len(both)), (group, code))).tocsr()
        product = (grid.T @ grid).toarray()
        np.fill_diagonal(product, (grid.power(2).sum(axis=0) - grid.sum(axis=0)) / 2)
        counts[name] = product
    rows = [
        (one, other, *(round(float(counts[name][i, j])) for name in ("both", "found", "real")))
        for i, one in enumerate(lists)
        for j, other in enumerate(lists)
        if i <= j
    ]
    table = pd.DataFrame(rows, columns=["list_id_l", "list_id_r", "true_links", "found", "real"])
    table["false_links"] = table.found - table.true_links
    table["missed_links"] = table.real - table.true_links
    return table.drop(columns=["found", "real"])


def _bootstrap(
    right: NDArray[np.float64], wrong: NDArray[np.float64], lost: NDArray[np.float64]
) -> tuple[tuple[float, float], ...]:
    """Return intervals of precision, recall and F by Poisson resampling of persons (fixed seed)."""
    # Persons alike in all three counts are drawn together.
    kinds, sizes = np.unique(np.column_stack([right, wrong, lost]), axis=0, return_counts=True)
    draws = np.random.default_rng(0).poisson(sizes, (400, sizes.size)) @ kinds
    good, bad, gone = draws.T
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = (good / (good + bad), good / (good + gone), 2 * good / (2 * good + bad + gone))
    low_high = [np.nanquantile(share, [0.025, 0.975]) if good.any() else (np.nan, np.nan) for share in shares]
    return tuple((float(low), float(high)) for low, high in low_high)


def _made(
    true: int,
    false: int,
    missed: int,
    precision: tuple[float, float],
    recall: tuple[float, float],
    f1: tuple[float, float],
    by_list: pd.DataFrame,
    against: str,
    size: int,
) -> LinkEvaluation:
    def share(part: int, whole: int) -> float:
        return part / whole if whole else float("nan")

    table = by_list.assign(
        precision=by_list.true_links / (by_list.true_links + by_list.false_links).replace(0, np.nan),
        recall=by_list.true_links / (by_list.true_links + by_list.missed_links).replace(0, np.nan),
    )
    return LinkEvaluation(
        precision=share(true, true + false),
        recall=share(true, true + missed),
        f1=share(2 * true, 2 * true + false + missed),
        precision_interval=precision,
        recall_interval=recall,
        f1_interval=f1,
        true_links=true,
        false_links=false,
        missed_links=missed,
        against=against,
        n_records=size,
        by_list=table,
    )
