"""Checking a million harmonised records against the vocabulary; the peer checks them in a loop over rows.

Run: python benchmarks/registry_validate.py
"""

import re
import time
from statistics import median

import numpy as np
import pandas as pd

from aspfin import registry
from aspfin.registry.schema import COLUMNS, empty_frame

ROWS, RUNS, FEW = 1_000_000, 5, 20_000


def records(rows=ROWS, seed=0):
    rng = np.random.default_rng(seed)
    frame = empty_frame(pd.RangeIndex(rows))
    number = pd.Series(np.arange(rows)).astype("str")
    born = np.datetime64("1940-01-01", "s") + rng.integers(0, 30_000, rows) * np.timedelta64(86_400, "s")
    filled = {
        "list_id": "cash",
        "programme": "Cash",
        "record_id": number,
        "person_id": number.str.zfill(9),
        "name_latin": rng.choice(["Sok Dara", "Chan Pisey", "Keo Sophea"], rows),
        "sex": rng.choice(["female", "male"], rows),
        "birth_date": born,
        "birth_year": pd.Series(born).dt.year,
        "birth_precision": "day",
        "village_code": rng.choice([f"KH{code:08d}" for code in range(1_010_101, 1_010_999)], rows),
        "province": "KH01",
        "phone": "012345678",
        "amount": rng.integers(1, 20, rows) * 40_000.0,
        "row": np.arange(rows) + 2,
        "source_file": "cash.csv",
    }
    for name, values in filled.items():
        frame[name] = pd.Series(values, index=frame.index).astype(COLUMNS[name].dtype)
    return frame


def row_by_row(frame):
    """Count broken rules of columns by a plain loop."""
    broken = 0
    for record in frame.to_dict("records"):
        for name, column in COLUMNS.items():
            value = record[name]
            if pd.isna(value):
                broken += column.required
                continue
            wrong = bool(column.allowed) and value not in column.allowed
            wrong |= bool(column.pattern) and not re.fullmatch(column.pattern, value)
            wrong |= column.least is not None and value < column.least
            broken += wrong
    return broken


def main():
    frame = records()
    registry.validate(frame.head(1_000))
    seconds = []
    for _ in range(RUNS):
        start = time.perf_counter()
        told = registry.validate(frame)
        seconds.append(time.perf_counter() - start)
    few = frame.head(FEW)
    start = time.perf_counter()
    row_by_row(few)
    loop = (time.perf_counter() - start) * ROWS / FEW
    print("| | seconds |\n|---|---:|")
    print(f"| `validate`, {ROWS:,} rows ({told.sentence()}) | {median(seconds):.2f} |")
    print(f"| the same rules row by row (from {FEW:,} rows) | {loop:.0f} |")


if __name__ == "__main__":
    main()
