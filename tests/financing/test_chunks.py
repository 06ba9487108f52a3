"""A simulation in chunks: the same bytes wherever the chunks ran, and the same figures as all paths at once."""

import pickle
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from aspfin.financing import (
    BudgetReallocation,
    ContingencyFund,
    ContingentCredit,
    InsuranceLayer,
    Lognormal,
    Need,
    ParametricInsurance,
    Poisson,
    finance,
    fund_path,
)
from aspfin.seeds import chunk_seeds

NEED = Need.from_frequency_severity(Poisson(0.8), Lognormal(mean=20, cv=1.5))
FUND = ContingencyFund(opening=30, contribution=10, ceiling=60)
PLAN = [FUND, ContingentCredit(limit=30), BudgetReallocation(limit=20)]
DRAWN = [FUND, ParametricInsurance(((40.0, 20.0),), correlation=0.6), InsuranceLayer(60, 20)]
TABLES = ("paid", "cost", "timing", "met_within", "by_year")


class Elsewhere:
    """A client that runs tasks as a cluster does: in any order, on copies that travelled as bytes."""

    def __init__(self, order):
        self.order, self.sent = order, 0

    def scatter(self, work, *, hash):
        self.sent += 1
        return pickle.dumps(work)

    def map(self, function, parts, *, work, pure):
        answers = {}
        for place in self.order(range(len(parts))):
            answers[place] = pickle.dumps(function(parts[place], pickle.loads(work)))
        return [answers[place] for place in range(len(parts))]

    def gather(self, futures):
        return [pickle.loads(one) for one in futures]


def content(result):
    """Everything a result says, as bytes."""
    tables = [getattr(result, name).to_csv() for name in TABLES]
    return repr((tables, result.unmet, result.expected_need, result.std_error_need, result.checks)).encode()


@pytest.mark.parametrize(
    "order", [list, lambda places: list(places)[::-1], lambda places: sorted(places, key=lambda k: k % 3)]
)
def test_where_and_in_which_order_the_chunks_ran_changes_no_byte(order):
    asked = {"years": 4, "paths": 1_003, "seed": 7, "chunks": 8}
    client = Elsewhere(order)
    assert content(finance(NEED, DRAWN, **asked, client=client)) == content(finance(NEED, DRAWN, **asked))
    assert client.sent == 1  # what all chunks share travels once


def test_chunks_give_what_all_their_paths_give_at_once():
    """The slow reference: the same paths as one array through the waterfall."""
    chunked = finance(NEED, PLAN, years=5, paths=1_003, seed=7, chunks=4)
    sizes = [251, 251, 251, 250]
    paths = [NEED.simulate(5, size, seed) for size, seed in zip(sizes, chunk_seeds(7, 4), strict=True)]
    whole = finance(np.concatenate(paths), PLAN)
    for name in TABLES:
        pd.testing.assert_frame_equal(getattr(chunked, name), getattr(whole, name), rtol=1e-12)
    for name in ("expected", "std_error", "probability", "probability_ever", "share_of_need"):
        assert getattr(chunked.unmet, name) == pytest.approx(getattr(whole.unmet, name), rel=1e-12)
    assert (chunked.paths, chunked.chunks, whole.chunks) == (1_003, 4, None)


def test_chunks_agree_with_the_exact_fund():
    result = finance(NEED, [FUND], years=6, paths=60_000, seed=5, chunks=7)
    exact = fund_path(NEED, opening=30, contribution=10, ceiling=60, years=6)
    away = (result.paid["expected"].iloc[0] - exact.by_year["expected_paid"].mean()) / result.paid[
        "std_error"
    ].iloc[0]
    assert abs(away) <= 4
    assert all(check.passed for check in result.checks)


def test_without_chunks_the_draws_are_those_of_simulate():
    result = finance(NEED, PLAN, years=3, paths=500, seed=9)
    drawn = NEED.simulate(3, 500, seed=9)
    assert (
        result.by_year.query("item == 'need'")["expected"].tolist()
        == np.ascontiguousarray(drawn.T).mean(axis=1).tolist()
    )


def test_each_chunk_has_draws_of_its_own():
    for seed in chunk_seeds(1, 2):
        alone = finance(NEED, PLAN, years=1, paths=500, seed=seed).expected_need
        assert alone != finance(NEED, PLAN, years=1, paths=1_000, seed=1, chunks=2).expected_need
    halves = [NEED.simulate(1, 500, seed) for seed in chunk_seeds(1, 2)]
    assert not np.array_equal(*halves)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"chunks": 0}, "chunks"),
        ({"chunks": 2.0}, "chunks"),
        ({"chunks": 51}, "chunks: got 51; allowed: at most 50"),
        ({"chunks": None, "client": Elsewhere(list)}, "client: got "),
        ({"need": np.ones((100, 2))}, "chunks: got 2; allowed: only with a Need"),
        ({"index": np.ones((100, 2))}, "index"),
        ({"years": None}, "years"),
    ],
)
def test_what_cannot_be_chunked_is_told(changes, told):
    asked = {"need": NEED, "years": 2, "paths": 100, "seed": 1, "chunks": 2} | changes
    with pytest.raises(ValueError, match=f"^{told}"):
        finance(asked.pop("need"), PLAN, **asked)


def test_the_cluster_library_is_not_loaded_before_somebody_uses_it():
    code = (
        "import sys; from aspfin.financing import *\n"
        "finance(Need.from_states([0.2], [1.0]), [], years=1, paths=4, seed=1, chunks=2)\n"
        "assert not {'distributed', 'dask'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.slow
def test_a_cluster_changes_no_byte():
    from distributed import Client, LocalCluster

    asked = {"years": 4, "paths": 2_000, "seed": 7, "chunks": 6}
    two = {"n_workers": 2, "threads_per_worker": 1, "processes": True, "dashboard_address": None}
    with LocalCluster(**two) as cluster, Client(cluster) as client:
        there = content(finance(NEED, DRAWN, **asked, client=client))
    assert there == content(finance(NEED, DRAWN, **asked))
