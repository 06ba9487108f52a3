"""Six synthetic programme lists of about 100,000 and a million records: seconds and memory.

Run: python benchmarks/data_registry_lists.py
"""

import resource
import time

from aspfin.data.synthetic import registry_lists

HOUSEHOLDS = (42_000, 430_000)


def main():
    print("| households | records | people on the lists | seconds | peak memory |")
    print("|---:|---:|---:|---:|---:|")
    for households in HOUSEHOLDS:
        start = time.perf_counter()
        made = registry_lists(households=households, seed=0)
        seconds = time.perf_counter() - start
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        people = made.truth.person.nunique()
        print(f"| {households:,} | {len(made.truth):,} | {people:,} | {seconds:.1f} | {peak:,.0f} MB |")
    print("\nAsked for: at most 60 s for a million records.")


if __name__ == "__main__":
    main()
