"""Six response options, 25 provinces, 10,000 draws of every uncertain input, on 20,000 households.

Run: python benchmarks/programmes_response.py
"""

import time
from statistics import median

from aspfin.data.synthetic import household_population
from aspfin.programmes import compare_responses, load_country, shocks

DRAWS, RUNS, SECONDS = 10_000, 3, 10.0


def main():
    """Print the median time of a comparison, with and without draws."""
    khm = load_country("KHM")
    people = household_population("KHM", households=20_000, seed=0)
    flood = shocks.from_event(khm, "flood_2022")
    for draws in (0, DRAWS):
        taken, computed = [], []
        for _ in range(RUNS):
            start, busy = time.perf_counter(), time.process_time()
            result = compare_responses(khm, flood, population=people, draws=draws)
            taken.append(time.perf_counter() - start)
            computed.append(time.process_time() - busy)
        rows = len(result.by_province)
        verdict = "" if draws == 0 else f" (at most {SECONDS:g} s asked for)"
        print(
            f"{draws:>6,} draws, {rows} option × province rows: median {median(taken):.2f} s{verdict}, "
            f"processor {median(computed):.2f} s"
        )


if __name__ == "__main__":
    main()
