"""INFORM Risk Index: how exposed and vulnerable countries or provinces are, and how well they can cope."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from aspfin.data.loaded import LoadedTable
from aspfin.data.source import Source
from aspfin.data.tabular import is_numeric, numbers, read_text, renamed
from aspfin.results import InputError, Problem

__all__ = ["LICENCE", "SOURCE", "read"]

LICENCE = "Free to use with attribution (terms unverified)."
SOURCE = Source(
    "inform",
    "INFORM Risk Index",
    publisher="Inter-Agency Standing Committee and European Commission, Joint Research Centre",
    url="https://drmkc.jrc.ec.europa.eu/inform-index",
    note=LICENCE,
)
# Our column → the headings of the editions; capitals, "(*)" and line breaks are ignored.
COLUMNS: Mapping[str, Sequence[str]] = {
    "country": ("COUNTRY",),
    "iso3": ("ISO3",),
    "inform_risk": ("INFORM RISK", "INFORM RISK INDEX"),
    "risk_class": ("RISK CLASS",),
    "rank": ("Rank",),
    "lack_of_reliability": ("Lack of Reliability (*)", "Lack of Reliability Index"),
    "missing_indicators": ("Number of Missing Indicators",),
    "share_missing_indicators": ("% of Missing Indicators",),
    "recentness_years": ("Recentness data (average years)",),
    "hazard_exposure": ("HAZARD & EXPOSURE",),
    "vulnerability": ("VULNERABILITY",),
    "lack_of_coping_capacity": ("LACK OF COPING CAPACITY",),
    "natural": ("Natural",),
    "human": ("Human",),
    "earthquake": ("Earthquake",),
    "river_flood": ("River Flood", "Flood"),
    "tsunami": ("Tsunami",),
    "tropical_cyclone": ("Tropical Cyclone",),
    "coastal_flood": ("Coastal flood",),
    "drought": ("Drought",),
    "epidemic": ("Epidemic",),
    "socio_economic_vulnerability": ("Socio-Economic Vulnerability",),
    "vulnerable_groups": ("Vulnerable Groups",),
    "institutional": ("Institutional",),
    "infrastructure": ("Infrastructure",),
}
TEXT = ("country", "iso3", "risk_class")
NOT_SCORES = ("rank", "missing_indicators", "share_missing_indicators", "recentness_years")
NO_VALUE = ("x", "no data", "n/a", "-")


def read(path: str | Path, *, sheet: str | None = None) -> LoadedTable:
    """Read an edition of the INFORM Risk Index (.xlsx or .csv).

    Parameters
    ----------
    path
        The workbook as downloaded. Rows above the header, and the row of ranges below it, are skipped.
    sheet
        Sheet; by default the first with columns COUNTRY, ISO3 and INFORM RISK, such as
        "INFORM Risk 2024 (a-z)".

    Returns
    -------
    LoadedTable
        A row per country (of a subnational edition, per area). Known columns as in `COLUMNS`, others under
        their own headings; scores from 0 to 10, where higher is worse, "x" and blanks missing.

    Raises
    ------
    InputError
        If a required column is missing, or a score is not a number from 0 to 10.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "inform.csv"
    >>> _ = file.write_text("COUNTRY,ISO3,INFORM RISK,River Flood\\n(a-z),(a-z),(0-10),(0-10)\\n"
    ...     "Cambodia,KHM,4.9,9.6\\n")
    >>> read(file).frame.values.tolist()
    [['Cambodia', 'KHM', 4.9, 9.6]]
    """
    name = Path(path).name
    required = [COLUMNS[one] for one in ("iso3", "inform_risk")]
    frame, found = renamed(read_text(path, required=required, sheet=sheet), COLUMNS, file=name)
    countries = frame["iso3"].str.fullmatch(r"[A-Z]{3}").fillna(False).astype(bool)
    ranges = frame.isin(["(a-z)", "(0-10)"]).any(axis=1)
    strange = ~countries & ~ranges & frame["iso3"].notna()
    if strange.any():
        row = strange[strange].index[0]
        place = f"{name}, row {row}"
        raise InputError(Problem(place, found["iso3"], frame["iso3"].loc[row], "three capital letters"))
    dropped = {"rows without a country (ranges, totals)": int((~countries).sum())}
    frame = frame[countries].copy()
    for column in [one for one in frame.columns if one not in TEXT]:
        label = found.get(column, column)
        if column in found and column not in NOT_SCORES:
            frame[column] = numbers(frame[column], label=label, file=name, low=0, high=10, missing=NO_VALUE)
        elif column in NOT_SCORES or is_numeric(frame[column]):
            values = frame[column].str.removesuffix("%").str.strip()
            frame[column] = numbers(values, label=label, file=name, missing=NO_VALUE)
    notes = ("Scores run from 0 to 10; higher is worse.",)
    return LoadedTable(
        frame=frame.reset_index(drop=True), source=SOURCE, notes=notes, dropped=dropped, file=name
    )
