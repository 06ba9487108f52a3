"""The formats of one report: a page, a PDF, a Word file and a workbook, all from what its run has left.

Nothing is run again: the executed notebook, results.json and the tables are enough, so a format can be added
to a finished report at any time. The same files give the same bytes.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path

__all__ = ["FORMATS", "WORDS", "write_formats"]

WORDS = {"pdf": "PDF", "docx": "Word", "xlsx": "Excel"}  # those beside the page, as readers call them
FORMATS = ("html", *WORDS)


def write_formats(folder: str | Path, to: Sequence[str], *, title: str) -> None:
    """Write a finished report in other formats, as report.html, report.pdf, report.docx, report.xlsx.

    Parameters
    ----------
    folder : str or Path
        Holds report.ipynb (executed), results.json and tables/*.csv.
    to : sequence of str
        Formats: some of html, pdf, docx, xlsx.
    title : str
        Title where the notebook shows none of its own.

    Raises
    ------
    ValueError
        For a format that does not exist, or a folder without the report.

    Examples
    --------
    >>> write_formats(".", ["odt"], title="Floods")
    Traceback (most recent call last):
    ValueError: to: got 'odt'; allowed: html, pdf, docx, xlsx
    """
    folder = Path(folder)
    for name in to:
        if name not in FORMATS:
            raise ValueError(f"to: got {name!r}; allowed: {', '.join(FORMATS)}")
    for name in ("report.ipynb", "results.json"):
        if to and not (folder / name).is_file():
            raise ValueError(
                f"folder: got {folder.name!r}, without {name}; allowed: one with a finished report"
            )
    for name in dict.fromkeys(to):
        content = WRITERS[name](folder, title)
        draft = folder / f".report.{name}.part"
        draft.write_bytes(content)
        os.replace(draft, folder / f"report.{name}")  # whole or not at all


def _html(folder: Path, title: str) -> bytes:
    from aspfin.reporting.export import report_page

    return report_page(_json(folder / "report.ipynb"), title=title).encode()


def _pdf(folder: Path, title: str) -> bytes:
    from aspfin.reporting.document_reading import document
    from aspfin.reporting.pdf import pdf

    return pdf(document(_json(folder / "report.ipynb"), title=title))


def _docx(folder: Path, title: str) -> bytes:
    from aspfin.reporting.document_reading import document
    from aspfin.reporting.word_report import word_report

    return word_report(document(_json(folder / "report.ipynb"), title=title))


def _xlsx(folder: Path, title: str) -> bytes:
    from aspfin.reporting.export import shown
    from aspfin.reporting.workbook_report import report_workbook

    own = shown(_json(folder / "report.ipynb"), title=title).title
    files = sorted((folder / "tables").glob("*.csv"))
    tables = {file.stem: file.read_text(encoding="utf-8") for file in files}
    return report_workbook(own, _json(folder / "results.json"), tables)


def _json(path: Path) -> dict:
    return json.loads(path.read_text(encoding="utf-8"))


WRITERS: dict[str, Callable[[Path, str], bytes]] = {"html": _html, "pdf": _pdf, "docx": _docx, "xlsx": _xlsx}
