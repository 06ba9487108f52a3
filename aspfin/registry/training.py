"""How often each level of likeness is met among records of one person (m) and of two people (u).

Splink samples random pairs for u and estimates m by expectation maximisation on pairs that share a birthday
and, apart, a name. Where a random sample is too small for a rare event (the same card, the same birthday,
the same village), u is counted exactly instead. What cannot be learnt from few records is taken from
`ASSUMED`, and said.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from aspfin.registry.comparison import COMPARISONS

__all__ = ["Model", "frequencies", "model_settings", "quiet", "scaled", "train"]

PAIRS = 1_000_000  # pairs each estimate is made from
# Pairs of one person beyond doubt: the rule, a column both records must have for it, and the share of the
# pairs of one person it then finds (an assumption; it moves the prior, hence every weight alike).
CERTAIN: tuple[tuple[str, str, float], ...] = (
    ("l.person_id = r.person_id", "person_id", 0.95),
    (
        "l.birth_day = r.birth_day and l.given_key = r.given_key and l.family_key = r.family_key",
        "birth_day",
        0.8,
    ),
)
# Trained on, in turn; a number only where few birthdays are known.
BIRTHDAY, NAMES = "l.birth_day = r.birth_day", "l.given_key = r.given_key and l.family_key = r.family_key"
FEWEST = 100  # pairs of one person, below which nothing is trained
# Where nothing can be learnt: working assumptions, in the order of the levels of `COMPARISONS`. By them, some
# four in ten pairs of records that share a card are of one person: odds of prior x m / u.
ASSUMED_PRIOR = 1e-4
ASSUMED_M: dict[str, tuple[float, ...]] = {
    "given": (0.85, 0.08, 0.05, 0.01, 0.01),
    "family": (0.88, 0.06, 0.03, 0.01, 0.02),
    "birth": (0.75, 0.01, 0.18, 0.04, 0.005, 0.01, 0.005),
    "sex": (0.99, 0.01),
    "place": (0.65, 0.30, 0.01, 0.01, 0.01, 0.02),
    "person_id": (0.97, 0.02, 0.01),
}
ASSUMED_U: dict[str, tuple[float, ...]] = {
    "given": (0.005, 0.001, 0.01, 0.01, 0.974),
    "family": (0.02, 0.004, 0.025, 0.01, 0.941),
    "birth": (4e-5, 2e-5, 3e-3, 2e-4, 0.012, 0.03, 0.955),
    "sex": (0.5, 0.5),
    "place": (1e-4, 1e-3, 5e-3, 0.02, 0.03, 0.944),
    "person_id": (1e-6, 1e-3, 0.999),
}
LEAST_M, LEAST_U = 1e-3, 1e-8  # no level is proof by itself
# u counted exactly: (comparison, level, pairs of records that agree, columns that must be known, share of m).
COUNTED: tuple[tuple[str, str, str, str, float], ...] = (
    ("birth", "same day", "l.birth_day = r.birth_day", "birth_year", 0.75),
    ("place", "same card or telephone", "l.household = r.household", "village", 0.65),
    ("place", "same village", "l.village = r.village", "village", 0.95),
)


@dataclass(frozen=True)
class Model:
    """What was learnt.

    Attributes
    ----------
    prior : float
        Probability that two records drawn at random are of one person.
    levels : DataFrame
        comparison, level, m, u, weight (log2 of m / u), m_from and u_from ("trained", "counted", "assumed").
    """

    prior: float
    levels: pd.DataFrame


@contextmanager
def quiet() -> Iterator[None]:
    """Keep Splink from writing to the log while it works: its messages show SQL and values."""
    logger = logging.getLogger("splink")
    before = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        logger.setLevel(before)


def train(linker: Any, connection: Any, table: str, *, seed: int) -> Model:
    """Learn the parameters of the comparisons.

    Parameters
    ----------
    linker : splink.Linker
        On the records.
    connection : duckdb connection
        Holding them.
    table : str
        Their table.
    seed : int
        Of the random pairs.

    Returns
    -------
    Model
        Rounded to nine digits, so that the order in which threads add up leaves no trace.
    """
    records, *known = connection.execute(
        f"select count(*), {', '.join(f'count({column})' for _, column, _ in CERTAIN)} from {table}"
    ).fetchall()[0]
    certain = [
        connection.execute(
            f"select count(*) from {table} l join {table} r on l.uid < r.uid and {rule}"
        ).fetchall()
        for rule, _, _ in CERTAIN
    ]
    by_number, by_birthday = (pairs[0][0] for pairs in certain)
    if max(by_number, by_birthday) < FEWEST:
        return Model(ASSUMED_PRIOR, _assumed())
    missed = [1 - share * (rows / records) ** 2 for rows, (_, _, share) in zip(known, CERTAIN, strict=True)]
    rules = [rule for rule, _, _ in CERTAIN]
    recall = max(1 - float(np.prod(missed)), 0.01)
    linker.training.estimate_probability_two_random_records_match(rules, recall=recall)
    linker.training.estimate_u_using_random_sampling(max_pairs=PAIRS, seed=seed)
    for rule in (BIRTHDAY if by_birthday >= FEWEST else rules[0], NAMES):
        linker.training.estimate_parameters_using_expectation_maximisation(
            rule, estimate_without_term_frequencies=True, max_pairs=PAIRS / 2
        )
    possible = records * (records - 1) / 2
    saved = linker.misc.save_model_to_json()
    prior = float(f"{saved['probability_two_random_records_match']:.9g}")
    levels = _saved(saved)
    _count_rare(levels, connection, table, prior * possible)
    levels[["m", "u"]] = levels[["m", "u"]].map(lambda value: float(f"{value:.9g}"))
    levels["weight"] = np.log2(levels.m / levels.u)
    return Model(prior, levels)


def _assumed() -> pd.DataFrame:
    rows = [
        (one.name, level.words, m, u, np.log2(m / u), "assumed", "assumed")
        for one in COMPARISONS
        for level, m, u in zip(one.levels[1:], ASSUMED_M[one.name], ASSUMED_U[one.name], strict=True)
    ]
    return pd.DataFrame(rows, columns=["comparison", "level", "m", "u", "weight", "m_from", "u_from"])


def _saved(saved: dict[str, Any]) -> pd.DataFrame:
    """Return the parameters Splink learnt; what it met too rarely is assumed."""
    levels = _assumed()
    told = [
        (level.get("m_probability"), level.get("u_probability"))
        for one in saved["comparisons"]
        for level in one["comparison_levels"]
        if not level.get("is_null_level")
    ]
    for row, (m, u) in enumerate(told):
        trained_m, trained_u = isinstance(m, float) and m > 0, isinstance(u, float) and u > 0
        if trained_u:
            levels.loc[row, ["u", "u_from"]] = [max(u, LEAST_U), "trained"]
        if trained_m:
            levels.loc[row, ["m", "m_from"]] = [max(m, LEAST_M), "trained"]
    return levels


def _count_rare(levels: pd.DataFrame, connection: Any, table: str, of_one: float) -> None:
    """Replace u of rare agreements by exact counts: pairs that agree less those expected of one person."""
    for comparison, level, rule, known, share in COUNTED:
        pairs, rows = connection.execute(
            f"select (select count(*) from {table} l join {table} r on l.uid < r.uid and {rule}),"
            f" (select count({known}) from {table})"
        ).fetchall()[0]
        if rows < 2:
            continue
        u = max(pairs - share * of_one, 0.25 * pairs, 0.5) / (rows * (rows - 1) / 2)
        at = levels.index[(levels.comparison == comparison) & (levels.level == level)]
        levels.loc[at, ["u", "u_from"]] = [u, "counted"]
    numbers = connection.execute(f"select count(distinct person_id) from {table}").fetchall()[0][0]
    if numbers:
        at = levels.index[(levels.comparison == "person_id") & (levels.level == "same number")]
        levels.loc[at, ["u", "u_from"]] = [max(1 / numbers, LEAST_U), "counted"]


def model_settings(settings: dict[str, Any], model: Model) -> dict[str, Any]:
    """Return Splink's settings with the parameters of `model` in them."""
    given = iter(zip(model.levels.m, model.levels.u, strict=True))
    comparisons = []
    for one in settings["comparisons"]:
        levels = []
        for level in one["comparison_levels"]:
            if not level.get("is_null_level"):
                m, u = next(given)
                level = {**level, "m_probability": m, "u_probability": u}
            levels.append(level)
        comparisons.append({**one, "comparison_levels": levels})
    return {**settings, "comparisons": comparisons, "probability_two_random_records_match": model.prior}


