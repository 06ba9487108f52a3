"""Answers of the World Bank's data service: saved ones, and, where asked for, new ones."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from aspfin.data.tabular import decoded, heading
from aspfin.data.world_bank_series import SeriesTable, series
from aspfin.results import InputError, Problem

__all__ = ["DATABASES", "fetch", "read_api_json", "read_source_rows"]

DATABASES = {"wdi": 2, "aspire": 29}  # numbers of the data service


def read_api_json(paths: str | Path | Sequence[str | Path]) -> SeriesTable:
    """Read saved answers of the data service, version 2: one .json file per page.

    Parameters
    ----------
    paths
        A file, or all pages of one answer in any order.

    Returns
    -------
    SeriesTable
        Also unit, obs_status and decimal as the service gives them.

    Raises
    ------
    InputError
        If a page is missing or there twice, the answer is an error message, or the file is of another shape.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "page1.json"
    >>> row = {"indicator": {"id": "SP.POP.TOTL", "value": "Population"}, "value": None, "date": "2020",
    ...     "country": {"id": "KH", "value": "Cambodia"}, "countryiso3code": "KHM", "unit": ""}
    >>> _ = file.write_text(json.dumps([{"page": 1, "pages": 1, "per_page": 50, "total": 1}, [row]]))
    >>> read_api_json(file).frame[["iso3", "code", "year", "value"]].values.tolist()
    [['KHM', 'SP.POP.TOTL', 2020, nan]]
    """
    files = [Path(paths)] if isinstance(paths, str | Path) else [Path(one) for one in paths]
    if not files:
        raise InputError(Problem("read_api_json", "paths", [], "at least one file"))
    name = files[0].name
    pages: dict[int, list[dict[str, Any]]] = {}
    total = 0
    for file in files:
        header, rows = _page(file)
        if header["page"] in pages:
            raise InputError(Problem(file.name, "page", header["page"], "each page once"))
        if total and header["pages"] != total:
            allowed = f"pages of one answer: {name} says {total}"
            raise InputError(Problem(file.name, "pages", header["pages"], allowed))
        pages[header["page"]] = rows
        total = header["pages"]
    lacking = sorted(set(range(1, total + 1)) - set(pages))
    if lacking:
        allowed = f"all {total} pages of the answer"
        raise InputError(Problem(name, "page", f"without page {', '.join(map(str, lacking))}", allowed))
    rows = [_api_row(row, name) for page in sorted(pages) for row in pages[page]]
    return series(rows, name)


def _json(file: Path) -> Any:
    if not file.is_file():
        raise InputError(Problem(file.name, "file", str(file), "a file that exists"))
    try:
        return json.loads(decoded(file))
    except (json.JSONDecodeError, RecursionError) as error:
        raise InputError(Problem(file.name, "file", str(error), "well-formed JSON")) from error


def _page(file: Path) -> tuple[dict[str, int], list[dict[str, Any]]]:
    """Return header and rows of one page of an answer."""
    answer = _json(file)
    shape = "[{page, pages, …}, [{indicator, country, date, value, …}, …]]"
    if not isinstance(answer, list) or not answer or not isinstance(answer[0], dict):
        raise InputError(Problem(file.name, "file", type(answer).__name__, shape))
    if "message" in answer[0]:
        said = "; ".join(str(one.get("value", one)) for one in answer[0]["message"])
        raise InputError(Problem(file.name, "file", said, "an answer: this is the service's error message"))
    header = answer[0]
    if not all(isinstance(header.get(key), int) for key in ("page", "pages")):
        raise InputError(Problem(file.name, "header", list(header), "page and pages as whole numbers"))
    rows = (answer[1] if len(answer) > 1 else None) or []  # null where the total is 0
    if not isinstance(rows, list):
        raise InputError(Problem(file.name, "file", type(rows).__name__, shape))
    return header, rows


def _api_row(row: Mapping[str, Any], file: str) -> dict[str, Any]:
    try:
        indicator, country = row["indicator"], row["country"]
        tidy = {"iso3": row.get("countryiso3code") or country["id"], "country": country["value"]}
        tidy |= {"code": indicator["id"], "indicator": indicator["value"], "year": str(row["date"])}
        tidy["value"] = row["value"]
    except (KeyError, TypeError) as error:
        raise InputError(Problem(file, "row", row, f"indicator, country, date and value ({error})")) from None
    known = {"indicator", "country", "countryiso3code", "date", "value"}
    return tidy | {key: value for key, value in row.items() if key not in known}


def read_source_rows(path: str | Path) -> SeriesTable:
    """Read a saved answer of the data service's source endpoint: rows of {variable: [...], value}.

    Parameters
    ----------
    path
        The .json file: the rows alone, or the whole answer with its source.

    Returns
    -------
    SeriesTable
        Further dimensions of the database, such as a version, are columns of their own.

    Raises
    ------
    InputError
        If the file holds no such rows, or lacks pages.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "rows.json"
    >>> row = {"variable": [{"concept": "Country", "id": "KHM", "value": "Cambodia"},
    ...     {"concept": "Series", "id": "SP.POP.TOTL", "value": "Population"},
    ...     {"concept": "Time", "id": "YR2020", "value": "2020"}], "value": 16396860}
    >>> _ = file.write_text(json.dumps([row]))
    >>> read_source_rows(file).frame[["iso3", "code", "year", "value"]].values.tolist()
    [['KHM', 'SP.POP.TOTL', 2020, 16396860.0]]
    """
    file = Path(path)
    answer = _json(file)
    if isinstance(answer, dict) and answer.get("pages", 1) != 1:
        allowed = "an answer of one page: ask for more rows per page"
        raise InputError(Problem(file.name, "pages", answer["pages"], allowed))
    rows = [_source_row(row, file.name) for row in _source_rows(answer, file.name)]
    return series(rows, file.name)


def _source_rows(answer: Any, file: str) -> Iterator[dict[str, Any]]:
    """Yield the rows, wherever in the answer they are."""
    if isinstance(answer, dict) and "source" in answer:
        sources = answer["source"] if isinstance(answer["source"], list) else [answer["source"]]
        for one in sources:
            yield from one.get("data") or []
    elif isinstance(answer, list):
        yield from answer
    else:
        raise InputError(Problem(file, "file", type(answer).__name__, "rows of {variable: [...], value}"))


def _source_row(row: Any, file: str) -> dict[str, Any]:
    names = {"country": "iso3", "economy": "iso3", "series": "code", "time": "year", "year": "year"}
    labels = {"iso3": "country", "code": "indicator"}
    try:
        tidy: dict[str, Any] = {}
        for part in row["variable"]:
            name = names.get(heading(part["concept"]), part["concept"])
            tidy[name] = part["id"]
            if name in labels:
                tidy[labels[name]] = part["value"]
        tidy["year"] = str(tidy["year"]).upper().removeprefix("YR")
        return tidy | {"iso3": tidy["iso3"], "code": tidy["code"], "value": row["value"]}
    except (KeyError, TypeError) as error:
        allowed = f"variable with country, series and time, and value ({error})"
        raise InputError(Problem(file, "row", row, allowed)) from None


def fetch(
    codes: str | Sequence[str],
    *,
    countries: str | Sequence[str],
    years: tuple[int, int] | None = None,
    database: str | int = "wdi",
) -> SeriesTable:
    """Ask the World Bank's data service, online.

    Parameters
    ----------
    codes, countries
        Indicator codes and country codes (ISO alpha-3; "all" for every country).
    years
        First and last year; all by default.
    database
        "wdi", "aspire", or the number the service gives a database.

    Returns
    -------
    SeriesTable

    Raises
    ------
    InputError
        If the client library is not installed, the database is not known, or the service refuses or cannot be
        reached.
    """
    number = DATABASES.get(database, database) if isinstance(database, str) else database
    if not isinstance(number, int):
        raise InputError(Problem("fetch", "database", database, " | ".join(DATABASES) + " or its number"))
    try:
        import wbgapi
    except ImportError as error:
        allowed = "install wbgapi (pip install aspfin[online]), or read a downloaded file with read_wide"
        raise InputError(Problem("fetch", "wbgapi", "not installed", allowed)) from error
    time = "all" if years is None else range(years[0], years[1] + 1)
    try:
        answer = list(wbgapi.data.fetch(codes, countries, time, labels=True, db=number))
    except Exception as error:  # the client raises many kinds: no network, unknown code, refused
        found = (str(error).splitlines() or [type(error).__name__])[0]
        raise InputError(Problem("fetch", "codes", codes, f"an answer of the service: {found}")) from error
    rows = [_fetched(row) for row in answer]
    return series(rows, "World Bank data service")


def _fetched(row: Mapping[str, Any]) -> dict[str, Any]:
    economy, code, time = row["economy"], row["series"], row["time"]
    tidy = {"iso3": economy["id"], "country": economy["value"], "code": code["id"]}
    return tidy | {"indicator": code["value"], "year": str(time["value"]), "value": row["value"]}
