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

import sys
from importlib import import_module
from types import ModuleType
from typing import Any

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


def __getattr__(name: str) -> Any:
    if name in FUNCTIONS:
        return getattr(import_module(f"{__name__}.{FUNCTIONS[name]}"), name)
    if name in MODULES:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])


class _Package(ModuleType):
    """Keep a call from being hidden by the module of the same name.

    Importing `aspfin.registry.overlap` makes Python set the attribute `overlap` of this package to that
    module; here it becomes the function `overlap`, whichever is imported first.
    """

    def __setattr__(self, name: str, value: object) -> None:
        if isinstance(value, ModuleType) and name in FUNCTIONS:
            value = getattr(value, name, value)
        super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