def frequencies(model: Model, table: str) -> dict[str, str]:
    """Return for each column of names the query that tells how common they are, at the level of the column.

    Two people of a name as common as f meet at "same spelling" with probability f times the share of equal
    names that are spelt alike, at "same sound" with f times the share that are not.
    """
    made = {}
    u = model.levels.set_index(["comparison", "level"]).u
    for part in ("given", "family"):
        spelt, sound = (float(u[part, level]) for level in ("same spelling", "same sound"))
        for column, share in ((f"{part}_key", spelt), (f"{part}_sound", sound)):
            made[column] = (
                f"select {column}, count(*) * {share / (spelt + sound)!r} / max(known) as tf_{column}"
                f" from {table}, (select count({column}) as known from {table}) as counted"
                f" where {column} is not null group by {column}"
            )
    return made


def scaled(model: Model, share: float) -> Model:
    """Return the model of a whole of which the records at hand are the given share, taken village by village.

    In the whole a record meets 1 / share as many others, but no more of its own card, village or number: the
    prior and the u counted of place and number fall by `share`. Names and birthdays are as common as before.
    """
    levels = model.levels.copy()
    rare = (levels.u_from != "trained") & levels.comparison.isin(["place", "person_id"])
    rare &= levels.level != "different"
    levels["u"] = levels.u.mask(rare, levels.u * share)
    levels["weight"] = np.log2(levels.m / levels.u)
    return Model(model.prior * share, levels)
