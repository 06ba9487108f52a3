"""Many reports: run side by side, kept when nothing changed, checked, and compared.

| Call | Does |
|---|---|
| `run` | make the reports of cases; `Way` says how many at a time, where, within which `Limits` |
| `plan` | say which reports are done, stale, failed or missing, and why |
| `finish` | give each batch its synthesis, its comparing page and its description for archives |
| `read_records`, `records_frame` | read finished reports into one table |
| `protect` | hide small figures across cases, so that none can be worked out from the others |
| `verify` | hash the files of reports again, and make a few again |
| `compare` | tell how two batches differ, and why |
| `write_crate` | describe a batch as an RO-Crate |
| `archive` | pack a finished batch, without what must not be published |
| `write_indexes` | write the comparing pages and the list of all reports |

`docs/batches.md` shows them at work. Names load on first use: papermill is heavy, and `aspfin --help` should
not wait for it.

Examples
--------
>>> from aspfin import batch
>>> batch.Way(jobs=2).limits.cell_seconds
3600
"""

from aspfin import load_on_use

_HOMES = {
    "outcomes": ("CaseOutcome", "Failure", "Limits"),
    "runner": ("Way", "plan", "run"),
    "finish": ("finish",),
    "index": ("write_indexes",),
    "records": ("CaseRecord", "read_records", "records_frame"),
    "disclosure": ("protect",),
    "verify": ("verify",),
    "differences": ("compare",),
    "crate": ("write_crate",),
    "archive": ("archive",),
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}
__all__ = sorted(_HOME_OF)

load_on_use(__name__, names=_HOME_OF)
