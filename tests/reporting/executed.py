"""An executed notebook made of what our own functions show, for tests of the formats; no kernel is needed."""

import numpy as np
import pandas as pd

from aspfin.reporting import blocks, data_tables, figure
from aspfin.results import Check

HOSTILE = (
    '#import "x" $a_1$ \\ \\u{41} `tick` *b* _i_ <script>alert(1)</script> ]{}[ @ref ~ // /* & \' " '
    "=cmd|' /C calc'!A0 \x00\x07\x1b\x0b\x0c\ufffe \u202e end"
)


def markdown(text, *tags):
    return {"cell_type": "markdown", "metadata": {"tags": list(tags)}, "source": text}


def code(*shown, source="show()", tags=()):
    outputs = [
        {
            "output_type": "display_data",
            "metadata": {},
            "data": {"text/html": one._repr_html_(), "text/plain": str(one)},
        }
        for one in shown
    ]
    return {"cell_type": "code", "metadata": {"tags": list(tags)}, "source": source, "outputs": outputs}


def printed(text, name="stdout"):
    output = {"output_type": "stream", "name": name, "text": text}
    return {"cell_type": "code", "metadata": {}, "source": "print()", "outputs": [output]}


def chart(title="Need grows with the return period", alt="Need rises from 2 to 60 million", source="own"):
    def draw(canvas, narrow):
        canvas.subplots().plot([1, 2, 3], [1, 4, 9])

    return figure.make(
        draw, inches=(3.0, 3.0), title=title, subtitle="US$ million", source=source, alt=alt,
        data=pd.DataFrame({"x": [1, 2, 3]}),
    )  # fmt: skip


def table(caption="Who pays", **more):
    frame = pd.DataFrame({"payer": ["fund", "credit", "total"], "paid": [1_234_567, 89_000, 1_323_567]})
    given = {"units": {"paid": "US$ a year"}, "notes": ["Exact, not simulated."], "total": True, **more}
    return data_tables.table(frame, caption=caption, **given)


def notebook(*cells):
    return {"cells": list(cells), "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def report(title="Floods: who pays?", text="The fund pays first."):
    """Return a report with every form that our functions show; `text` stands in each of them."""
    checks = [Check("mass balance", text, True), Check("big events", "Are there ten?", False, text="five")]
    source = {"publisher": "NCDM", "title": text, "date": "2020", "url": "https://example.org/flood_report"}
    folded = blocks.method_note(
        "How it is computed", f"{text}\n\nTwice.", formula="A = X₁ + … + X_N", source="K"
    )
    inputs = pd.DataFrame({"name": [text], "value": ["24"], "status": ["assumed"]})
    return notebook(
        markdown("# Template\n\nNot shown.", "remove-cell"),
        code(
            blocks.title(title, "Cambodia, ten years")
            + blocks.answer("In short", [text, "Credit follows."])
            + blocks.cards([("Unmet need", "US$ 2.1 million", "1.2 to 3.4"), ("Fund", text, "")])
            + blocks.note(f"Mind: {text}"),
            chart(),
        ),
        markdown("## What does the shock do?\n\nWords with **weight**, *stress*, `code` and [a link](https://example.org/a)."),
        code(blocks.paragraphs(text), table(flags={(0, "paid"): "Not verified."})),
        code(folded),
        markdown("### A smaller heading\n\n1. first\n2. second\n   - inner\n\n> quoted\n\n| a | b |\n|---|---|\n| x | 1 |"),
        printed("Printed by a cell"),
        markdown("## Checks"),
        code(blocks.checks_list(checks), blocks.sources_list([source]), blocks.unverified_list(inputs)),
        markdown("## How this was made"),
        code(blocks.run_stamp({"seed": 2024, "aspfin": "0.1.0"}, command="aspfin run floods.yaml")),
    )  # fmt: skip


def wide_table(columns=30, rows=3):
    values = np.arange(columns * rows).reshape(rows, columns)
    return data_tables.data_table(
        pd.DataFrame(values, columns=[f"column {i}" for i in range(columns)]), caption="Wide"
    )
