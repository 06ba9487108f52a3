"""Financing over ten years, 100,000 paths and four instruments; the exact fund; a plain Python loop as peer.

Run: python benchmarks/finance_multi_year.py
"""

import time
import tracemalloc
from statistics import median

import numpy as np

from aspfin.financing import (
    ContingencyFund,
    ContingentCredit,
    ExPostBorrowing,
    InsuranceLayer,
    Lognormal,
    Need,
    Poisson,
    finance,
    fund_path,
    optimal_layers,
    size_fund,
)

YEARS, PATHS, PEER_PATHS, RUNS = 10, 100_000, 2_000, 5
NEED = Need.from_frequency_severity(Poisson(0.8), Lognormal(mean=20e6, cv=1.5))
FUND = {"opening": 60e6, "contribution": 16e6, "ceiling": 60e6}
PLAN = [
    ContingencyFund(**FUND, interest=0.0),
    ContingentCredit(limit=50e6),
    InsuranceLayer(attachment=110e6, limit=100e6),
    ExPostBorrowing(limit=200e6),
]


def plain_loop(need):
    """The same strategy, one path and one year at a time, as a script would write it; mean unmet per year."""
    unmet = 0.0
    for path in need:
        balance, credit = FUND["opening"], 50e6
        for year, amount in enumerate(path):
            available = min(balance + FUND["contribution"], FUND["ceiling"])
            paid = min(available, amount)
            balance, rest = available - paid, amount - paid
            if year % 3 == 0:
                credit = 50e6
            drawn = min(rest, credit)
            credit, rest = credit - drawn, rest - drawn
            rest -= min(rest, max(min(amount - 110e6, 100e6), 0))
            unmet += rest - min(rest, 200e6)
    return unmet / need.size


def seconds(call):
    times = []
    for _ in range(RUNS):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return median(times)


def peak(call):
    tracemalloc.start()
    call()
    size = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return size / 2**20


def main():
    need = NEED.simulate(YEARS, PATHS, seed=1)
    some = need[:PEER_PATHS]
    check = finance(some, PLAN).unmet.expected
    if not np.isclose(check, plain_loop(some), rtol=1e-10):
        raise SystemExit("the peer disagrees")

    both = f"finance + fund_path, {YEARS} years × {PATHS:,} paths × {len(PLAN)} instruments"
    calls = {
        both: lambda: (finance(NEED, PLAN, years=YEARS, paths=PATHS), fund_path(NEED, **FUND, years=YEARS)),
        "  finance (simulation included)": lambda: finance(NEED, PLAN, years=YEARS, paths=PATHS),
        "  finance of needs already drawn": lambda: finance(need, PLAN),
        "  fund_path, exact": lambda: fund_path(NEED, **FUND, years=YEARS),
        "size_fund": lambda: size_fund(NEED, years=YEARS, max_probability_ever_unmet=0.1),
        "optimal_layers, 500 scenarios": lambda: optimal_layers(NEED, PLAN, risk_weight=0.3),
    }
    print(f"| {'calculation':<66} | median s | peak MB |\n|{'-' * 68}|---------:|--------:|")
    for name, call in calls.items():
        print(f"| {name:<66} | {seconds(call):>8.3f} | {peak(call):>7.0f} |")
    peer = seconds(lambda: plain_loop(some)) / PEER_PATHS
    ours = seconds(lambda: finance(need, PLAN)) / PATHS
    print(f"\nPlain Python loop (unmet need only): {peer * 1e6:.1f} µs a path;")
    print(f"finance with all tables and errors: {ours * 1e6:.2f} µs a path, {peer / ours:.0f} times as fast;")
    print("the same unmet need to 1e-10.")


if __name__ == "__main__":
    main()
