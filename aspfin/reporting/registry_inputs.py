"""The lists of a registry report: read from files, harmonised, and what is known of their truth.

Made-up lists are written to a temporary folder in the formats in which offices send them and read back, so
that nothing in the report depends on their being made up; the folder is gone when they are read.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pandas as pd

from aspfin.results import InputError

if TYPE_CHECKING:
    from aspfin.registry.harmonise import Harmonised
    from aspfin.reporting.registry_parameters import RegistryParameters

__all__ = ["Loaded", "Truth", "load"]


@dataclass(frozen=True, eq=False)
class Truth:
    """What is known of made-up lists.

    Attributes
    ----------
    records : DataFrame
        list_id, record_id, person, household, duplicate, paid_twice, not_eligible.
    persons : DataFrame
        One row per person: eligible_<list>, in_<list>, household and more; personal data of nobody real.
    planted : DataFrame
        list_id, kind, records, share, stated.
    """

    records: pd.DataFrame
    persons: pd.DataFrame
    planted: pd.DataFrame


@dataclass(frozen=True, eq=False)
class Loaded:
    """The lists as the report uses them.

    Attributes
    ----------
    lists : dict of str to Harmonised
        In the order of the report. Hold personal data.
    files : DataFrame
        One row per list: list_id, file, format, rows_in_file, rows_not_read, rejected, records, balanced,
        cells_odd (told by the reader), changes (made when harmonised, to single values).
    changes : DataFrame
        list_id, column, kind, count.
    fingerprint : str
        Hash of the files as read.
    truth : Truth or None
    """

    lists: dict[str, Harmonised]
    files: pd.DataFrame
    changes: pd.DataFrame
    fingerprint: str
    truth: Truth | None = field(default=None, repr=False)


def load(parameters: RegistryParameters) -> Loaded:
    """Read and harmonise the lists of a parameter file.

    Parameters
    ----------
    parameters : RegistryParameters
        With absolute paths (`reporting.parameters.build`).

    Raises
    ------
    InputError
        A file cannot be read, or lacks a column that the mapping names.
    """
    data = parameters.data
    names = [one.list for one in parameters.lists]
    if data.synthetic is None:
        return _read(Path(str(data.mapping)), Path(str(data.folder)), names, None)
    from aspfin.data import synthetic

    made = synthetic.registry_lists(
        "KHM", households=data.synthetic.households, seed=data.synthetic.seed, script=data.synthetic.script
    )
    truth = Truth(made.truth, made.persons, made.planted)
    with TemporaryDirectory(prefix="aspfin-lists-") as folder:
        made.write(folder)
        return _read(Path(folder, "mapping.yaml"), Path(folder), names, truth)


def _read(mapping: Path, folder: Path, names: list[str], truth: Truth | None) -> Loaded:
    from aspfin import registry
    from aspfin.data import lists as reader

    rules = registry.read_mapping(mapping)
    harmonised: dict[str, Any] = {}
    rows, problems, digest = [], [], hashlib.sha256()
    for name in names:
        path = folder / rules[name].file
        digest.update(path.read_bytes())
        try:
            told = reader.read(path)
            harmonised[name] = registry.harmonise(told, rules[name])
        except InputError as error:
            problems += error.problems
            continue
        rows.append(_accounted(name, told, harmonised[name]))
    if problems:
        raise InputError(problems)
    changes = pd.concat([one.to_frame() for one in harmonised.values()], ignore_index=True)
    return Loaded(harmonised, pd.DataFrame(rows), changes, digest.hexdigest()[:16], truth)


def _accounted(name: str, told: Any, made: Harmonised) -> dict[str, Any]:
    """Return where the rows of one file went."""
    line = made.reconciliation.iloc[0]
    rows = told.reconciliation
    single = made.log[made.log["row"].notna()]
    return {
        "list_id": name,
        "file": told.file,
        "format": told.format,
        "rows_in_file": rows.rows_in_file,
        "rows_not_read": rows.rows_set_aside + rows.rows_empty,
        "rejected": int(line["rejected"]),
        "records": int(line["records"]),
        "balanced": bool(rows.balanced and line["balanced"]),
        "cells_odd": len(told.problems),
        "changes": int(single["count"].sum()),
    }
