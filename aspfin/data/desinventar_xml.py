"""The full export of a DesInventar database: an .xml file whose data cards stand under <fichas>."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pandas as pd

from aspfin.results import InputError, Problem

__all__ = ["read_cards"]


def read_cards(file: Path) -> pd.DataFrame:
    """Read the data cards as text.

    Parameters
    ----------
    file
        The .xml file, unpacked from the downloaded .zip.

    Returns
    -------
    DataFrame
        A row per card, a column per tag; empty tags are missing. The index is the number of the card.

    Raises
    ------
    InputError
        If the file is not there, is not well-formed, declares entities of its own, or holds no card.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "DI_export_xyz.xml"
    >>> _ = path.write_text("<DESINVENTAR><fichas><TR><serial>01</serial><evento>FLOOD</evento></TR></fichas>"
    ...     "</DESINVENTAR>")
    >>> read_cards(path).to_dict("index")
    {1: {'serial': '01', 'evento': 'FLOOD'}}
    """
    if not file.is_file():
        raise InputError(Problem(file.name, "file", str(file), "a file that exists"))
    # An export has no document type; one that has could blow up the memory with entities of its own.
    if b"<!" in file.read_bytes()[:100_000].replace(b"<!--", b"").replace(b"<![CDATA[", b""):
        raise InputError(Problem(file.name, "file", "a document type of its own", "an export as downloaded"))
    cards: list[dict[str, str | None]] = []
    inside = False
    try:
        for event, element in ElementTree.iterparse(file, events=("start", "end")):
            if element.tag == "fichas":
                inside = event == "start"
            elif inside and event == "end" and element.tag == "TR":
                cards.append({cell.tag.lower(): (cell.text or "").strip() or None for cell in element})
                element.clear()
    except (ElementTree.ParseError, LookupError, ValueError) as error:  # the latter two: its encoding
        raise InputError(Problem(file.name, "file", str(error), "well-formed XML")) from error
    if not any("serial" in card and "evento" in card for card in cards):
        raise InputError(Problem(file.name, "fichas", "no data card", "cards with serial and evento"))
    index = pd.RangeIndex(1, len(cards) + 1, name="row")
    return pd.DataFrame(cards, index=index).astype("str")
