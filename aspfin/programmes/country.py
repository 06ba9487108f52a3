"""A country as a pack of plain files: provinces, programmes, events, facts; numbers have sources.

`load_country("KHM")` reads the pack that comes with aspfin; `load_country("my/pack")` reads your own. A pack
is checked as a whole on loading, and nothing of it is used while anything is wrong.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pandas as pd
from pydantic import BaseModel

from aspfin.data import Quantity, Source
from aspfin.programmes.catalogue import Programme
from aspfin.programmes.pack import Pack, pack_hash, read_pack
from aspfin.programmes.pack_build import build_programme
from aspfin.programmes.pack_checks import check_pack
from aspfin.programmes.pack_schema import EventRow, FootprintRow
from aspfin.programmes.rules import as_date
from aspfin.results import InputError, Problem

__all__ = ["Country", "available_countries", "check_country", "load_country"]

PACKS = Path(__file__).resolve().parent.parent / "data" / "countries"


@dataclass(frozen=True, repr=False)
class Country:
    """A country pack, checked. Tables are handed out as copies.

    Attributes
    ----------
    programmes
        The programmes, in the order of the pack.
    facts
        Named quantities ("fiscal.unplanned_expenses_2025").
    sources
        References by id.
    records
        By hazard, the years in which the record of a size class of events is taken as complete: mappings with
        class, at_least, below (households affected; None for the largest class), from, to, status, reason.
    rates
        Exchange rates by year: units of the currency per US dollar.
    data_hash
        SHA-256 over the pack's files.

    Examples
    --------
    >>> khm = load_country("KHM")
    >>> khm.name, len(khm.provinces), khm.currency
    ('Cambodia', 25, 'KHR')
    >>> print(khm.quantity("fiscal.unplanned_expenses_2025"))
    fiscal.unplanned_expenses_2025: 408 million USD (press, 2025)
    """

    iso3: str
    name: str
    currency: str
    areas: tuple[str, ...]
    programmes: tuple[Programme, ...]
    facts: Mapping[str, Quantity] = field(hash=False)
    sources: Mapping[str, Source] = field(hash=False)
    records: Mapping[str, tuple[Mapping[str, Any], ...]] = field(hash=False)
    rates: Mapping[int, Quantity] = field(hash=False)
    folder: Path
    data_hash: str
    _provinces: pd.DataFrame = field(compare=False)
    _events: pd.DataFrame = field(compare=False)
    _footprints: pd.DataFrame = field(compare=False)
    _columns: pd.DataFrame = field(compare=False)
    _amounts: Mapping[str, Mapping[str, float]] = field(default_factory=dict, hash=False)

    def __repr__(self) -> str:
        return (
            f"{self.name} ({self.iso3}): {len(self._provinces)} provinces, {len(self.programmes)} programmes,"
            f" {self._events['event_id'].nunique()} events"
        )

    def __reduce__(self) -> tuple:  # another process reads the pack itself
        stated = {name: dict(amounts) for name, amounts in self._amounts.items()}
        return _load_stated, (self.folder, stated)

    def with_amounts(self, amounts: Mapping[str, Mapping[str, float]]) -> Country:
        """Return the country with amounts of your own in some programmes.

        Parameters
        ----------
        amounts
            By programme id, what `Programme.with_amounts` takes.

        Returns
        -------
        Country
            The pack is not touched; `data_hash` stays that of its files.

        Examples
        --------
        >>> khm = load_country("KHM").with_amounts({"older_people_cash": {"age_60_plus": 30_000}})
        >>> khm.programme("older_people_cash").rules[0].amount
        30000
        """
        changed = {key: self.programme(key).with_amounts(own) for key, own in amounts.items()}
        stated = {key: {**self._amounts.get(key, {}), **own} for key, own in amounts.items()}
        return replace(
            self,
            programmes=tuple(changed.get(one.id, one) for one in self.programmes),
            _amounts={**self._amounts, **stated},
        )

    @property
    def provinces(self) -> pd.DataFrame:
        """Return the provinces, one row each; columns are described in `province_columns`."""
        return self._provinces.copy()

    @property
    def province_columns(self) -> pd.DataFrame:
        """Return what the columns of `provinces` are: column, unit, date, source, status, note."""
        return self._columns.copy()

    @property
    def events(self) -> pd.DataFrame:
        """Return the reported figures of past events, one row each; missing is NaN, never zero."""
        return self._events.copy()

    @property
    def footprints(self) -> pd.DataFrame:
        """Return the reported provincial figures of past events, one row each."""
        return self._footprints.copy()

    @property
    def tiles(self) -> pd.DataFrame:
        """Return the places of the provinces on a grid of equal tiles: pcode, label, row, col."""
        columns = {"name_en": "label", "tile_row": "row", "tile_col": "col"}
        return self._provinces[["pcode", *columns]].rename(columns=columns)

    def programme(self, programme_id: str) -> Programme:
        """Return a programme by id; raise `InputError` listing the ids where there is none."""
        for programme in self.programmes:
            if programme.id == programme_id:
                return programme
        allowed = " | ".join(programme.id for programme in self.programmes)
        raise InputError(Problem(f"country {self.iso3}", "programme", programme_id, allowed))

    def catalogue(self) -> pd.DataFrame:
        """Return the programmes, one row each: what they are, for whom, by whom, since when, on whose word.

        Examples
        --------
        >>> table = load_country("KHM").catalogue()
        >>> table.loc[~table["operating"], "programme"].tolist()
        ['social_security_unemployment']
        """
        return pd.DataFrame([programme.summary() for programme in self.programmes])

    def quantity(self, name: str) -> Quantity:
        """Return a fact by name; raise `InputError` listing the names of its group where there is none."""
        if name in self.facts:
            return self.facts[name]
        group = [known for known in self.facts if known.split(".")[0] == str(name).split(".")[0]]
        allowed = " | ".join(group or sorted({known.split(".")[0] + ".…" for known in self.facts}))
        raise InputError(Problem(f"country {self.iso3}", "fact", name, allowed))

    def exchange_rate(self, on: dt.date | str | int) -> Quantity:
        """Return the mean rate of the year of `on`, in units of the currency per US dollar.

        Parameters
        ----------
        on
            A date, or a year.

        Raises
        ------
        InputError
            Where the pack has no rate for that year; nothing is carried forward.
        """
        year = on if isinstance(on, int) and not isinstance(on, bool) else as_date(on).year  # type: ignore[arg-type]
        if year not in self.rates:
            allowed = f"a year from {min(self.rates)} to {max(self.rates)} with a rate, or a rate of your own"
            raise InputError(Problem(f"country {self.iso3}", "exchange_rate", on, allowed))
        return self.rates[year]


def available_countries() -> tuple[str, ...]:
    """Return the ISO-3 codes of the packs that come with aspfin.

    Examples
    --------
    >>> "KHM" in available_countries()
    True
    """
    return tuple(sorted(path.parent.name for path in PACKS.glob("*/country.yaml")))


def check_country(name_or_path: str | Path) -> list[Problem]:
    """Return everything wrong with a pack, in one go; empty where it can be loaded.

    Examples
    --------
    >>> check_country("KHM")
    []
    """
    folder = _folder(name_or_path)
    return [_unknown(name_or_path)] if folder is None else _checked(folder).problems


def load_country(name_or_path: str | Path) -> Country:
    """Return a country pack, checked as a whole; files that have not changed are read once in a process.

    Parameters
    ----------
    name_or_path
        An ISO-3 code of `available_countries`, or the folder of your own pack.

    Raises
    ------
    InputError
        One line per problem, naming file, line, field, value and what is allowed.

    Examples
    --------
    >>> load_country("KHM").programme("flood_cash_transfer").outcome("2023-03-10").households
    99169
    """
    folder = _folder(name_or_path)
    if folder is None:
        raise InputError(_unknown(name_or_path))
    return _loaded(folder, pack_hash(folder))


@lru_cache(maxsize=8)  # safe to share: a country is frozen and hands out copies of its tables
def _loaded(folder: Path, data_hash: str) -> Country:
    """Return the country in `folder`; its files have this hash, so that one that changes is seen."""
    pack = _checked(folder)
    if pack.problems:
        raise InputError(pack.problems)
    return _build(pack)


def _load_stated(folder: Path, amounts: Mapping[str, Mapping[str, float]]) -> Country:
    country = load_country(folder)
    return country.with_amounts(amounts) if amounts else country


def _folder(name_or_path: str | Path) -> Path | None:
    """Return the folder of a pack, None where there is none."""
    if isinstance(name_or_path, str) and name_or_path in available_countries():
        return PACKS / name_or_path
    folder = Path(name_or_path)
    return folder if str(name_or_path) and folder.is_dir() else None


def _unknown(name_or_path: str | Path) -> Problem:
    allowed = f"{' | '.join(available_countries())}, or the folder of your own pack"
    return Problem("country", "country", str(name_or_path), allowed)


def _checked(folder: Path) -> Pack:
    pack = read_pack(folder)
    pack.problems.extend(check_pack(pack))
    return pack


def _build(pack: Pack) -> Country:
    country, provinces = pack.country, pack.provinces
    whole = ["tile_row", "tile_col"]
    columns = [
        {"column": key, **column.model_dump(include={"unit", "date", "source", "status", "note"})}
        for key, column in country.province_columns.items()
    ]
    return Country(
        iso3=country.iso3,
        name=country.name,
        currency=country.currency,
        areas=tuple(country.areas),
        programmes=tuple(build_programme(entry) for entry in pack.programmes.programmes),
        facts=MappingProxyType(
            {k: Quantity(name=k, **fact.model_dump()) for k, fact in country.facts.items()}
        ),
        sources=MappingProxyType(
            {k: Source(id=k, **entry.model_dump()) for k, entry in pack.sources.items()}
        ),
        records=MappingProxyType(_records(pack)),
        rates=MappingProxyType(_rates(pack)),
        folder=pack.folder,
        data_hash=pack.data_hash,
        _provinces=provinces.drop(columns="line").astype({column: int for column in whole}),
        _events=_frame(pack.events, EventRow),
        _footprints=_frame(pack.footprints, FootprintRow),
        _columns=pd.DataFrame(columns, columns=["column", "unit", "date", "source", "status", "note"]),
    )


def _records(pack: Pack) -> dict[str, tuple[Mapping[str, Any], ...]]:
    return {
        hazard: tuple(MappingProxyType(window.model_dump(by_alias=True)) for window in windows)
        for hazard, windows in pack.country.records.items()
    }


def _rates(pack: Pack) -> dict[int, Quantity]:
    rates = pack.country.exchange_rates
    shared = {"unit": rates.unit, "source": rates.source, "status": rates.status, "note": rates.note}
    return {
        year: Quantity(f"exchange_rate.{year}", value, date=str(year), **shared)
        for year, value in sorted(rates.by_year.items())
    }


def _frame(rows: list[tuple[int, BaseModel]], model: type[BaseModel]) -> pd.DataFrame:
    """Return validated rows as a table: numbers as floats with NaN where missing, text as text."""
    frame = pd.DataFrame([row.model_dump() for _, row in rows], columns=list(model.model_fields))
    numbers = ("households", "people", "deaths", "damage_usd", "provinces_affected", "displaced_households")
    frame = frame.astype({column: float for column in numbers if column in frame.columns})
    texts = [column for column in ("as_of", "note") if column in frame.columns]
    return frame.assign(**{column: frame[column].fillna("").astype(str) for column in texts})
