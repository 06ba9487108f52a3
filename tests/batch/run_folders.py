"""Finished reports made by hand, in the form that a run leaves them."""

import json
from hashlib import sha256
from pathlib import Path

from aspfin.batch.runner import template_path
from aspfin.reporting.identity import template_hash

TEMPLATE_HASH = template_hash(template_path("financing").read_bytes())
PARAMETERS = {
    "title": None,
    "country": "KHM",
    "area": "national",
    "financing": {"years": 10, "seed": 2024, "instruments": [{"type": "contingency_fund", "limit_usd": 2e6}]},
}


def write_case(folder: Path, name: str, *, headline=None, status="made", files=None, **identity) -> dict:
    """Write one case; `identity` replaces parts of its identity. Return its run.json."""
    values = {"fund": 48.0e6, "unmet": 0.018} if headline is None else headline
    made = {
        "report.html": f"<h1>{name}</h1>",
        "results.json": json.dumps(values),
        "tables/layers.csv": "a,b\n1,2\n",
    }
    made = {"report_failed.html": "<h1>failed</h1>"} if status == "failed" else made | (files or {})
    record = {
        "kind": "financing", "name": name, "title": f"Floods: {name}", "parameter_file": "floods.yaml",
        "varied": {"area": name}, "status": status,
        "failure": {"error": "MemoryError: no room", "cell": "cell 7"} if status == "failed" else None,
        "headline": [] if status == "failed" else [
            {"name": one, "label": one.title(), "value": value, "unit": "USD"} for one, value in values.items()
        ],
        "failed_checks": [], "started": "2026-01-02T03:04:05Z", "finished": "2026-01-02T03:04:09Z",
        "seconds": 4.0, "kernel": "warm", "attempts": 1,
        "identity": {
            "hash": "", "parameters": {**PARAMETERS, "area": name}, "parameter_hash": "p0",
            "template": "financing.ipynb", "template_hash": TEMPLATE_HASH, "package_version": "0.1.0",
            "package_hash": "0123456789abcdef", "data": {"KHM/events.csv": "aa11", "households.csv": "bb22"},
            "python": "3.11.9", "libraries": {"numpy": "2.4.6", "pandas": "3.1.0"},
        } | identity,
        "outputs": {one: sha256(text.encode()).hexdigest() for one, text in sorted(made.items())},
    }  # fmt: skip
    record["identity"]["hash"] = sha256(json.dumps(record["identity"], sort_keys=True).encode()).hexdigest()[
        :16
    ]
    for one, text in made.items():
        place = folder / one
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
    (folder / "run.json").write_text(json.dumps(record), encoding="utf-8")
    return record


def write_synthesis(folder: Path) -> None:
    """Write the report on all cases of a batch, beside them."""
    from aspfin.batch.synthesis import KIND

    told = {"template": KIND.template, "template_hash": template_hash(template_path(KIND).read_bytes())}
    record = write_case(folder / "synthesis", "synthesis", headline={}, parameters={"title": "All"}, **told)
    (folder / "synthesis" / "run.json").write_text(
        json.dumps(record | {"kind": "synthesis"}), encoding="utf-8"
    )


def write_batch(folder: Path, names, **each) -> Path:
    """Write a batch of cases; `each` maps a name to arguments of `write_case`."""
    for name in names:
        write_case(folder / name, name, **each.get(name, {}))
    for name in ("index.html", "summary.csv"):
        (folder / name).write_text(f"{name}\n", encoding="utf-8")
    (folder / "batch.json").write_text(json.dumps({"title": "Floods"}), encoding="utf-8")
    return folder
