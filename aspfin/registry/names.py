"""Names ready for comparing: split into family and given name, romanised, folded, keyed.

In Cambodia the family name comes first, in both scripts. Some offices write the given name first, and many
Latin lists do not say which; `name_key` therefore leaves the order out.

The pieces live beside: `khmer` (normalising, letters), `recoding` (one byte per Khmer letter), `romanise`,
`latin` (folding variants). All are reachable from here.
"""

from __future__ import annotations

from typing import Literal

import pandas as pd

from aspfin.registry.khmer import clusters, normalise, normalise_names, per_value, script
from aspfin.registry.latin import fold_latin, skeleton
from aspfin.registry.recoding import ClusterCodes, cluster_codes
from aspfin.registry.romanise import romanise

__all__ = [
    "ClusterCodes",
    "cluster_codes",
    "clusters",
    "fold_latin",
    "name_keys",
    "normalise",
    "normalise_names",
    "romanise",
    "script",
    "skeleton",
    "split_names",
]

Order = Literal["family_first", "given_first"]


def split_names(values: pd.Series, *, order: Order = "family_first") -> pd.DataFrame:
    """Return the family and the given name of every full name.

    The family name is the first word (the last, with `order="given_first"`). A Khmer name written without a
    space is split after the longest family name that occurs with a space elsewhere in the same column, at
    least two letters being left; a single word that cannot be split is taken as the given name, the one
    people go by.

    Parameters
    ----------
    values : Series of str
        Normalised full names of one list.
    order : {"family_first", "given_first"}

    Returns
    -------
    DataFrame
        Columns family and given, on the same index; missing where there is none.

    Examples
    --------
    >>> split_names(pd.Series(["សុខ ដារ៉ា", "សុខសុភា", "Chan Srey Pov"])).to_numpy().tolist()
    [['សុខ', 'ដារ៉ា'], ['សុខ', 'សុភា'], ['Chan', 'Srey Pov']]
    """
    if order not in ("family_first", "given_first"):
        raise ValueError(f"order: got {order!r}; allowed: 'family_first', 'given_first'")
    first = order == "family_first"
    spaced = values[values.str.contains(" ", regex=False, na=False)].drop_duplicates()
    parts = spaced.str.split(" ", n=1) if first else spaced.str.rsplit(" ", n=1)
    families = {one for one in parts.str[0 if first else -1].unique() if "\u1780" <= one[0] <= "\u17b3"}

    def split(name: str) -> tuple[str, str]:
        if " " in name:
            head, tail = name.split(" ", 1) if first else name.rsplit(" ", 1)
            return (head, tail) if first else (tail, head)
        letters = clusters(name)
        for length in range(len(letters) - 2 if first else 0, 0, -1):
            if "".join(letters[:length]) in families:
                return "".join(letters[:length]), "".join(letters[length:])
        return "", name

    pairs = {name: split(name) for name in values.dropna().unique()}
    return pd.DataFrame(
        {
            part: per_value(values, lambda name, at=at: pairs[name][at]).rename(part)
            for at, part in enumerate(("family", "given"))
        }
    )


def name_keys(frame: pd.DataFrame, *, order: Order = "family_first") -> pd.DataFrame:
    """Return everything of a name that two lists can be compared on, whatever script each is in.

    Parameters
    ----------
    frame : DataFrame
        With name_km, name_latin or both, as `harmonise` gives them.
    order : {"family_first", "given_first"}
        How full names are written.

    Returns
    -------
    DataFrame
        On the index of `frame`: family_km, given_km; family_latin, given_latin (as written, or the Khmer name
        romanised where nothing is written in Latin); family_key, given_key (those folded); name_key (folded
        words in alphabetical order, so that the order of names does not matter); name_skeleton (its
        consonants); name_source ("latin", "romanised", or missing).

    Raises
    ------
    ValueError
        `frame` has neither column of names.

    Examples
    --------
    >>> people = pd.DataFrame({"name_km": ["សុខ ដារ៉ា", None], "name_latin": [None, "Sokh Dara"]})
    >>> name_keys(people)[["family_latin", "family_key", "name_key", "name_source"]]
      family_latin family_key  name_key name_source
    0          Sok        sok  dara sok   romanised
    1         Sokh        sok  dara sok       latin
    """
    if "name_km" not in frame and "name_latin" not in frame:
        raise ValueError("frame: got no column of names; allowed: name_km, name_latin or both")
    nothing = pd.Series(None, index=frame.index, dtype="str")
    khmer = split_names(frame.get("name_km", nothing), order=order)
    latin = split_names(frame.get("name_latin", nothing), order=order)
    written = latin["given"].notna()
    shown = latin.where(written, khmer.apply(romanise))
    family, given = fold_latin(shown["family"]), fold_latin(shown["given"])
    full = (family.fillna("") + " " + given.fillna("")).str.strip()
    name_key = per_value(full, lambda text: " ".join(sorted(text.split(" "))))
    source = pd.Series("latin", index=frame.index, dtype="str").where(written, "romanised")
    return pd.DataFrame(
        {
            "family_km": khmer["family"],
            "given_km": khmer["given"],
            "family_latin": shown["family"],
            "given_latin": shown["given"],
            "family_key": family,
            "given_key": given,
            "name_key": name_key,
            "name_skeleton": skeleton(name_key),
            "name_source": source.where(shown["given"].notna()),
        }
    )
