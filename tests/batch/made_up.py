"""Batches written by hand: the run.json and results.json of their cases, small enough to check by eye."""

import json

import numpy as np
import pandas as pd

FIGURES = {"need": ("mean need", "USD per year"), "dry": ("runs dry", "probability")}


def estimate(value, error, n_obs=400, n_clusters=40, name="effect_on_food", p=None, **more):
    from scipy import special

    p = float(2 * special.ndtr(-abs(value / error))) if p is None else p
    return {
        **{"name": name, "label": "Effect on food eaten", "outcome": "food", "group": "", "estimate": value},
        **{"std_error": error, "df": None, "ci_low": value - 1.96 * error, "ci_high": value + 1.96 * error},
        **{"p_value": p, "n_obs": n_obs, "n_clusters": n_clusters, "unit": "score", "method": "difference"},
        **more,
    }


def check(name, passed):
    return {"name": name, "passed": passed, "question": "?", "text": "", "statistic": None, "p_value": None}


def case(
    folder, name, values=None, *, kind="financing", varied=None, estimates=(), failure=None, checks=(),
    unverified=(), tables=None, headline=None, **run,
):  # fmt: skip
    """Write one case; `values` by the names of FIGURES, `headline` whole figures instead."""
    place = folder / name
    (place / "tables").mkdir(parents=True)
    figures = headline or [
        {"name": key, "label": FIGURES[key][0], "unit": FIGURES[key][1], "value": value}
        for key, value in (values or {}).items()
    ]
    listed = []
    for table, frame in (tables or {}).items():
        frame.to_csv(place / "tables" / f"{table}.csv", index=False)
        listed.append(
            {"name": table, "file": f"tables/{table}.csv", "rows": len(frame), "columns": list(frame)}
        )
    results = {
        "headline": figures,
        "sentences": [f"{name} is told."],
        "checks": list(checks),
        "unverified": list(unverified),
        "estimates": list(estimates),
        "tables": listed,
    }
    record = {
        "kind": kind,
        "name": f"batch/{name}",
        "title": f"Floods, {name}",
        "varied": {"area": name} if varied is None else varied,
        "status": "failed" if failure else "made",
        "failure": failure,
        "headline": [] if failure else figures,
        "failed_checks": [one for one in checks if one["passed"] is False],
        "identity": {"parameter_hash": "abc", "package_version": "0.1.0"},
        "seeds": {},
        "data_hash": "abc",
        **run,
    }
    (place / "run.json").write_text(json.dumps(record), encoding="utf-8")
    if not failure:
        (place / "results.json").write_text(json.dumps(results), encoding="utf-8")
        (place / "report.html").write_text("<p>whole report</p>", encoding="utf-8")
    return place


def curve(top):
    return pd.DataFrame({"return_period": [2, 5, 10, 50], "need": np.array([0.1, 0.4, 0.7, 1.0]) * top})


def coverage(folder, name, n, value=0.2, **more):
    """Write a case of household data: coverage with its error, resting on n rows; n None: hidden in its report."""
    figure = {"name": "coverage", "label": "Coverage", "unit": "share", "value": None if n is None else value}
    one = [] if n is None else [estimate(value, 0.05, n, name="coverage", label="Coverage", unit="share")]
    return case(folder, name, kind="performance", headline=[figure], estimates=one, **more)
