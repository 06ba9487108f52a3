"""Many reports: `aspfin run` beside a papermill loop, ploomber-engine and the bare arithmetic, in one run.

The report: a panel of 25,000 rows, two-way fixed effects, a regression with clustered errors, a hundred
thousand simulated years, three seaborn figures. Start-ups are included. `--cases 100` asks for the longer
comparison, `--memory` for the memory of 200 cases; `--ploomber PYTHON` names the interpreter of another
environment, one that has ploomber-engine: it registers itself with papermill and would slow the others down.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

import psutil

from aspfin.batch import preload
from aspfin.batch.kernels import kernels

WORKERS = 2
IMPORTS = """
import json
from pathlib import Path
import numpy as np
import pandas as pd
import seaborn as sns
import statsmodels.api as sm
from linearmodels.panel import PanelOLS
from matplotlib.figure import Figure
"""
CELLS = (
    """
rng = np.random.default_rng(seed)
units, years = 2_500, 10
frame = pd.DataFrame({"unit": np.repeat(np.arange(units), years), "year": np.tile(np.arange(years), units)})
frame["treated"] = ((frame["unit"] % 2 == 0) & (frame["year"] >= 5)).astype(float)
effect = rng.normal(size=units)[frame["unit"]] + rng.normal(size=years)[frame["year"]]
frame["outcome"] = 1.5 * frame["treated"] + effect + rng.normal(size=len(frame))
frame["village"] = frame["unit"] // 25
""",
    """
panel = frame.set_index(["unit", "year"])
model = PanelOLS.from_formula("outcome ~ treated + EntityEffects + TimeEffects", panel)
twoway = model.fit(cov_type="clustered", cluster_entity=True)
""",
    """
design = sm.add_constant(frame[["treated", "year"]])
ols = sm.OLS(frame["outcome"], design).fit(cov_type="cluster", cov_kwds={"groups": frame["village"]})
""",
    """
counts = rng.poisson(0.6, 100_000)
losses = np.bincount(np.repeat(np.arange(100_000), counts), rng.lognormal(2.0, 1.0, counts.sum()), 100_000)
tail = np.quantile(losses, [0.5, 0.9, 0.95, 0.99])
""",
    """
figure = Figure(figsize=(6, 4)); axes = figure.subplots()
means = frame.groupby(["year", "treated"], as_index=False)["outcome"].mean()
sns.lineplot(means, x="year", y="outcome", hue="treated", ax=axes)
display(figure)
""",
    """
figure = Figure(figsize=(6, 4)); axes = figure.subplots()
sns.histplot(losses[losses > 0], bins=60, log_scale=True, ax=axes)
display(figure)
""",
    """
figure = Figure(figsize=(6, 4)); axes = figure.subplots()
sns.boxplot(frame[frame["year"] > 4], x="year", y="outcome", hue="treated", ax=axes)
display(figure)
""",
    """
headline = [{"name": "effect", "label": "effect", "value": float(twoway.params["treated"]), "unit": ""}]
more = {"tail": tail.tolist(), "ols": float(ols.params["treated"]), "error": float(ols.bse["treated"])}
_ = Path(output_folder, "results.json").write_text(json.dumps({"headline": headline, "more": more}))
""",
)


def notebook() -> str:
    cells = [
        ("seed = 0\noutput_folder = '.'", ["parameters"]),
        (IMPORTS.strip(), []),
        *((cell.strip(), []) for cell in CELLS),
    ]
    made = [
        {
            "cell_type": "code",
            "id": f"c{n}",
            "metadata": {"tags": tags},
            "source": text,
            "outputs": [],
            "execution_count": None,
        }
        for n, (text, tags) in enumerate(cells)
    ]
    spec = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    return json.dumps({"cells": made, "metadata": spec, "nbformat": 4, "nbformat_minor": 5})


def one_bare(job: tuple[int, str]) -> None:
    """Run the report's code as a function, its figures drawn as a notebook would."""
    from IPython.core.pylabtools import print_figure

    seed, folder = job
    scope = {
        "seed": seed,
        "output_folder": folder,
        "display": lambda figure: print_figure(figure, base64=True),
    }
    exec(compile(IMPORTS + "".join(CELLS), "report", "exec"), scope)  # this file's own code


def bare(seeds: list[int], folder: Path) -> None:
    """Fork a process for each report from one that has imported everything: what no engine can beat."""
    code = (
        "import sys, json; sys.path.insert(0, sys.argv[1]); import batch_engine; "
        "batch_engine.forked(json.loads(sys.argv[2]), sys.argv[3])"
    )
    here = str(Path(__file__).parent)
    one_thread = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")}
    command = [sys.executable, "-c", code, here, json.dumps(seeds), str(folder)]
    subprocess.run(command, check=True, env={**os.environ, **one_thread})


def forked(seeds: list[int], folder: str) -> None:
    exec(compile(IMPORTS, "imports", "exec"), {})
    from IPython.core.pylabtools import print_figure  # noqa: F401 - imported before the fork

    jobs = []
    for seed in seeds:
        (Path(folder) / str(seed)).mkdir(parents=True)
        jobs.append((seed, str(Path(folder) / str(seed))))
    with multiprocessing.get_context("fork").Pool(WORKERS, maxtasksperchild=1) as pool:
        pool.map(one_bare, jobs, chunksize=1)


def papermill_loop(seeds: list[int], folder: Path) -> None:
    code = (
        "import sys, json, papermill\n"
        "for seed in json.loads(sys.argv[1]):\n"
        "    papermill.execute_notebook(sys.argv[2], f'{sys.argv[3]}/{seed}.ipynb', "
        "parameters={'seed': seed, 'output_folder': sys.argv[3]}, progress_bar=False)"
    )
    folder.mkdir()
    command = [sys.executable, "-c", code, json.dumps(seeds), str(template(folder)), str(folder)]
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)


