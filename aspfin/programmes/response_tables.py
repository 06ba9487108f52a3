"""Tables beside a comparison of responses: bands, who is left out, the account, assumptions, checks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from aspfin.data import Quantity
from aspfin.data.population import Population
from aspfin.programmes.country import Country
from aspfin.programmes.households import HouseholdData
from aspfin.programmes.microsimulation import Scene
from aspfin.programmes.registry_age import RegistryAge
from aspfin.programmes.response_draws import OptionDraws
from aspfin.programmes.response_plan import Option, Plan, pay_states
from aspfin.programmes.response_scores import MEASURES, measures_of
from aspfin.programmes.shock import Shock
from aspfin.results import Check

__all__ = ["account_table", "assumption_table", "band_table", "left_out_table", "response_checks"]

COLUMNS = ["name", "value", "low", "high", "unit", "source", "status", "note"]


def band_table(
    table: pd.DataFrame, drawn: Mapping[str, OptionDraws], places: Sequence[int], currency: str
) -> pd.DataFrame:
    """Return option, measure, words, unit, value, low, high, mean, std_error."""
    rows = []
    for row in table.to_dict("records"):
        option = row["option"]
        found = drawn[option].measures(places) if option in drawn else {}
        for measure, (words, unit, _) in MEASURES.items():
            ends = (np.nan,) * 4
            if measure in found:
                values = found[measure][np.isfinite(found[measure])]
                if len(values):
                    low, high = np.quantile(values, [0.05, 0.95])
                    error = values.std(ddof=1) / np.sqrt(len(values)) if len(values) > 1 else np.nan
                    ends = (float(low), float(high), float(values.mean()), float(error))
            shown = unit.replace("money", currency)
            rows.append((option, measure, words, shown, row[measure], *ends))
    columns = ["option", "measure", "words", "unit", "value", "low", "high", "mean", "std_error"]
    return pd.DataFrame(rows, columns=columns)


def account_table(scene: Scene, places: Sequence[int]) -> pd.DataFrame:
    """Return the households that add up: part, households, people."""
    households, hit = scene.households, scene.hit
    poor, after = scene.poor_before, scene.poor_after
    parts = {
        "not affected": 1 - hit,
        "affected, not in need": hit * (1 - after),
        "in need, poor before": hit * poor,
        "in need, pushed below the line": hit * (after - poor),
    }
    rows = [
        (
            name,
            scene.by_province(part)[list(places)].sum(),
            scene.by_province(part * households.members)[list(places)].sum(),
        )
        for name, part in parts.items()
    ]
    return pd.DataFrame(rows, columns=["part", "households", "people"])


def left_out_table(scene: Scene, plans: Mapping[str, Plan], places: Sequence[int]) -> pd.DataFrame:
    """Return, by group, households in need, those of them not paid, and their share."""
    households = scene.households
    inside = np.isin(households.province, list(places))
    need = scene.need_weight * inside
    groups = _groups(households.frame)
    rows = []
    for option, plan in plans.items():
        paid = pay_states(plan.streams, tuple(one.affected for one in plan.streams)).paid
        missed = need * (1 - paid)
        for group, labels in groups.items():
            for level in pd.unique(labels.sort_values(kind="stable")):
                mine = (labels == level).to_numpy()
                total, out = float(need[mine].sum()), float(missed[mine].sum())
                rows.append((option, group, str(level), total, out, out / total if total > 0 else np.nan))
    columns = ["option", "group", "level", "households_in_need", "not_paid", "share"]
    return pd.DataFrame(rows, columns=columns)


def _groups(frame: pd.DataFrame) -> dict[str, pd.Series]:
    words = {
        "age_60_plus": ("with members aged 60 and over", "yes", "no"),
        "disability": ("with a disability", "yes", "no"),
        "child_0_5": ("with children under 6", "yes", "no"),
        "at_risk": ("near-poor, outside the card", "yes", "no"),
    }
    groups = {"card level": frame["card_level"].map(lambda level: f"level {level}" if level else "none")}
    for column, (name, yes, no) in words.items():
        if column in frame.columns:
            groups[name] = pd.Series(np.where(frame[column].to_numpy() > 0, yes, no))
    for column, name in (("area", "area"), ("head_sex", "sex of the head")):
        if column in frame.columns:
            groups[name] = frame[column].astype(str)
    return groups


def assumption_table(
    country: Country,
    shock: Shock,
    options: Mapping[str, Option],
    population: Population | HouseholdData,
    deadline: float,
    draws: int,
    registry: RegistryAge,
) -> pd.DataFrame:
    """Return everything taken as given: name, value, low, high, unit, source, status, note."""
    rows: dict[str, dict[str, object]] = {}

    def add(name: str, value: object, unit: str, source: str, status: str, note: str = "") -> None:
        rows.setdefault(
            name,
            dict(zip(COLUMNS, (name, value, None, None, unit, source, status, note), strict=True)),
        )

    for quantity in (*_affected_together(shock), registry.base, registry.yearly_growth):
        rows.setdefault(quantity.name, {column: getattr(quantity, column) for column in COLUMNS})
    for name, option in options.items():
        for quantity in option.inputs:
            rows.setdefault(quantity.name, {column: getattr(quantity, column) for column in COLUMNS})
        for part in _benefits(option):
            add(f"{name}: benefit", part.words(country), "", "country pack", "press")
    line = country.facts.get("poverty.line")
    known = line is not None and line.value == population.poverty_line
    add(
        "poverty line", population.poverty_line, f"{population.currency} per person and day",
        line.source if known else "population", line.status if known else "assumed",
    )  # fmt: skip
    add("households", len(population.households), "rows", population.sentence(), "assumed")
    add("deadline for a payment on time", deadline, "days", "given by the user", "assumed")
    words = "within a province every household is equally likely to be hit"
    add("who is hit", words, "", "working_assumption", "assumed", "the poor are probably hit more often")
    words = "money received is spread over the months of the shock, shared by all members"
    add("what a transfer does", words, "", "working_assumption", "assumed")
    words = "counts as received now; that later payments fall by it is not followed"
    add("money brought forward", words, "", "working_assumption", "assumed")
    words = "half of the draws between low and central, half between central and high"
    together = "one draw for a name wherever it is used, for all provinces and for all living standards"
    add("ranges", words, f"{draws:,} draws", "working_assumption", "assumed", together)
    return pd.DataFrame(list(rows.values()), columns=COLUMNS)


def _benefits(option: object) -> list:
    parts = getattr(option, "options", None) or [p for p in (getattr(option, "base", None),) if p is not None]
    own = getattr(option, "benefit", None)
    return ([own] if own is not None else []) + [b for part in parts for b in _benefits(part)]


def _affected_together(shock: Shock) -> list[Quantity]:
    """Return the inputs of a shock; provinces of one name as their sum."""
    named: dict[str, list[Quantity]] = {}
    for quantity in shock.inputs:
        named.setdefault(quantity.name, []).append(quantity)
    found = []
    for name, same in named.items():
        first = same[0]
        if len(same) == 1 or first.unit != "households":
            found.append(first)
            continue
        total = {end: sum(getattr(q, end) or q.number for q in same) for end in ("low", "value", "high")}
        note = f"{len(same)} provinces together; {first.note.partition(': ')[2]}"
        found.append(
            Quantity(
                name, total["value"], unit=first.unit, low=total["low"], high=total["high"], date=first.date,
                source=first.source, status=first.status, note=note,
            )
        )  # fmt: skip
    return found


def response_checks(
    scene: Scene,
    sums: Mapping[str, Mapping[str, np.ndarray]],
    drawn: Mapping[str, OptionDraws],
    places: Sequence[int],
) -> tuple[Check, ...]:
    """Return the account of households, and how far the cells are from the microsimulation."""
    worst, lowest, biggest = 0.0, 0.0, 1.0
    for one in sums.values():
        m = measures_of({name: values[list(places)] for name, values in one.items()})
        parts = [m[f"households_{part}"] for part in ("on_time", "late", "never", "not_in_need")]
        everybody = one["households"][list(places)]
        worst = max(worst, float(np.max(np.abs(sum(parts) - everybody))))
        lowest = min(lowest, float(min(part.min() for part in parts)))
        biggest = max(biggest, float(everybody.sum()))
    found = [
        Check(
            "households add up",
            "Is every household paid on time, late, never, or not in need?",
            worst <= 1e-9 * biggest and lowest >= -1e-9 * biggest,
            worst,
            text=f"largest gap {worst:.1g} households",
        )
    ]
    room = [share for share in np.atleast_1d(scene.hit) if share >= 1]
    if scene.shock.counted:
        text = (
            "no province has more affected households than households"
            if not room
            else ("in some province the reported number is above its households and was cut")
        )
        found.append(
            Check("room in the provinces", "Do the affected fit into their provinces?", not room, text=text)
        )
    if drawn:
        gaps = {
            (option, name): abs(drawn[option].central_cells[name].sum() / sums[option][name].sum() - 1)
            for option in drawn
            for name in ("in_need", "paid", "transfer", "poor_response", "unmet_money")
            if sums[option][name].sum() > 0
        }
        (option, name), gap = max(gaps.items(), key=lambda item: item[1])
        text = f"largest difference {gap:.1%} ({name.replace('_', ' ')}, {option}); draws are scaled by it"
        question = "Are the cells, on which ranges are drawn, within 5 % of the single households?"
        found.append(Check("cells against households", question, gap <= 0.05, gap, text=text))
    return tuple(found)
