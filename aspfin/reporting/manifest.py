"""What a report leaves beside its pages: results.json, tidy tables, and run.json, which says how it was made.

`results.json` and `tables/` hold results only and are equal, byte for byte, whenever the inputs are equal.
Times and versions live in `run.json` alone.
"""

from __future__ import annotations

import json
import math
import platform
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, is_dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

import aspfin
from aspfin.reporting import identity
from aspfin.reporting.estimates import estimate_record
from aspfin.results import Check, ImpactEstimate

if TYPE_CHECKING:
    from aspfin.indicators.indicator import Indicator

__all__ = ["Headline", "csv_text", "plain", "provenance", "save_results", "write_json"]


@dataclass(frozen=True)
class Headline:
    """One headline figure: what the batch index compares and draws on its map.

    Parameters
    ----------
    label : str
        What it is, in words.
    value : float or None
        Full precision; None where it is missing.
    unit : str
        For example `USD per year`.
    """

    label: str
    value: float | None
    unit: str = ""


def plain(value: Any) -> Any:
    """Return `value` in plain JSON types; NaN and infinity become None.

    Examples
    --------
    >>> plain({"a": np.float64("nan"), "b": (np.int64(2), date(2022, 12, 10))})
    {'a': None, 'b': [2, '2022-12-10']}
    """
    if isinstance(value, np.ndarray | pd.Series | pd.Index):
        return plain(value.tolist())
    if isinstance(value, pd.DataFrame):
        return plain(value.to_dict("records"))
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(one) for one in (sorted(value) if isinstance(value, set | frozenset) else value)]
    if value is None or value is pd.NaT or value is pd.NA or isinstance(value, bool | np.bool_):
        return bool(value) if isinstance(value, bool | np.bool_) else None
    if isinstance(value, int | np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        return float(value) if math.isfinite(value) else None
    return value.isoformat() if isinstance(value, date) else str(value)


def write_json(path: Path, content: Any) -> None:
    """Write `content` with sorted keys, so that equal content gives equal bytes."""
    text = json.dumps(plain(content), indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8", newline="\n")


def save_results(
    folder: str | Path,
    *,
    headline: Mapping[str, Headline | float | None],
    sentences: Sequence[str],
    tables: Mapping[str, pd.DataFrame],
    checks: Iterable[Check] = (),
    unverified: pd.DataFrame | Sequence[Any] = (),
    estimates: Iterable[ImpactEstimate | Indicator | Mapping[str, Any]] = (),
    about: Mapping[str, Mapping[str, Any]] | None = None,
) -> None:
    """Write results.json and tables/*.csv into `folder`.

    Parameters
    ----------
    folder : str or Path
        Output folder of the report; a notebook that is run by `aspfin run` is given it as `output_folder`.
    headline : mapping of str to Headline or float
        Headline figures in the order of the report; the first is drawn on the map of a batch.
    sentences : sequence of str
        The answer, in prose.
    tables : mapping of str to DataFrame
        Tidy tables at full precision, by file name without ending.
    checks : iterable of Check
        Diagnostics of the report.
    unverified : DataFrame or sequence
        Inputs used that nobody has verified.
    estimates : iterable of ImpactEstimate, Indicator or record
        The main estimates, the most important first: what a batch compares and pools (`estimates.COLUMNS`).
    about : mapping, optional
        Description, source and units of each table (`table_words.table_words`); the workbook shows them.

    Raises
    ------
    ValueError
        A table's name cannot be a file name.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> frame = pd.DataFrame({"who": ["=SUM(A1)", "fund"], "paid": [1.5, float("nan")]})
    >>> with TemporaryDirectory() as folder:
    ...     save_results(folder, headline={"mean_need": 2.0}, sentences=["Two."], tables={"paid": frame})
    ...     print(Path(folder, "tables", "paid.csv").read_text())
    who,paid
    '=SUM(A1),1.5
    fund,
    """
    folder = Path(folder)
    for name in tables:
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,80}", name):
            raise ValueError(f"tables: got {name!r}; allowed: letters, digits, _ or - (it names a file)")
    for place in (folder, folder / "tables"):
        if place.is_symlink():
            raise ValueError(f"folder: got {str(place)!r}, a link; allowed: a real folder")
        place.mkdir(parents=True, exist_ok=True)
    for name, frame in tables.items():
        (folder / "tables" / f"{name}.csv").write_text(csv_text(frame), encoding="utf-8", newline="\n")
    listed = [
        {
            "name": name,
            "file": f"tables/{name}.csv",
            "rows": len(frame),
            "columns": list(map(str, frame.columns)),
            **(about or {}).get(name, {}),
        }
        for name, frame in sorted(tables.items())
    ]
    results = {
        "headline": [_figure(name, value) for name, value in headline.items()],
        "sentences": list(sentences),
        "checks": list(checks),
        "unverified": unverified,
        "estimates": [estimate_record(one) for one in estimates],
        "tables": listed,
    }
    write_json(folder / "results.json", results)


def _figure(name: str, value: Headline | float | None) -> dict[str, Any]:
    figure = value if isinstance(value, Headline) else Headline(name.replace("_", " "), value)
    return {"name": name, **asdict(figure)}


def csv_text(frame: pd.DataFrame) -> str:
    """Return a frame as CSV at full precision, harmless in a spreadsheet."""
    return _harmless(frame).to_csv(index=False, lineterminator="\n")


def _harmless(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the frame with text that a spreadsheet would run as a formula made plain by an apostrophe."""
    safe = frame.copy()
    safe.columns = [_defused(name) for name in frame.columns]
    for place, kind in enumerate(frame.dtypes):
        if not (pd.api.types.is_numeric_dtype(kind) or pd.api.types.is_datetime64_any_dtype(kind)):
            safe.isetitem(place, frame.iloc[:, place].astype(object).map(_defused))
    return safe


def _defused(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value[:1] in tuple("=+-@\t\r\n") and value else value


def provenance(kind: str, sections: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a report prints about what it was made from.

    It holds no time and no path, so the report stays the same between runs; run.json has the whole
    (`aspfin.reporting.identity`).

    Parameters
    ----------
    kind : str
        Report kind.
    sections : mapping
        Every top-level section of the parameters as plain values (`parameters.sections_of`).

    Examples
    --------
    >>> stamp = provenance("financing", {"country": "KHM", "area": "KH01"})
    >>> len(stamp["parameter_hash"]), stamp["package_version"] == aspfin.__version__
    (16, True)
    """
    data = identity.data_hashes(sections)
    return {
        "parameter_hash": identity.parameter_hash(kind, sections),
        "package_version": aspfin.__version__,
        "package_hash": identity.package_hash(),
        "data_hash": identity.short(json.dumps(data, sort_keys=True).encode()) if data else None,
        "python": platform.python_version(),
    }