def ploomber_engine(seeds: list[int], folder: Path, python: str = sys.executable) -> None:
    code = (
        "import sys, json\nfrom ploomber_engine import execute_notebook\n"
        "for seed in json.loads(sys.argv[1]):\n"
        "    execute_notebook(sys.argv[2], f'{sys.argv[3]}/{seed}.ipynb', "
        "parameters={'seed': seed, 'output_folder': sys.argv[3]}, progress_bar=False)"
    )
    folder.mkdir()
    command = [python, "-c", code, json.dumps(seeds), str(template(folder)), str(folder)]
    quiet = {**os.environ, "PLOOMBER_STATS_ENABLED": "false"}
    subprocess.run(command, check=True, env=quiet, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def template(folder: Path) -> Path:
    path = folder / "bench.ipynb"
    path.write_text(notebook())
    return path


def aspfin_run(seeds: list[int], folder: Path) -> None:
    """Run the reports by the engine in a process of its own, as the command line does."""
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import batch_engine; batch_engine.engine(*sys.argv[2:])"
    )
    (folder / "bench").mkdir(parents=True, exist_ok=True)
    template(folder)
    (folder / "bench" / "reports.yaml").write_text(f"batch: {{seed: {seeds}}}\n")
    command = [sys.executable, "-c", code, str(Path(__file__).parent), str(folder)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


class Memory:
    """Listen to a run and note the memory of this process and of the warm parent after each report."""

    def __init__(self) -> None:
        self.megabytes: list[float] = []

    def planned(self, todo, kept, jobs) -> None: ...
    def began(self, case) -> None: ...
    def noted(self, text) -> None: ...

    def ended(self, outcome) -> None:
        me = psutil.Process()
        parents = [one for one in me.children() if "aspfin.batch.warm_parent" in one.cmdline()]
        self.megabytes.append(sum(one.memory_info().rss for one in (me, *parents)) / 1e6)


def engine(folder: str, progress: Memory | None = None) -> None:
    """Make the reports as `aspfin run` does: the warm parent imports while the files are read."""
    preload.HEAVY["bench"] = ("seaborn", "statsmodels.api", "linearmodels.panel")
    with kernels(modules=preload.modules_for({"bench"})) as source:
        from aspfin.batch.runner import Way, run
        from aspfin.reporting import parameters as kinds
        from aspfin.reporting.instrument_parameters import Section
        from aspfin.reporting.reading import read_files

        class BenchParameters(Section):
            seed: int = 0  # the one thing that differs between the reports

        kinds.KINDS["bench"] = kinds.ReportKind("bench", "", BenchParameters, f"{folder}/bench.ipynb")
        cases = read_files([Path(folder, "bench")])
        way = Way(jobs=WORKERS, source=source)
        outcomes = run(cases, output=Path(folder, "reports"), way=way, progress=progress)
    failed = [str(one) for one in outcomes if one.failure]
    if failed:
        raise SystemExit("\n".join(failed))


def memory(cases: int) -> None:
    """Print how much more memory the engine holds after many reports than after a few."""
    seen = Memory()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "bench").mkdir()
        template(folder)
        (folder / "bench" / "reports.yaml").write_text(f"batch: {{seed: {list(range(cases))}}}\n")
        engine(place, seen)
    early, late = statistics.median(seen.megabytes[10:30]), statistics.median(seen.megabytes[-20:])
    print(
        f"memory of the run and its warm parent: {early:.0f} MB after 10 to 30 reports, "
        f"{late:.0f} MB after {cases}"
    )


PEERS = {
    "papermill loop": papermill_loop,
    "the arithmetic alone, forked, 2 at a time": bare,
    "aspfin, -j 2": aspfin_run,
}


def timed(make, seeds: list[int]) -> float:
    with tempfile.TemporaryDirectory() as place:
        started = time.perf_counter()
        make(seeds, Path(place) / "out")
        return time.perf_counter() - started


def unchanged(seeds: list[int]) -> float:
    """Return how long a second run takes when nothing changed."""
    with tempfile.TemporaryDirectory() as place:
        aspfin_run(seeds, Path(place))
        started = time.perf_counter()
        aspfin_run(seeds, Path(place))
        return time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=25)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--ploomber", metavar="PYTHON")
    parser.add_argument("--memory", action="store_true")
    asked = parser.parse_args()
    if asked.memory:
        memory(200)
        return
    seeds = list(range(1, asked.cases + 1))
    peers = dict(PEERS)
    if asked.ploomber:
        peers["ploomber-engine"] = partial(ploomber_engine, python=asked.ploomber)
    times: dict[str, list[float]] = {name: [] for name in peers}
    for _ in range(asked.rounds):  # turn and turn about, so that a busy moment hits everybody alike
        for name, make in peers.items():
            times[name].append(timed(make, seeds))
            print(f"{name}: {times[name][-1]:.1f} s", file=sys.stderr)
    median = {name: statistics.median(found) for name, found in times.items()}
    print(f"| {asked.cases} reports, median of {asked.rounds} | seconds | a report | of the loop |")
    print("|---|---:|---:|---:|")
    for name, seconds in median.items():
        share = seconds / median["papermill loop"]
        print(f"| {name} | {seconds:.1f} | {seconds / asked.cases:.2f} | {share:.2f} |")
    print(f"| aspfin again, nothing changed | {unchanged(seeds):.2f} | | |")


if __name__ == "__main__":
    main()
