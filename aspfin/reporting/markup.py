"""The smallest display object: a piece of HTML with its plain reading, and the style sheet of all of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import pandas as pd

__all__ = ["Html", "missing", "stylesheet"]


@dataclass(frozen=True)
class Html:
    """A piece of HTML that shows itself in a notebook; `text` is its plain reading."""

    html: str
    text: str = ""

    def __str__(self) -> str:
        return self.text

    def __add__(self, other: Html) -> Html:
        return Html(self.html + other.html, f"{self.text}\n{other.text}".strip())

    def _repr_html_(self) -> str:
        return self.html


@cache
def stylesheet() -> str:
    """Return the report's style sheet; `<style>` it once per page."""
    return files("aspfin.reporting").joinpath("assets/report.css").read_text(encoding="utf-8")


def missing(value: Any) -> bool:
    """Return whether a cell holds nothing.

    Examples
    --------
    >>> missing(None), missing(float("nan")), missing(0), missing("")
    (True, True, False, False)
    """
    return bool(pd.api.types.is_scalar(value) and pd.isna(value))
