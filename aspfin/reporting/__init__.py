"""Reports: parameters in, pages and tables out.

Names load on first use: pictures and papermill are heavy, and `aspfin --help` should not wait for them.

Examples
--------
>>> from aspfin import reporting
>>> reporting.KINDS["financing"].title
'who pays for a shock, how fast, and what is left unmet'
"""

from aspfin import load_on_use

_HOMES = {
    "parameters": ("KINDS", "FinancingParameters", "ReportKind", "build", "sections_of"),
    "reading": ("Case", "read_file", "read_files"),
    "manifest": ("Headline", "provenance", "save_results"),
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}
__all__ = sorted(_HOME_OF)

load_on_use(__name__, names=_HOME_OF)
