"""Linkage on records like those of Febrl, the usual test of deduplication, beside plain rules.

No published set is downloaded or depended on: the records are made here in the manner of Febrl (P.
Christen 2008, "Febrl: an open source data cleaning, deduplication and record linkage system"), originals
and up to five duplicates of each with letters inserted, left out, exchanged or mistaken, values missing
or swapped. The figures are not those of papers, and the sets are called "like Febrl". Names are not
Khmer: this also shows what the defaults do on names they were not made for.

Run: python benchmarks/registry_published.py
"""

import time

import numpy as np
import pandas as pd

from aspfin import registry

FAMILIES = (
    "smith jones nguyen white taylor clarke ryan campbell webb green matthews reid morrison thomas"
    " petersen coleman dixon stephenson hicks noble klemm mcgregor rudd burford fitzpatrick donoghue"
    " eglinton rawlings hobson rees"
)
GIVEN = (
    "joshua emily thomas sarah lachlan jessica daniel hannah benjamin georgia matthew isabella"
    " samuel chloe jack sophie nicholas caitlin alexander olivia james charlotte mitchell brianna"
    " harrison zoe william amelia ethan madison liam ruby riley ella connor mia dylan grace jackson"
    " lily noah abbey callum tahlia luke imogen kyle alana"
)
LETTERS = np.array(list("abcdefghijklmnopqrstuvwxyz"))
# Kind of set: originals, duplicates, most duplicates of one, errors per duplicate.
SETS = {
    "like Febrl 1": (500, 500, 1, 1),
    "like Febrl 2": (4_000, 1_000, 5, 2),
    "like Febrl 3": (2_000, 3_000, 5, 4),
}


def words(text, size, rng):
    """Names as common as rank says, a tenth of them made up."""
    known = np.array(text.split())
    chance = 1 / (np.arange(known.size) + 3.0)
    drawn = rng.choice(known, size, p=chance / chance.sum()).astype(object)
    for row in np.flatnonzero(rng.random(size) < 0.1):
        drawn[row] = "".join(rng.choice(LETTERS, rng.integers(4, 9)))
    return drawn


def originals(size, rng):
    village = rng.integers(1, 9, (size, 4))
    born = np.datetime64("1930-01-01") + rng.integers(0, 29_000, size)
    return pd.DataFrame(
        {
            "person": np.arange(size),
            "family": words(FAMILIES, size, rng),
            "given": words(GIVEN, size, rng),
            "sex": rng.choice(["female", "male"], size),
            "birth": np.datetime_as_string(born).astype(object),
            "village_code": [f"KH{a:02d}{b:02d}{c:02d}{d:02d}" for a, b, c, d in village],
            "person_id": rng.permutation(90_000_000)[:size].astype(str).astype(object) if size else [],
        }
    )


def typo(text, rng):
    place, way = int(rng.integers(len(text))), rng.integers(4)
    letter = rng.choice(LETTERS) if text[place].isalpha() else str(rng.integers(10))
    if way == 0:
        return text[:place] + letter + text[place:]
    if way == 1 and len(text) > 2:
        return text[:place] + text[place + 1 :]
    if way == 2 and place + 1 < len(text):
        return text[:place] + text[place + 1] + text[place] + text[place + 2 :]
    return text[:place] + letter + text[place + 1 :]


def spoilt(record, errors, rng):
    """Change a record in place as a clerk might."""
    for _ in range(errors):
        column = rng.choice(["family", "given", "birth", "village_code", "person_id", "sex", "order"])
        if column == "order":
            record["family"], record["given"] = record["given"], record["family"]
        elif not isinstance(record[column], str) or rng.random() < 0.15:
            record[column] = None if column not in ("family", "given") else record[column]
        elif column in ("family", "given", "person_id"):
            record[column] = typo(record[column], rng)
        elif column == "birth":
            year, month, day = record[column].split("-")
            swapped = (
                f"{year}-{day}-{month}" if int(day) <= 12 else f"{year}-{month}-{rng.integers(1, 29):02d}"
            )
            record[column] = swapped
        elif column == "village_code":
            record[column] = record[column][:-2] + f"{rng.integers(1, 9):02d}"
    return record


def benchmark_set(originals_, duplicates, most, errors, seed=0):
    rng = np.random.default_rng(seed)
    first = originals(originals_, rng)
    copies = rng.permutation(np.repeat(np.arange(originals_), most))[:duplicates]
    again = pd.DataFrame([spoilt(dict(first.iloc[row]), errors, rng) for row in copies])
    both = pd.concat([first, again], ignore_index=True)
    both = both.assign(list_id="set", record_id=[f"{row:06d}" for row in rng.permutation(len(both))])
    both["name_latin"] = both.family + " " + both.given
    both["birth_date"] = pd.to_datetime(both.birth, errors="coerce")
    both["birth_year"] = pd.to_numeric(both.birth.str[:4]).astype("Int16")
    both["birth_precision"] = both.birth_date.notna().map({True: "day", False: "year"})
    truth = both[["list_id", "record_id", "person"]]
    return both.drop(columns=["person", "family", "given", "birth"]), truth


def by_rules(records, truth):
    """The peer: records are one if number, or name and birthday, are equal letter by letter."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    size = len(records)
    edges = []
    for columns in (["person_id"], ["name_latin", "birth_date"]):
        known = records.dropna(subset=columns)
        group = known.groupby(columns).ngroup().to_numpy() if len(known) else np.zeros(0, int)
        first = pd.Series(known.index, index=group).groupby(level=0).first()
        edges.append(np.column_stack([known.index, first.loc[group]]))
    left, right = np.concatenate(edges).T
    label = connected_components(
        coo_array((np.ones(left.size), (left, right)), (size, size)), directed=False
    )[1]

    def count(*by):
        sizes = pd.DataFrame(dict(enumerate(by))).groupby(list(range(len(by)))).size()
        return int((sizes * (sizes - 1) // 2).sum())

    both = count(label, truth.person)
    return both / max(count(label), 1), both / count(truth.person)


def main():
    print("| | records | seconds | precision | recall | F | rules: precision | rules: recall |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|")
    for name, told in SETS.items():
        records, truth = benchmark_set(*told)
        start = time.perf_counter()
        linkage = registry.link(records, script="latin")
        seconds = time.perf_counter() - start
        found = registry.evaluate(linkage, truth)
        precision, recall = by_rules(records, truth)
        print(
            f"| {name} | {len(records):,} | {seconds:.1f} | {found.precision:.4f} | {found.recall:.4f} "
            f"| {found.f1:.4f} | {precision:.4f} | {recall:.4f} |"
        )


if __name__ == "__main__":
    main()
