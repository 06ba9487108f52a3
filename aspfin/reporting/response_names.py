"""Options of a response and groups of households, named for a reader."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aspfin.reporting.response import ResponseAnalysis

__all__ = ["SHORT", "group_words", "meaning", "pays"]

MEANINGS = {
    "design_tweak": (
        "Pay every household of the running programme in the hit areas ahead of time, without conditions. "
        "Most of that money is not extra: it is paid earlier."
    ),
    "vertical_expansion": "Pay affected households that are already on the register more for a while.",
    "horizontal_expansion": "Pay affected households that are not on the register, for a while.",
    "emergency_programme": (
        "Set up a new programme for all affected households, on the existing register and payments."
    ),
    "disaster_management_programme": (
        "Let disaster-management actors pay from lists of their own: quick to start, but some households are "
        "paid twice and some aid does not arrive."
    ),
    "routine_strengthening": (
        "Invest in register and payments in the years before, then expand vertically and horizontally when "
        "the shock comes."
    ),
}

SHORT = {
    "Vertical expansion": "Vertical",
    "Horizontal expansion": "Horizontal",
    "New emergency programme": "New programme",
    "Disaster-management programme": "Disaster actors",
    "Routine strengthening": "Strength\u00adening",
}


def meaning(a: ResponseAnalysis, option: str) -> str:
    """Return what an option is, in a line or two."""
    key = a.keys[option]
    if key in MEANINGS:
        return MEANINGS[key]
    own = type(a.comparison.options[option]).__doc__ or ""
    return own.strip().split("\n")[0]


def pays(a: ResponseAnalysis, option: str) -> str:
    """Return what an option pays, in words."""
    one = a.comparison.options[option]
    benefit = getattr(one, "benefit", None)
    if benefit is not None:
        text = benefit.words(a.country)
        return text.replace(", 1 times", ", once").replace(", 2 times", ", two months")
    return "what vertical and horizontal expansion pay" if getattr(one, "base", None) is not None else ""


def _level(a: ResponseAnalysis | None, level: str) -> str:
    """Return the level of a household on the register, where there are several."""
    rows = None if a is None else a.comparison.left_out
    if rows is None:
        return f", {level}"
    levels = set(rows.loc[rows["group"] == "card level", "level"]) - {"none"}
    return f", {level}" if len(levels) > 1 else ""


AREAS = {"phnom_penh": "in Phnom Penh", "urban": "in other urban areas", "rural": "in rural areas"}
SEXES = {"female": "headed by a woman", "male": "headed by a man"}


def group_words(a: ResponseAnalysis, group: str, level: str) -> str:
    """Return a group of households in words; empty for the complement of a group that is named itself.

    Examples
    --------
    >>> group_words(None, "sex of the head", "female"), group_words(None, "with a disability", "no")
    ('headed by a woman', '')
    """
    if level in ("yes", "no"):
        return group.replace(", outside the card", " without a card") if level == "yes" else ""
    if group == "card level":
        return "not on the register" if level == "none" else "on the register" + _level(a, level)
    if group == "area":
        elsewhere = a is not None and a.country.iso3 != "KHM"
        return AREAS.get(level, level).replace("other " if elsewhere else "\n", "")
    return SEXES.get(level, f"{group}: {level}".replace("_", " "))
