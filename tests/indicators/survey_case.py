"""R's answers on the golden survey, and how to hold an indicator against them."""

import pandas as pd
import pytest
from survey_data import golden_answers

GOLDEN = golden_answers()
VALUES = GOLDEN["values"]
LINE = GOLDEN["poverty_line"]
TOLERANCE = GOLDEN["tolerance"]


def agrees(found, name, value=None, std_error=None):
    """Assert value and standard error of R, each within its relative tolerance."""
    expected = VALUES[name]
    assert found.value == pytest.approx(expected[0], rel=value or TOLERANCE["value"])
    assert found.std_error == pytest.approx(expected[1], rel=std_error or TOLERANCE["value"])
    assert (found.n, found.df) == (GOLDEN["design"]["n"], GOLDEN["design"]["degrees_of_freedom"])


def halves(df):
    """Return the frame shuffled, with every third row kept as two rows of half the weight."""
    split = df.iloc[::3]
    half = split.assign(popw=split["popw"] / 2)
    both = pd.concat([df.drop(split.index), half, half])
    return both.sample(frac=1, random_state=1).reset_index(drop=True)
