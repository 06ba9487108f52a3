"""Many reports: run side by side, kept when nothing changed, checked, and compared.

Names load on first use: papermill is heavy, and `aspfin --help` should not wait for it.

Examples
--------
>>> from aspfin import batch
>>> batch.run.__name__
'run'
"""

from aspfin import load_on_use

_HOMES = {
    "outcomes": ("CaseOutcome", "Failure", "Limits"),
    "runner": ("plan", "run"),
    "index": ("write_indexes",),
    "records": ("CaseRecord", "read_records", "records_frame"),
    "disclosure": ("protect",),
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}
__all__ = sorted(_HOME_OF)

load_on_use(__name__, names=_HOME_OF)
