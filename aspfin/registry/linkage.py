"""Records of one person found across lists and within them: who is the same, how surely, and why.

Splink compares the records on DuckDB (in a temporary folder, spilling to disk), by the model of Fellegi and
Sunter with term frequencies: evidence adds up in bits, a rare name weighs more than a common one. Two
records are linked where the expected cost of linking is below that of not linking; people are the records so
joined.

References
----------
I. P. Fellegi and A. B. Sunter (1969), "A theory for record linkage", JASA 64. R. Linacre et al. (2022),
"Splink: Free software for probabilistic record linkage at scale", International Journal of Population Data
Science 7(3).
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from aspfin.registry.comparison import BLOCKING, COMPARISONS, Script, comparable, comparison_settings
from aspfin.registry.thresholds import people, threshold_of_costs
from aspfin.registry.training import Model, frequencies, model_settings, quiet, train
from aspfin.results import Check, ResultMixin

__all__ = ["Linkage", "link"]

KEPT = -7.0  # bits: pairs less likely than about 1 in 128 are not kept
NEEDED = ("list_id", "record_id")
KEYS = ("list_id_l", "record_id_l", "list_id_r", "record_id_r")


@dataclass(frozen=True, eq=False, repr=False)
class Linkage(ResultMixin):
    """Which records are of the same person.

    Attributes
    ----------
    clusters : DataFrame
        One row per record: list_id, record_id, person (1, 2, …), records (of that person), surest_link
        (highest probability among its links; missing where it has none).
    pairs : DataFrame
        One row per pair worth a look: list_id_l, record_id_l, list_id_r, record_id_r, probability, weight
        (bits), linked, and for each comparison the level in words.
    threshold : float
        Pairs at least this probable are linked.
    threshold_reason : str
        Where the threshold comes from.
    cost_false_link, cost_missed_link : float
        As stated, in any one unit.
    prior : float
        Probability that two records drawn at random are of one person.
    parameters : DataFrame
        comparison, level, m, u, weight, m_from, u_from.
    blocking : DataFrame
        rule, pairs: how many pairs of `pairs` each rule was the first to find.
    checks : tuple of Check
    calibration : str
        How probabilities were corrected by labelled pairs, or "".
    script : str
    seed : int
    software : str
    records : DataFrame
        The harmonised records, in the order of `clusters`; holds identifiers, and is never shown.

    Examples
    --------
    >>> people = pd.DataFrame({"list_id": ["a", "b", "b"], "record_id": ["1", "1", "2"],
    ...     "name_latin": ["Sok Dara", "Sokh Dara", "Chan Pisey"], "sex": ["male", "male", "female"],
    ...     "birth_date": ["1990-04-03"] * 2 + ["1985-02-01"], "village_code": ["KH01020304"] * 3})
    >>> link(people).clusters[["list_id", "record_id", "person"]].to_numpy().tolist()
    [['a', '1', 1], ['b', '1', 1], ['b', '2', 2]]
    """

    clusters: pd.DataFrame
    pairs: pd.DataFrame
    threshold: float
    threshold_reason: str
    cost_false_link: float
    cost_missed_link: float
    prior: float
    parameters: pd.DataFrame
    blocking: pd.DataFrame
    checks: tuple[Check, ...]
    calibration: str
    script: str
    seed: int
    software: str
    records: pd.DataFrame = field(repr=False)

    @property
    def n_records(self) -> int:
        """Records linked."""
        return len(self.clusters)

    @property
    def n_persons(self) -> int:
        """People found."""
        return int(self.clusters.person.nunique())

    def to_frame(self) -> pd.DataFrame:
        """Return one row per list: records, persons, repeated (records beyond one per person), elsewhere.

        `elsewhere` counts the persons of the list who are on another list too.
        """
        lists = self.clusters.groupby("person").list_id.transform("nunique")
        table = self.clusters.assign(lists=lists).groupby("list_id")
        counts = table.agg(records=("record_id", "size"), persons=("person", "nunique"))
        shared = self.clusters[lists > 1].groupby("list_id").person.nunique()
        counts["repeated"] = counts.records - counts.persons
        counts["elsewhere"] = shared.reindex(counts.index).fillna(0).astype(int)
        return counts.reset_index()

    def sentence(self) -> str:
        """Return what was found, in prose."""
        table = self.to_frame()
        listed = "list is" if len(table) == 1 else "lists are"
        return (
            f"The {self.n_records:,} records of {len(table)} {listed} of {self.n_persons:,} people; "
            f"{table.repeated.sum():,} records repeat a person of the same list. Pairs at least "
            f"{100 * self.threshold:.3g} per cent sure are linked ({self.threshold_reason})."
        )

    def relinked(
        self,
        *,
        cost_false_link: float | None = None,
        cost_missed_link: float | None = None,
        probability: pd.Series | None = None,
        calibration: str = "",
    ) -> Linkage:
        """Return the same comparison with other costs, or other probabilities of the pairs.

        Parameters
        ----------
        cost_false_link, cost_missed_link : float, optional
            In one unit; those of this linkage if left out.
        probability : Series, optional
            One per row of `pairs`, from `thresholds.calibrate`.
        calibration : str
            How those were made.

        Examples
        --------
        >>> people = pd.DataFrame({"list_id": "a", "record_id": ["1", "2"], "name_latin": ["Sok Dara"] * 2})
        >>> link(people).relinked(cost_false_link=1, cost_missed_link=1).threshold
        0.5
        """
        false = self.cost_false_link if cost_false_link is None else cost_false_link
        missed = self.cost_missed_link if cost_missed_link is None else cost_missed_link
        pairs = self.pairs
        if probability is not None:
            if len(probability) != len(pairs):
                raise ValueError(f"probability: got {len(probability)} values; allowed: {len(pairs)}")
            pairs = pairs.assign(probability=np.asarray(probability, dtype=float))
        threshold, reason = threshold_of_costs(false, missed)
        at = pd.MultiIndex.from_frame(self.records[list(NEEDED)])
        left, right = (at.get_indexer(pd.MultiIndex.from_frame(pairs[list(KEYS[k : k + 2])])) for k in (0, 2))
        pairs = pairs.assign(linked=pairs.probability >= threshold)
        clusters = people(self.records[list(NEEDED)], left, right, pairs.probability, threshold)
        return replace(
            self,
            clusters=clusters,
            pairs=pairs,
            threshold=threshold,
            threshold_reason=reason,
            cost_false_link=false,
            cost_missed_link=missed,
            calibration=calibration or self.calibration,
            checks=_checks(clusters, pairs, self.parameters, self.prior),
        )


def link(
    lists: Any,
    *,
    script: Script = "both",
    cost_false_link: float = 9.0,
    cost_missed_link: float = 1.0,
    memory_limit: str = "4GB",
    seed: int = 0,
) -> Linkage:
    """Find which records, across lists and within them, are of the same person.

    Parameters
    ----------
    lists : DataFrame, Harmonised, or a mapping or sequence of these
        Harmonised records: list_id and record_id, and of the rest what there is: name_km, name_latin,
        birth_date, birth_year, birth_precision, sex, village_code, household_id, phone, person_id.
    script : {"both", "latin", "khmer"}
        Names to use.
    cost_false_link, cost_missed_link : float
        What a false link costs (somebody loses a right) against a missed one (somebody is paid twice), in
        one unit. Only their ratio counts: 9 to 1 links pairs that are at least 90 per cent sure.
    memory_limit : str
        Of the data base, such as "4GB"; more goes to disk, in a temporary folder.
    seed : int
        Of the random pairs used in training. The same records, in whatever order, and seed give the same
        result.

    Returns
    -------
    Linkage

    Raises
    ------
    ValueError
        A list without list_id or record_id, a record twice, no names, a cost that is not positive, a size or
        seed that is none.
    """
    threshold, reason = threshold_of_costs(cost_false_link, cost_missed_link)
    if not isinstance(memory_limit, str) or not re.fullmatch(r"[1-9]\d*(\.\d+)? ?[KMGT]i?B", memory_limit):
        raise ValueError(f"memory_limit: got {memory_limit!r}; allowed: a size such as '800MB' or '4GB'")
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer):
        raise ValueError(f"seed: got {seed!r}; allowed: a whole number")
    records = _records(lists)
    model, found, software = _compared(comparable(records, script), memory_limit, int(seed))
    clusters = people(records[list(NEEDED)], found.uid_l, found.uid_r, found.match_probability, threshold)
    pairs = _pairs(records, found, threshold)
    first = found.match_key.astype(int).value_counts()
    rules = [" and ".join(rule) for rule in BLOCKING]
    counts = [int(first.get(place, 0)) for place in range(len(rules))]
    return Linkage(
        clusters=clusters,
        pairs=pairs,
        threshold=threshold,
        threshold_reason=reason,
        cost_false_link=float(cost_false_link),
        cost_missed_link=float(cost_missed_link),
        prior=model.prior,
        parameters=model.levels,
        blocking=pd.DataFrame({"rule": rules, "pairs": counts}),
        checks=_checks(clusters, pairs, model.levels, model.prior),
        calibration="",
        script=script,
        seed=int(seed),
        software=software,
        records=records,
    )


def _records(lists: Any) -> pd.DataFrame:
    """Return all records in one table, in an order that does not depend on how they came."""
    if isinstance(lists, pd.DataFrame) or hasattr(lists, "frame"):
        lists = [lists]
    elif isinstance(lists, Mapping):
        lists = list(lists.values())
    if not isinstance(lists, Iterable) or isinstance(lists, str):
        raise ValueError(f"lists: got {type(lists).__name__}; allowed: harmonised lists")
    frames = [one if isinstance(one, pd.DataFrame) else getattr(one, "frame", None) for one in lists]
    if not frames or any(not isinstance(frame, pd.DataFrame) for frame in frames):
        raise ValueError(
            "lists: got something that is no harmonised list; allowed: frames, or results of harmonise"
        )
    for place, frame in enumerate(frames):
        for column in NEEDED:
            if column not in frame:
                raise ValueError(
                    f"lists[{place}]: got no column {column!r}; allowed: harmonised lists have one"
                )
            if frame[column].isna().any():
                raise ValueError(
                    f"lists[{place}]: column {column!r}: got a missing value; allowed: none is missing"
                )
    full = [frame for frame in frames if len(frame)]
    if not full:
        raise ValueError("lists: got no record; allowed: one or more")
    records = pd.concat(full, ignore_index=True)
    twice = int(records.duplicated(list(NEEDED)).sum())
    if twice:
        raise ValueError(
            f"lists: got {twice} records with list_id and record_id of another; allowed: each once"
        )
    return records.sort_values(list(NEEDED), kind="stable", ignore_index=True)


def _compared(table: pd.DataFrame, memory_limit: str, seed: int) -> tuple[Model, pd.DataFrame, str]:
    """Train the model on the records and return it with the pairs worth keeping."""
    import duckdb
    import pyarrow as pa
    import splink
    from splink import DuckDBAPI, Linker

    software = f"splink {splink.__version__}, duckdb {duckdb.__version__}"
    settings = {**comparison_settings(), "retain_matching_columns": True}
    with tempfile.TemporaryDirectory(prefix="aspfin-link-") as folder, quiet():
        connection = duckdb.connect(str(Path(folder) / "records.duckdb"))
        try:
            connection.execute(f"set temp_directory = '{folder}'; set preserve_insertion_order = false")
            connection.execute("set memory_limit = ?", [memory_limit])
            connection.register("given", pa.Table.from_pandas(table, preserve_index=False))
            connection.execute("create table records as select * from given")
            api = DuckDBAPI(connection)
            source = api.register("records")
            linker = Linker(source, settings, log_level=None, validate_settings=False)
            model = train(linker, connection, "records", seed=seed)
            linker = Linker(source, model_settings(settings, model), log_level=None, validate_settings=False)
            for column, query in frequencies(model, "records").items():
                connection.execute(f"create table frequency_of_{column} as {query}")
                counted = api.register(f"frequency_of_{column}")
                linker.table_management.register_term_frequency_lookup(counted, column)
            scored = linker.inference.predict(threshold_match_weight=KEPT).physical_name
            levels = ", ".join(f"gamma_{one.name}" for one in COMPARISONS)
            found = connection.execute(
                f"select uid_l, uid_r, match_weight, match_probability, match_key, {levels} from {scored}"
                " order by uid_l, uid_r"
            ).df()
        finally:
            connection.close()
    return model, found, software


def _pairs(records: pd.DataFrame, found: pd.DataFrame, threshold: float) -> pd.DataFrame:
    made: dict[str, Any] = {}
    for side in ("l", "r"):
        at = found[f"uid_{side}"].to_numpy()
        for column in NEEDED:
            made[f"{column}_{side}"] = records[column].take(at).reset_index(drop=True)
    made["probability"] = found.match_probability
    made["weight"] = found.match_weight
    made["linked"] = found.match_probability >= threshold
    for one in COMPARISONS:
        # Splink numbers levels from the last (0) to the first; -1 is missing.
        words = [one.levels[0].words, *(level.words for level in reversed(one.levels[1:]))]
        code = found[f"gamma_{one.name}"].to_numpy().astype(int) + 1
        made[one.name] = pd.Categorical.from_codes(code, categories=words)
    return pd.DataFrame(made)


def _checks(
    clusters: pd.DataFrame, pairs: pd.DataFrame, levels: pd.DataFrame, prior: float
) -> tuple[Check, ...]:
    """Return what can be seen to be wrong without labelled pairs."""
    trained = float((levels.m_from == "trained").mean())
    doubtful = float(pairs.probability.between(0.1, 0.9).mean()) if len(pairs) else 0.0
    within = clusters.groupby(["person", "list_id"]).size()
    most = int(within.max()) if len(within) else 0
    clash = pairs.linked & (pairs.person_id == "different")
    share = float(clash.sum() / max(pairs.linked.sum(), 1))
    return (
        Check(
            "training",
            "Were the parameters learnt from these records?",
            bool(trained > 0.5),
            statistic=trained,
            text=f"{100 * trained:.0f} per cent of levels; the others are assumed",
        ),
        Check(
            "doubtful pairs",
            "Are few pairs in doubt (10 to 90 per cent)?",
            doubtful < 0.1,
            statistic=doubtful,
            text=f"{100 * doubtful:.1f} per cent of {len(pairs):,} pairs",
        ),
        Check(
            "chains",
            "Is nobody on one list more than five times?",
            most <= 5,
            statistic=most,
            text=f"most: {most} records of one person on one list",
        ),
        Check(
            "national numbers",
            "Do few links join two national numbers?",
            share < 0.01,
            statistic=share,
            text=f"{100 * share:.2f} per cent of links",
        ),
    )
