"""Yesterday's parameters under today's code and data: what separates them in a comparison of two batches."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from aspfin.batch.runner import Progress, Way, run
from aspfin.batch.state import read_record
from aspfin.reporting.parameters import build, sections_of
from aspfin.reporting.reading import Case
from aspfin.results import InputError

__all__ = ["headline_today"]


def headline_today(
    record: Mapping[str, Any], *, progress: Progress | None = None
) -> list[dict[str, Any]] | None:
    """Make a report again from the parameters in its record and return its headline figures.

    None where that cannot be done: the parameters are no longer valid, they name a data file of one's own
    (records hold names, not places), or the report fails.
    """
    given = {name: value for name, value in record["identity"]["parameters"].items() if value is not None}
    try:
        parameters = build(record["kind"], given)
    except InputError:
        return None
    file = Path(record["parameter_file"])
    case = Case(record["kind"], file.stem, parameters, sections_of(parameters), file, {}, record["title"])
    with TemporaryDirectory() as place:
        (outcome,) = run([case], output=place, way=Way(), progress=progress)
        made = read_record(outcome.folder)
    return None if outcome.failure or made is None else made["headline"]
