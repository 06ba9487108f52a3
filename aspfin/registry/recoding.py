"""One byte for one Khmer letter, so that byte-wise string metrics count letters.

DuckDB's levenshtein and jaro_winkler_similarity compare bytes. A Khmer letter with its subscripts and vowels
is three to twenty bytes, so two different names look alike (they share the leading bytes of their block).
Here every grapheme cluster becomes one ASCII character: even the upper half of Latin-1 would be two bytes in
UTF-8.

The code is fitted on the names to be compared. There are 126 characters; where a field has more clusters than
that, the rarest share characters, and `confusion` tells how often two different letters drawn from the names
would look equal because of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from aspfin.registry.khmer import clusters, normalise, per_value

__all__ = ["ClusterCodes", "cluster_codes"]

# Printable characters first; every one of them is a single byte in UTF-8. No NUL, which ends text in C.
CHARACTERS = "".join(map(chr, [*range(0x21, 0x7F), 0x20, *range(0x01, 0x20), 0x7F]))
UNKNOWN = CHARACTERS[-1]  # a cluster that was not in the names the code was fitted on


@dataclass(frozen=True)
class ClusterCodes:
    """A code from grapheme clusters to single bytes.

    Attributes
    ----------
    codes : mapping of str to str
        Cluster → one ASCII character.
    confusion : float
        Probability that two different letters drawn at random from the names share a character; 0 when every
        cluster has its own, and then byte metrics on codes equal metrics on letters.

    Examples
    --------
    >>> names = pd.Series(["សុខ ដារ៉ា", "សុខ ដារ៉ី"])
    >>> code = cluster_codes(names)
    >>> [len(text.encode()) for text in code.encode(names)], code.confusion
    ([4, 4], 0.0)
    """

    codes: Mapping[str, str] = field(repr=False)
    confusion: float = 0.0

    def encode_text(self, text: str) -> str:
        """Return one character for every cluster of `text`; spaces left out."""
        return "".join([self.codes.get(one, UNKNOWN) for one in clusters(normalise(text))])

    def encode(self, values: pd.Series) -> pd.Series:
        """Return `values` recoded; missing stays missing."""
        return per_value(values, self.encode_text)


def cluster_codes(*columns: pd.Series) -> ClusterCodes:
    """Return the code fitted on the names in `columns`: give every list that will be compared.

    The most frequent clusters get characters of their own. Order of rows and columns changes nothing.

    Parameters
    ----------
    *columns : Series of str
        Names in any script; missing ones are passed over.

    Examples
    --------
    >>> cluster_codes(pd.Series(["កា", "កា ខា"])).encode(pd.Series(["ខា កា"])).tolist()
    ['"!']
    """
    counted: Counter[str] = Counter()
    for column in columns:
        for text, times in column.dropna().value_counts().items():
            for one in clusters(normalise(str(text))):
                counted[one] += int(times)
    ranked = sorted(counted, key=lambda one: (-counted[one], one))
    own = len(CHARACTERS) - 1
    if len(ranked) <= own:
        return ClusterCodes(dict(zip(ranked, CHARACTERS, strict=False)))
    # The last third of the characters is shared among the rarest clusters, in turn, so that none is crowded.
    kept = own - own // 3
    places = [*range(kept), *(kept + rank % (own - kept) for rank in range(len(ranked) - kept))]
    codes = {one: CHARACTERS[place] for one, place in zip(ranked, places, strict=True)}
    share = np.array([counted[one] for one in ranked], dtype=float) / counted.total()
    same_character = np.bincount(places, weights=share)
    different = 1 - (share**2).sum()
    return ClusterCodes(codes, float(((same_character**2).sum() - (share**2).sum()) / different))
