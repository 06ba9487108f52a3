"""Annual need: simulated and exact layer tables, beside what a straightforward program does.

Run: python benchmarks/need_layers.py
Case: Poisson 0.8 events a year, lognormal events of mean 20 and coefficient of variation 1.5; five layers and
the values at risk at 0.9, 0.95, 0.99 and 0.995. Times are medians of at least five runs; memory is what one
run adds to the resident size of a fresh process.
"""

import multiprocessing
import random
import statistics
import time
from pathlib import Path

import numpy as np
from scipy import stats

from aspfin.financing.frequency import Poisson
from aspfin.financing.need import Need
from aspfin.financing.severity import Lognormal
from aspfin.financing.simulation import simulate_layers

YEARS = 10_000_000
LOOP_YEARS = 100_000
LAYERS = [(0, 10), (10, 20), (30, 30), (60, 40), (100, 100)]
EXACT = np.array([4.658328109, 5.034799893, 3.211136782, 1.639691435, 1.079818159])
PROBABILITIES = [0.9, 0.95, 0.99, 0.995]
RATE, MEAN, CV = 0.8, 20.0, 1.5
SDLOG = np.sqrt(np.log1p(CV**2))
MEANLOG = np.log(MEAN) - SDLOG**2 / 2


def build():
    return Need.from_frequency_severity(Poisson(RATE), Lognormal(MEAN, CV))


def simulated():
    """Our simulation: 10 million years, in chunks."""
    need = build_once()
    return simulate_layers(need, LAYERS, years=YEARS, seed=1).layers["expected"].to_numpy()


def simulated_plainly():
    """The same in scipy.stats and numpy, all years at once."""
    counts = stats.poisson(RATE).rvs(YEARS, random_state=1)
    sizes = stats.lognorm(s=SDLOG, scale=np.exp(MEANLOG)).rvs(counts.sum(), random_state=2)
    annual = np.bincount(np.repeat(np.arange(YEARS), counts), sizes, YEARS)
    np.quantile(annual, PROBABILITIES)
    return np.array([np.clip(annual - a, 0, limit).mean() for a, limit in LAYERS])


def simulated_by_loop():
    """The same as a Python loop over years, on a hundredth of them."""
    rng = random.Random(1)
    annual = []
    for _ in range(LOOP_YEARS):
        total, clock = 0.0, rng.expovariate(RATE)
        while clock < 1:
            total += rng.lognormvariate(MEANLOG, SDLOG)
            clock += rng.expovariate(RATE)
        annual.append(total)
    annual.sort()
    return np.array([sum(min(max(x - a, 0), limit) for x in annual) / LOOP_YEARS for a, limit in LAYERS])


def exact():
    """Our exact table: need, five layers, four values at risk with their tail means."""
    need = build()
    need.value_at_risk(PROBABILITIES)
    need.tail_value_at_risk(PROBABILITIES)
    return np.array([need.layer(a, limit).expected for a, limit in LAYERS])


def exact_plainly():
    """The textbook transform: severity rounded to the nearest of 2²⁰ points, complex numbers, no padding."""
    points, step = 2**20, 2.0**-7
    edges = np.append(0.0, step * (np.arange(points) + 0.5))
    masses = np.diff(stats.lognorm(s=SDLOG, scale=np.exp(MEANLOG)).cdf(edges))
    annual = np.fft.ifft(np.exp(RATE * (np.fft.fft(masses) - 1))).real
    amounts = step * np.arange(points)
    np.searchsorted(np.cumsum(annual), PROBABILITIES)
    return np.array([np.clip(amounts - a, 0, limit) @ annual for a, limit in LAYERS])


_NEED = []


def build_once():
    if not _NEED:
        _NEED.append(build())
    return _NEED[0]


def _resident(name):
    """Read this process's resident size (VmRSS) or its peak (VmHWM) in MB, as Linux reports it."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(name))


def _peak(function, queue):
    build_once()  # what the run needs before it starts is not part of it
    before = _resident("VmRSS")
    function()
    queue.put(_resident("VmHWM") - before)


def peak_megabytes(function):
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    process = context.Process(target=_peak, args=(function, queue))
    process.start()
    peak = queue.get()
    process.join()
    return peak


def measure(name, function, *, runs=5, scale=1):
    function()
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        result = function()
        times.append(time.perf_counter() - start)
    error = np.max(np.abs(result / EXACT - 1))
    seconds = statistics.median(times) * scale
    note = f" (from {LOOP_YEARS:,} years)" if scale > 1 else ""
    print(f"{name:<52}{seconds:>9.3f}{peak_megabytes(function):>9.0f}{error:>13.1e}{note}")
    return seconds


def main():
    print(f"{'':<52}{'seconds':>9}{'MB':>9}{'worst error':>13}")
    ours = measure(f"simulate_layers, {YEARS:,} years × 5 layers, VaR", simulated)
    plain = measure("  scipy.stats and numpy, all years at once", simulated_plainly)
    loop = measure("  Python loop", simulated_by_loop, scale=YEARS // LOOP_YEARS)
    table = measure("exact layers, VaR and TVaR by Fourier transform", exact)
    textbook = measure("  textbook transform in scipy.stats and numpy", exact_plainly)
    print(
        f"\nsimulation: {plain / ours:.1f} times as fast as the plain program, {loop / ours:.0f} as the loop"
    )
    print(f"exact: {textbook / table:.1f} times as fast as the textbook program")


if __name__ == "__main__":
    main()
