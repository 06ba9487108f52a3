"""The hints of the workshop exercises fit the mistakes they are written for, and the answers in its prose hold."""

import json
from functools import cache
from pathlib import Path

import pytest

from aspfin.reporting.exercise import feedback

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "workshop" / "01_seven_ways.ipynb"
LOTTERY = 'controls=["baseline_debt"], strata="province", cluster="village")'
DESIGN_ONE = 'controls=["baseline_consumption"], strata="province", cluster="village")'


@cache
def run():
    """Run the cells up to the exercises; return what they define, and the exercises' own cells."""
    cells = [
        cell
        for cell in json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
        if cell["cell_type"] == "code"
    ]
    sources = ["".join(cell["source"]) for cell in cells if "tags" not in cell["metadata"]]
    exercises = [source for source in sources if source.startswith("answer = None")]
    names = {}
    for source in sources[: sources.index(exercises[0])]:
        exec(source, names)
    return names, exercises


def said(number, call):
    names, exercises = run()
    start, _, feedback = exercises[number - 1].rpartition("\n")
    assert feedback.startswith("exercise.feedback(")
    scope = dict(names)
    exec(start.replace("answer = None", f"answer = {call}", 1), scope)
    return str(eval(feedback, scope))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "call", "hint"),
    [
        (1, "weighted", "The poverty score is still among the controls"),
        (1, "naive", "This is the naive comparison"),
        (1, "matched", "That is matching"),
        (1, "weighted.p_value + 0.3", "too small"),
        (2, "lottery", "That is the effect on consumption"),
        (
            2,
            f'evaluation.difference_in_means(drawn, outcome="debt", treated="received", {LOTTERY}',
            "compare by offered",
        ),
        (
            2,
            'evaluation.difference_in_means(drawn, outcome="debt", treated="offered", cluster="village")',
            "add strata and controls",
        ),
        (2, f'evaluation.difference_in_means(drawn, outcome="debt", treated="offered", {LOTTERY}', "Right"),
        (3, "lottery", "This is still the old draw"),
        (3, 'synthetic.programme_panel(seed=15).true_effect("lottery", "ITT")', "That is the truth of the new draw"),
        (
            3,
            "evaluation.difference_in_means(synthetic.programme_panel(seed=15).lottery, "
            f'outcome="consumption", treated="offered", {DESIGN_ONE}',
            "Right",
        ),
    ],
)  # fmt: skip
def test_a_hint_fits_the_mistake(number, call, hint):
    assert hint in said(number, call)


@pytest.mark.slow
def test_the_seven_designs_hold_the_truth_and_the_naive_comparison_does_not():
    comparison = run()[0]["comparison"].set_index("label")
    assert not comparison["holds_truth"].iloc[0]
    assert comparison["holds_truth"].iloc[1:].all() and len(comparison) == 8
    assert (
        0.45 < comparison["estimate"].iloc[0] / comparison["truth"].iloc[0] < 0.55
    )  # "half of the true effect"


@pytest.mark.parametrize(
    ("answer", "right", "within", "hint"),
    [
        (40, 0.40, 0.006, "per cent. Write a share: divide by 100"),
        (0.334, 33.4, 0.06, "a share. Write per cent: multiply by 100"),
        ("0.4", 0.40, 0.006, "The answer is text: write the number alone"),
        ("40 %", 0.40, 0.006, "is text: write the number alone"),
        (41.5, 0.40, 0.006, "too large"),
        (0.9, 33.4, 0.06, "too small"),
        (4000, 40, 0.5, "too large"),
    ],
)
def test_per_cent_and_text_are_told_from_wrong_answers(answer, right, within, hint):
    assert hint in str(feedback(answer, right=right, within=within))
