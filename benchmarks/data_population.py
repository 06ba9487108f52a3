"""A million synthetic households, and a survey of 5,000 drawn from them: seconds and memory.

Run: python benchmarks/data_population.py
"""

import resource
import time
from statistics import median

from aspfin.data.synthetic import household_population, household_survey

HOUSEHOLDS, RUNS = 1_000_000, 3


def seconds(call):
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def main():
    print("| calculation | seconds | worst published margin |")
    print("|---|---:|---:|")
    for country in ("KHM", "ZMB"):
        times = []
        for _ in range(RUNS):
            start = time.perf_counter()
            population = household_population(country, households=HOUSEHOLDS, seed=0)
            times.append(time.perf_counter() - start)
        margins = population.margins
        worst = margins.difference[margins.status.isin(["verified", "press"])].abs().max()
        print(f"| {HOUSEHOLDS:,} households, {country} | {median(times):.1f} | {100 * worst:.2f} % |")
    survey = median(seconds(lambda: household_survey(population)) for _ in range(RUNS))
    print(f"| survey of 500 villages × 10 households from them | {survey:.2f} | |")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"\nPeak memory {peak:,.0f} MB. Asked for: at most 30 s and 3 GB for a million households.")


if __name__ == "__main__":
    main()
