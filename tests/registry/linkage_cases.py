"""Records for the tests of linkage: five whose answer is plain, and six synthetic lists with known truth."""

from functools import cache

import pandas as pd

from aspfin import data, registry


def few_people(**columns):
    """Three records of Sok Dara and two of Chan Pisey on three lists; columns replaced as told."""
    frame = pd.DataFrame(
        {
            "list_id": ["poor", "cash", "cash", "health", "health"],
            "record_id": ["1", "1", "2", "1", "2"],
            "name_latin": ["Sok Dara", "Sokh Dara", "Chan Pisey", "DARA SOK", "Chan Pisei"],
            "sex": ["male", "male", "female", "male", "female"],
            "birth_date": ["1990-04-03", "1990-03-04", "1985-02-11", None, "1985-02-11"],
            "birth_year": [1990, 1990, 1985, 1990, 1985],
            "birth_precision": ["day", "day", "day", "year", "day"],
            "village_code": ["KH01020304"] * 5,
            "household_id": ["7", "7", None, "7", None],
        }
    )
    return frame.assign(**columns)


@cache
def six_lists(script, households=2_000):
    """Harmonised lists and the person of every record; never change them."""
    made = data.synthetic.registry_lists(households=households, seed=4, script=script)
    lists = {name: registry.harmonise(raw, made.mappings[name]).frame for name, raw in made.lists.items()}
    return lists, made.truth[["list_id", "record_id", "person"]]


@cache
def linked(script):
    """The linkage of `six_lists`, and the truth."""
    lists, truth = six_lists(script)
    return registry.link(lists, script=script, seed=0), truth
