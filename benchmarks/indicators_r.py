"""Indicators with design-based standard errors against R: package survey, and convey where it is installed.

The same figures on 100,000 rows: measures of one programme for everyone and 20 groups, headcounts, and the
Gini (convey only). An answer is compared as well. aspfin does not need R: without Rscript this says so.

Run: python benchmarks/indicators_r.py
"""

import gc
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np
import pandas as pd

from aspfin import indicators
from aspfin.indicators import SurveyDesign, aspire_table

ROWS, RUNS = 100_000, 5
GROUPS = ["quintile", "area", "head", "disability", "region"]
LINE = 9_000.0

# Times three blocks, each RUNS times after one that is left out, and writes median seconds and some answers.
R = r"""
suppressMessages({library(survey)})
has_convey <- suppressWarnings(require(convey, quietly = TRUE))
args <- commandArgs(TRUE); runs <- as.integer(args[2]); line <- as.numeric(args[3])
df <- read.csv(args[1])
df$R <- as.numeric(df$t > 0); df$yR <- df$food * df$R; df$before <- df$food - df$t
df$p0 <- as.numeric(df$before < line); df$p1 <- pmax(line - df$before, 0) / line
df$f0 <- df$p0 - (df$food < line); df$f1 <- df$p1 - pmax(line - df$food, 0) / line; df$gap <- df$f1 * line
kinds <- c("quintile", "area", "head", "disability", "region")
for (k in kinds) df[[k]] <- factor(df[[k]])
design <- svydesign(ids = ~village, strata = ~stratum, weights = ~w, data = df, nest = TRUE)
measures <- function() {
  found <- list(svymean(~R, design))
  pairs <- list(c("t", "yR"), c("t", "R"), c("f0", "p0"), c("f1", "p1"), c("gap", "t"))
  for (p in pairs) found <- c(found, list(svyratio(reformulate(p[1]), reformulate(p[2]), design)))
  for (k in kinds) {
    g <- reformulate(k)
    found <- c(found, list(svyby(~R, g, design, svymean)))
    for (p in pairs) {
      one <- svyby(reformulate(p[1]), g, design, svyratio, denominator = reformulate(p[2]))
      found <- c(found, list(one))
    }
    dummies <- model.matrix(reformulate(c("0", k)), df)
    for (a in c("R", "t")) {
      parts <- as.data.frame(dummies * df[[a]]); names(parts) <- paste0("d", seq_along(parts))
      with_parts <- design; with_parts$variables <- cbind(df[a], parts)
      found <- c(found, list(svyratio(reformulate(names(parts)), reformulate(a), with_parts)))
    }
  }
  found
}
headcounts <- function() {
  found <- list(svymean(~p0, design))
  for (k in kinds) found <- c(found, list(svyby(~p0, reformulate(k), design, svymean)))
  found
}
blocks <- list(measures = measures, headcounts = headcounts)
if (has_convey) {
  prepared <- convey_prep(design)
  blocks$gini <- function() svygini(~food, prepared)
}
for (name in names(blocks)) {
  times <- sapply(seq_len(runs + 1), function(i) { gc(); system.time(blocks[[name]]())[["elapsed"]] })
  cat(name, median(times[-1]), "\n")
}
adq <- svyratio(~t, ~yR, design)
cat("answer adq", format(c(coef(adq), SE(adq)), digits = 16), "\n")
"""


def survey(seed=0):
    rng = np.random.default_rng(seed)
    village = np.sort(rng.integers(0, 1_000, ROWS))
    food = rng.lognormal(9.5, 0.6, ROWS)
    df = pd.DataFrame(
        {"village": village, "stratum": village % 20, "w": rng.uniform(5, 30, ROWS), "food": food}
    )
    df["area"] = np.where(village % 4 == 0, "urban", "rural")
    df["head"] = np.where(rng.random(ROWS) < 0.3, "woman", "man")
    df["disability"] = rng.integers(0, 2, ROWS)
    df["region"] = village % 9
    gets = rng.random(ROWS) < 0.5 * np.exp(-food / food.mean())
    df["t"] = np.where(gets, rng.uniform(0.02, 0.08, ROWS) * food, 0.0)
    return df


def ours(df):
    """Median seconds of the same blocks, designs built outside as in R; and the adequacy."""
    design = SurveyDesign(df, weights="w", strata="stratum", psu="village")
    before = SurveyDesign(
        df.assign(before=df["food"] - df["t"]), weights="w", strata="stratum", psu="village"
    )
    calls = {
        "measures": lambda: aspire_table(design, welfare="food", transfer="t", poverty_line=LINE, by=GROUPS),
        "headcounts": lambda: [
            indicators.headcount(before, "before", poverty_line=LINE, by=by) for by in (None, *GROUPS)
        ],
        "gini": lambda: indicators.gini(design, "food", convention="convey"),
    }
    times = {name: [] for name in calls}
    for round_ in range(RUNS + 1):
        for name, call in calls.items():
            gc.collect()
            start = time.perf_counter()
            call()
            if round_:
                times[name].append(time.perf_counter() - start)
    share = indicators.adequacy(design, welfare="food", transfer="t")
    return {name: median(values) for name, values in times.items()}, share


def main():
    if shutil.which("Rscript") is None:
        print("Rscript is not installed; nothing to compare with (Debian: apt install r-cran-survey)")
        return
    df = survey()
    plain = SurveyDesign(df, weights="w", strata="stratum", psu="village")
    df["quintile"] = indicators.quantile_groups(plain, "food").astype(int)
    with tempfile.TemporaryDirectory() as folder:
        data, script = Path(folder, "survey.csv"), Path(folder, "survey.R")
        df.to_csv(data, index=False, float_format="%.17g")
        script.write_text(R)
        said = subprocess.run(
            ["Rscript", script, data, str(RUNS), str(LINE)], capture_output=True, text=True, check=False
        )
    if said.returncode:
        print(f"R did not finish: {said.stderr.strip().splitlines()[-1]}")
        return
    lines = [line.split() for line in said.stdout.splitlines()]
    theirs = {words[0]: float(words[1]) for words in lines if len(words) == 2}
    answer = next(words[2:] for words in lines if words[:2] == ["answer", "adq"])
    found, share = ours(df)
    print(f"{ROWS:,} rows, 1,000 villages (median of {RUNS} runs)")
    names = {
        "measures": "measures of a programme, 20 groups (R without Gini)",
        "headcounts": "headcount, everyone and 20 groups",
        "gini": "Gini with standard error (convey)",
    }
    for name, words in names.items():
        if name not in theirs:
            print(f"  {words:<54} aspfin {found[name]:6.3f} s   R package convey is not installed")
            continue
        times = theirs[name] / found[name]
        print(
            f"  {words:<54} aspfin {found[name]:6.3f} s   R {theirs[name]:7.3f} s   R / aspfin {times:6.1f}"
        )
    off = max(abs(share.value / float(answer[0]) - 1), abs(share.std_error / float(answer[1]) - 1))
    print(f"  adequacy and its standard error differ from R's by {off:.1e} (relative)")


if __name__ == "__main__":
    main()
