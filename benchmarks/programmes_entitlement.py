"""A month of entitlements of a system: a million households × twelve programmes, ten million in chunks.

Run: python benchmarks/programmes_entitlement.py [--large]
"""

import resource
import sys
import time
from statistics import median

import numpy as np
import pandas as pd

from aspfin.programmes import entitlement_totals, load_country, system_entitlements

ROWS, RUNS, PEER_ROWS, ON = 1_000_000, 5, 2_000, "2025-01-15"
AMOUNTS = {
    "family_package": {"household": 60_000},
    "disability_cash": {"disability": 30_000},
    "older_people_cash": {"age_60_plus": 20_000},
}
NEVER_ENDING = ["covid_cash_transfer", "flood_cash_transfer", "inflation_cash_transfer"]


def households(rows, seed=1):
    """Return a frame of made-up households with every column that the programmes read."""
    rng = np.random.default_rng(seed)
    members = rng.integers(1, 9, rows)
    frame = pd.DataFrame(
        {
            "area": pd.Categorical(rng.choice(["phnom_penh", "urban", "rural"], rows, p=[0.15, 0.22, 0.63])),
            "card_level": rng.choice([0, 1, 2], rows, p=[0.82, 0.06, 0.12]).astype(np.int8),
            "at_risk": rng.binomial(1, 0.12, rows).astype(np.int8),
            "affected": rng.binomial(1, 0.1, rows).astype(np.int8),
            "members": members.astype(np.int16),
            "wage": rng.lognormal(13.7, 0.4, rows),
            "contribution_months": rng.integers(0, 120, rows),
        }
    )
    shares = {
        "child_0_1": 0.04, "child_0_5": 0.12, "age_60_plus": 0.09, "disability": 0.03, "hiv": 0.003,
        "pregnant": 0.01, "birth": 0.001, "pupil_primary_lower_secondary": 0.15,
        "pupil_upper_secondary": 0.04, "trainee": 0.002, "formal_workers": 0.09, "breakfast": 0.2,
        "full_day_of_meals": 0.0, "pensioner": 0.001, "survivor_family": 0.001, "injury_case": 0.001,
        "sick_case": 0.003,
    }  # fmt: skip
    for column, share in shares.items():
        frame[column] = rng.binomial(members, share).astype(np.int16)
    return frame


def system():
    """Return Cambodia with amounts stated where none was found, and three finished programmes kept open."""
    import dataclasses

    khm = load_country("KHM").with_amounts(AMOUNTS)
    opened = []
    for programme in khm.programmes:
        rules = programme.rules
        if programme.id in NEVER_ENDING:
            first = [rule for rule in rules if rule.valid_from == rules[0].valid_from]
            rules = tuple(dataclasses.replace(rule, valid_to=None) for rule in first)
        conditions = programme.eligible_if
        if programme.id == "school_feeding":
            conditions = khm.programme("inflation_cash_transfer").eligible_if
        opened.append(dataclasses.replace(programme, rules=rules, eligible_if=conditions))
    return dataclasses.replace(khm, programmes=tuple(opened))


def peer(country, frame, names):
    """Compute the same row by row, rule by rule, as a loop over records."""
    import datetime as dt

    day = dt.date.fromisoformat(ON)
    total = 0.0
    chosen = [country.programme(name) for name in names]
    rules = [[rule for rule in one.rules if rule.holds_on(day)] for one in chosen]
    for row in frame.to_dict("records"):
        for one, own in zip(chosen, rules, strict=True):
            ok = any(
                all(
                    row[c.column] in c.any_of if c.any_of else row[c.column] >= c.at_least for c in conditions
                )
                for conditions in one.eligible_if
            )
            for rule in own if ok else ():
                if (rule.area is None or rule.area == row["area"]) and (
                    rule.card_level is None or rule.card_level == row["card_level"]
                ):
                    total += rule.amount * (1 if rule.unit == "household" else row.get(rule.column, 0))
    return total


def seconds(call, runs=RUNS):
    call()
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return median(times)


def memory():
    """Return the most memory this process has held so far, in GB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2


def main():
    country, frame = system(), households(ROWS)
    held = memory()
    paid = system_entitlements(country, frame, on=ON)
    names = list(paid.columns)
    fast = seconds(lambda: system_entitlements(country, frame, on=ON))
    small = frame.head(PEER_ROWS)
    slow = seconds(lambda: peer(country, small, names), 3) * ROWS / PEER_ROWS
    rows = [
        (f"{ROWS:,} households × {len(names)} programmes, a month", fast, memory()),
        ("the same row by row (from 2,000 households)", slow, float("nan")),
    ]
    if "--large" in sys.argv:
        start = time.perf_counter()
        entitlement_totals(country, (households(ROWS, k) for k in range(10)), on=ON, by="area")
        rows.append(
            ("10,000,000 households in chunks, made and computed", time.perf_counter() - start, memory())
        )
    print(f"held by the frame alone: {held:.2f} GB\n| calculation | seconds | GB at most |\n|---|---:|---:|")
    for name, value, most in rows:
        print(f"| {name} | {value:.3f} | {most:.2f} |")


if __name__ == "__main__":
    main()
