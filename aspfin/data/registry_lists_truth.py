"""The truth behind the made-up lists: people, what was planted, and what the lists come to."""

from __future__ import annotations

import numpy as np
import pandas as pd

from aspfin.data.population import Population
from aspfin.data.registry_lists_format import SPECS
from aspfin.data.registry_lists_names import VARIANTS, Lexicon
from aspfin.data.registry_lists_records import LISTS, NOT_ELIGIBLE, PAID_TWICE, eligibility

__all__ = ["margins", "persons_table", "planted"]

# Published size of a list: (list, counted by, published, date, source, note).
PUBLISHED = (
    (
        "cash_transfer",
        "household",
        700_000,
        "2024-03-31",
        "ppp_campaign_2024",
        "about; the register had grown since the figures of 2022 that the population reproduces",
    ),
    ("scholarship", "person", 260_000, "2024-12-31", "ppp_scholarships", "more than; day not known"),
    ("social_security", "person", 1_466_725, "2022-09-30", "ppp_nssf_2022", "insured workers"),
)


def persons_table(
    persons: pd.DataFrame, homes: pd.DataFrame, names: Lexicon, truth: pd.DataFrame
) -> pd.DataFrame:
    """Return the people as they are, with what they have a right to and which lists they are on."""
    family, given, own = (persons[name].to_numpy() for name in ("family", "given", "own"))
    second = np.char.capitalize(names.given_latin.astype(str)).astype(object)
    at = persons.household.to_numpy()
    table = pd.DataFrame(
        {
            "person": persons.person,
            "household": persons.household_id,
            "name_km": pd.Series(names.family_km[family, 0] + " " + names.given_km[given, 0], dtype="str"),
            "name_latin": pd.Series(
                names.family_latin[family, own // VARIANTS] + " " + second[given, own % VARIANTS], dtype="str"
            ),
            "sex": pd.Categorical(np.where(persons.female, "female", "male"), ["male", "female"]),
            "birth_date": persons.birth,
            "relation": persons.relation,
            "died": persons.died,
            "moved_on": persons.moved,
            "village_code": pd.Series(persons.village_code, dtype="str"),
            "person_id": pd.Series(persons.national_id, dtype="str").replace("", np.nan),
            "weight": homes.weight.to_numpy()[at],
        }
    )
    for list_id, right in eligibility(persons, homes).items():
        table[f"eligible_{list_id}"] = right & persons.died.isna().to_numpy()
        listed = truth.person[truth.list_id == list_id].unique()
        table[f"in_{list_id}"] = np.isin(persons.person.to_numpy(), listed)
    table.attrs["synthetic"] = "people of a synthetic population; no real person"
    return table


def planted(truth: pd.DataFrame, errors: pd.DataFrame, persons: pd.DataFrame) -> pd.DataFrame:
    """Count what was planted by list and kind, beside the rate that was set."""
    marks = truth.melt(["list_id"], ["duplicate", "paid_twice", "not_eligible"], "kind", "records")
    marked = marks.groupby(["list_id", "kind"]).records.sum()
    counts = pd.concat([errors.groupby(["list_id", "kind"]).size(), marked[marked > 0]])
    table = counts.rename("records").rename_axis(["list_id", "kind"]).reset_index()
    table["share"] = table.records / table.list_id.map(truth.list_id.value_counts())
    stated = {(name, kind): rate for name, spec in SPECS.items() for kind, rate in spec.rates.items()}
    stated.update({(name, "duplicate"): twice for name, (_, _, twice) in LISTS.items()})
    stated["cash_transfer", "paid_twice"] = PAID_TWICE
    stated["cash_transfer", "not_eligible"] = NOT_ELIGIBLE
    pairs = zip(table.list_id, table.kind, strict=True)
    table["stated"] = [stated.get(pair, np.nan) for pair in pairs]
    order = table.list_id.map({name: place for place, name in enumerate(LISTS)})
    table = table.assign(order=order).sort_values(["order", "kind"]).drop(columns="order")
    right = persons.filter(regex="^eligible_").any(axis=1)
    left_out = int((right & ~persons.filter(regex="^in_").any(axis=1)).sum())
    table.loc[len(table)] = ["everywhere", "eligible, in no list", left_out, left_out / right.sum(), np.nan]
    return table.reset_index(drop=True)


def margins(persons: pd.DataFrame, population: Population) -> pd.DataFrame:
    """Return what the lists come to in the country, beside the published figures.

    Everybody counts once per list, with the weight of the household; people and households are counted as the
    published figure does. The register of the poor is compared with the totals the population was drawn for.
    """
    drawn = population.margins
    rows = []
    for unit in ("household", "person"):
        total = drawn[drawn.margin.str.startswith(f"{unit}s registered")]
        first = total.iloc[0]
        rows.append(
            ("idpoor", unit, total.published.sum(), first.date, first.source, "sum of provinces and levels")
        )
    table = []
    for list_id, unit, published, date, source, note in [*rows, *PUBLISHED]:
        inside = persons[persons[f"in_{list_id}"]]
        counted = inside.drop_duplicates("household") if unit == "household" else inside
        simulated = float(counted.weight.sum())
        difference = simulated / published - 1
        table.append(
            (
                f"{unit}s listed",
                list_id,
                published,
                simulated,
                difference,
                f"{unit}s",
                date,
                source,
                "press",
                note,
            )
        )
    told = ["margin", "list_id", "published", "simulated", "difference"]
    return pd.DataFrame(table, columns=[*told, "unit", "date", "source", "status", "note"])
