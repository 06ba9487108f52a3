"""Keeping people unrecognised: pseudonyms, masks, and a search for what has slipped through.

A pseudonym is a keyed hash (BLAKE2b, 128 bits) of an identifier. The same identifier gives the same
pseudonym in every list, so that lists stay joined; without the salt nobody can make it, not even from a
list of all names or numbers. The salt is a secret of the project: kept in a file outside every output, or
in an environment variable, never in a manifest.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path

import pandas as pd

from aspfin.registry.khmer import clusters, normalise, per_value
from aspfin.registry.schema import IDENTIFIERS

__all__ = ["find_identifiers", "mask", "masked", "new_salt", "pseudonymise", "read_salt"]

SALT_VARIABLE = "ASPFIN_SALT"
SHORTEST = 16  # bytes of salt: 128 bits cannot be guessed
_PSEUDONYMS = ("record_id", "household_id", "person_id", "name_km", "name_latin", "phone")
_BIRTH = ("birth_date", "birth_month")


def new_salt(path: str | Path) -> Path:
    """Write a new random salt to a file that only its owner can read.

    Raises
    ------
    ValueError
        The file exists: a salt that is lost or replaced breaks every pseudonym made with it.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = new_salt(Path(folder, "salt"))
    ...     len(read_salt(path))
    64
    """
    path = Path(path)
    if path.exists():
        raise ValueError(f"path: got {path.name}, which exists; allowed: a new file")
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_hex(32) + "\n")
    return path


def read_salt(path: str | Path | None = None) -> bytes:
    """Return the salt in a file, or in the environment variable ASPFIN_SALT where no file is given.

    Raises
    ------
    ValueError
        There is none, or it is shorter than 16 bytes. The message does not repeat it.
    """
    if path is None:
        text = os.environ.get(SALT_VARIABLE, "").encode()
        where = f"environment variable {SALT_VARIABLE}"
    else:
        try:
            text = Path(path).read_bytes()
        except OSError as error:
            raise ValueError(f"path: got {error.strerror}; allowed: a readable file of salt") from None
        where = f"file {Path(path).name}"
    return _checked(text.strip(), where)


def _checked(salt: bytes | str, where: str) -> bytes:
    found = salt.encode() if isinstance(salt, str) else bytes(salt)
    if len(found) < SHORTEST:
        raise ValueError(f"salt: got {len(found)} bytes in {where}; allowed: {SHORTEST} bytes or more")
    return found


def pseudonymise(
    frame: pd.DataFrame, *, salt: bytes | str, columns: Sequence[str] = _PSEUDONYMS
) -> pd.DataFrame:
    """Return the table with its identifiers replaced by pseudonyms and its births by years.

    Names are normalised before hashing, so that what looks alike stays alike; different spellings become
    unrelated pseudonyms. Pseudonymised data are still personal data: villages and years of birth can single
    out a person.

    Parameters
    ----------
    frame : DataFrame
        A harmonised list. Not changed.
    salt : bytes or str
        16 bytes or more; see `read_salt`.
    columns : sequence of str
        Columns replaced; those that are not in the frame are passed over. Day and month of birth are always
        left out, and `birth_precision` becomes "year".

    Raises
    ------
    ValueError
        The salt is too short, or an identifier of the vocabulary is in the frame and not among `columns`.

    Examples
    --------
    >>> people = pd.DataFrame({"person_id": ["010101", None], "birth_year": [1990, 1985]})
    >>> hidden = pseudonymise(people, salt="a secret of the project")
    >>> hidden.person_id.str.len().tolist(), hidden.person_id[0] == "010101"
    ([32.0, nan], False)
    """
    key = _checked(salt, "the argument")
    left = [name for name in IDENTIFIERS if name in frame and name not in (*columns, *_BIRTH)]
    if left:
        raise ValueError(f"columns: got none of {', '.join(left)}; allowed: every identifier in the frame")
    hidden = frame.drop(columns=[name for name in _BIRTH if name in frame])
    for name in columns:
        if name in hidden:
            hidden[name] = _pseudonyms(hidden[name], key, name)
    if "birth_precision" in hidden:
        known = hidden["birth_precision"].notna()
        hidden["birth_precision"] = hidden["birth_precision"].mask(known, "year")
    return hidden


def _pseudonyms(values: pd.Series, key: bytes, column: str) -> pd.Series:
    # `person` keeps apart equal numbers of different kinds: a telephone is no card.
    kind = column.encode()[:16]
    start = blake2b(key=key if len(key) <= 64 else blake2b(key).digest(), digest_size=16, person=kind)

    def hashed(text: str) -> str:
        one = start.copy()
        one.update(normalise(text).casefold().encode())
        return one.hexdigest()

    return per_value(values, hashed)


def mask(text: str) -> str:
    """Return a name or number of which only the beginning of each word, or the last two digits, can be seen.

    Examples
    --------
    >>> mask("Sok Dara"), mask("សុខ ដារ៉ា"), mask("012345678"), mask("7")
    ('S… D…', 'សុ… ដា…', '…78', '…')
    """
    if any(letter.isdigit() for letter in text):
        return "…" + (text[-2:] if len(text) >= 6 else "")
    return " ".join(clusters(word)[0] + "…" for word in normalise(text).split(" ") if word)


def masked(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the table as it may be shown to a reviewer: identifiers masked, births by year.

    Examples
    --------
    >>> masked(pd.DataFrame({"name_latin": ["Sok Dara"], "sex": ["male"]})).to_numpy().tolist()
    [['S… D…', 'male']]
    """
    shown = frame.drop(columns=[name for name in _BIRTH if name in frame])
    for name in _PSEUDONYMS:
        if name in shown and name != "record_id":
            shown[name] = per_value(shown[name], mask)
    return shown


def find_identifiers(text: str, frame: pd.DataFrame) -> dict[str, int]:
    """Return how many identifiers of `frame` occur in `text`, by column: what a report must not hold.

    Looks for whole names of two words or more, numbers and telephones, and days of birth in the common forms;
    short values, which occur anywhere by chance, are passed over.

    Parameters
    ----------
    text : str
        A page, a log, a message.
    frame : DataFrame
        A harmonised list.

    Examples
    --------
    >>> people = pd.DataFrame({"name_latin": ["Sok Dara", "Chan Sophea"], "phone": ["012345678", None]})
    >>> find_identifiers("The record of SOK DARA is wrong.", people)
    {'name_latin': 1}
    """
    words = " " + re.sub(r"[^\w\u1780-\u17dd]+", " ", normalise(text).casefold()) + " "
    found = {}
    for name in IDENTIFIERS:
        if name not in frame:
            continue
        values = frame[name].dropna().drop_duplicates()
        if name == "birth_date":
            texts = [form for day in values for form in (f"{day:%Y %m %d}", f"{day:%d %m %Y}")]
        else:
            texts = [re.sub(r"[^\w\u1780-\u17dd]+", " ", str(value).casefold()).strip() for value in values]
            texts = [one for one in texts if len(one) >= 6 and (not name.startswith("name") or " " in one)]
        count = sum(f" {one} " in words for one in texts)
        if count:
            found[name] = count
    return found
