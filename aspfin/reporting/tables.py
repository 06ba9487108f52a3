"""The tables and text blocks of a report. Each returns an `Html` object that shows itself in a notebook.

| Part of the page | Call |
|---|---|
| First screen: title, the answer, the headline figures | `title`, `answer`, `cards` |
| A table; plain sentences | `table`, `paragraphs` |
| A remark; a folded note on method | `note`, `method_note` |
| What was checked | `checks_list` |
| Where numbers come from, and which are unconfirmed | `sources_list`, `unverified_list` |
| What was run and how to run it again | `run_stamp` |
| The style sheet of all this | `stylesheet` |
"""

from aspfin.reporting.blocks import (
    answer,
    cards,
    checks_list,
    method_note,
    note,
    paragraphs,
    run_stamp,
    sources_list,
    title,
    unverified_list,
)
from aspfin.reporting.data_tables import data_table, table
from aspfin.reporting.markup import Html, stylesheet

__all__ = [
    "Html",
    "answer",
    "cards",
    "checks_list",
    "data_table",
    "method_note",
    "note",
    "paragraphs",
    "run_stamp",
    "sources_list",
    "stylesheet",
    "table",
    "title",
    "unverified_list",
]
