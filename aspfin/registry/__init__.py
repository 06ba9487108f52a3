"""The registry: programme lists in many shapes become one trusted picture, and what it is worth is told.

Read a list, harmonise it by a mapping, assess it, link it with the others, see who is in what.
Calls load when first used, so that `import aspfin.registry` stays light. `FUNCTIONS` lists every call with
the module that holds it; `MODULES` lists the modules used by their own names (`registry.names.fold_latin`).

Direct identifiers (names, national numbers, telephones, exact birth dates) stay in the frames: no message,
log or report holds one. `registry.pseudonymise` replaces them where a frame leaves the room.

Examples
--------
>>> import pandas as pd
>>> from aspfin import registry
>>> raw = pd.DataFrame({"No": ["7", "8"], "Name": ["Sok  Dara", "Chan Sophea"], "DOB": ["3/4/1990", "1985"]})
>>> mapping = {"list_id": "cash", "programme": "cash_transfer",
...     "columns": {"record_id": "No", "name_latin": "Name", "birth_date": "DOB"}}
>>> people = registry.harmonise(raw, mapping)
>>> people.frame[["record_id", "name_latin", "birth_year", "birth_precision"]]
  record_id   name_latin  birth_year birth_precision
0         7    Sok Dara        1990             day
1         8  Chan Sophea        1985            year
"""

from aspfin import load_on_use

# Call → module of this package. Adding a call is one function and one line here.
FUNCTIONS = {
    "ClusterCodes": "recoding",
    "Duplicates": "duplicates",
    "Fragmentation": "fragmentation",
    "Harmonised": "harmonise",
    "Linkage": "linkage",
    "ListMapping": "mapping",
    "Overlap": "overlap",
    "Quality": "quality",
    "Unlisted": "unlisted",
    "assess": "quality",
    "cluster_codes": "recoding",
    "duplicates": "duplicates",
    "evaluate": "evaluation_of_links",
    "exchange_readiness": "readiness",
    "exclusion_by_age": "ageing",
    "fragmentation": "fragmentation",
    "harmonise": "harmonise",
    "link": "linkage",
    "name_keys": "names",
    "normalise_names": "khmer",
    "overlap": "overlap",
    "parse_dates": "dates",
    "pseudonymise": "privacy",
    "read_mapping": "mapping",
    "review_queue": "clerical",
    "romanise": "romanise",
    "unlisted": "unlisted",
    "validate": "schema",
    "work_list": "work_list",
}
MODULES = (
    "ageing",
    "clerical",
    "dates",
    "mapping",
    "names",
    "plausibility",
    "privacy",
    "quality",
    "readiness",
    "schema",
    "spark",
    "thresholds",
)

__all__ = [*FUNCTIONS, *MODULES]

load_on_use(__name__, names=FUNCTIONS, modules=MODULES)
