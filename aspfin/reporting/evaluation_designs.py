"""The designs a parameter file may name, each with the options of its call in `aspfin.evaluation`."""

from __future__ import annotations

import inspect
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, Field, WithJsonSchema, model_validator

from aspfin.reporting.instrument_parameters import Section, Whole

__all__ = ["AnyDesign", "Column", "Columns", "DesignSection", "Scalar"]

Column = Annotated[str, Field(min_length=1, max_length=200)]
Columns = Annotated[tuple[Column, ...], Field(max_length=200)]


def _scalar(value: Any) -> Any:
    if not isinstance(value, str | int | float | bool):
        raise ValueError("a number or a text")
    return value


Scalar = Annotated[Any, AfterValidator(_scalar), WithJsonSchema({"type": ["string", "number", "boolean"]})]

PARTS = ("treated", "post", "unit", "time", "first_treated", "running", "instrument", "fixed_effects",
         "predictors", "interacted", "weights")  # fmt: skip


class DesignSection(Section):
    """What every design shares: how it becomes a call, and which columns it names."""

    needs: ClassVar[tuple[str, ...]] = ()
    words: ClassVar[str] = ""

    def arguments(self) -> dict[str, Any]:
        """Return the arguments of the call; what is left out takes the call's own default."""
        stated = {name: value for name, value in self if name != "type" and value is not None}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in stated.items()}

    def columns(self) -> list[tuple[str, str]]:
        """Return field and column of every column this design names."""
        found = []
        for name, value in self:
            if name in PARTS and value is not None:
                many = isinstance(value, tuple)
                found += [(f"{name}[{i}]", one) for i, one in enumerate(value)] if many else [(name, value)]
        return found

    def takes(self, argument: str) -> bool:
        """Return whether the call has an argument of this name."""
        from aspfin import evaluation

        return argument in inspect.signature(getattr(evaluation, self.type)).parameters  # type: ignore[attr-defined]


class DifferenceInMeans(DesignSection):
    """An experiment: the treated less the others."""

    words: ClassVar[str] = "Who got the offer was drawn by lot, so the two groups differ by chance alone."
    type: Literal["difference_in_means"]
    treated: Column = Field(description="column of 0 and 1: assigned to treatment")
    weights: Column | None = Field(None, description="sampling weights")
    covariance: Literal["classical", "HC0", "HC1", "HC2", "HC3"] = Field(
        "HC1", description="errors where there are no clusters"
    )


class InstrumentalVariables(DesignSection):
    """What an offer did to those whom it moved to take part."""

    words: ClassVar[str] = (
        "Something outside people's control moved some of them, and touched the outcome in no other way."
    )
    type: Literal["instrumental_variables"]
    treated: Column = Field(description="what people took up: 0 and 1, or an amount")
    instrument: Columns = Field(min_length=1, strict=False, description="what moved take-up, nothing else")
    weights: Column | None = Field(None, description="sampling weights")
    covariance: Literal["classical", "HC0", "HC1", "HC2", "HC3"] = Field(
        "HC1", description="errors where there are no clusters"
    )


class DifferenceInDifferences(DesignSection):
    """Change among the treated less change among the others."""

    words: ClassVar[str] = "Without the programme both groups would have changed alike."
    type: Literal["difference_in_differences"]
    treated: Column = Field(description="group of 0 and 1 with post, else 1 in rows under treatment")
    post: Column | None = Field(None, description="0 before, 1 after")
    unit: Column | None = Field(None, description="absorbed as effects")
    time: Column | None = Field(None, description="absorbed as effects")
    fixed_effects: Columns = Field((), strict=False, description="further effects to absorb")
    weights: Column | None = Field(None, description="sampling weights")

    @model_validator(mode="after")
    def _two_ways(self) -> DifferenceInDifferences:
        if self.post is None and (self.unit is None or self.time is None) and not self.fixed_effects:
            raise ValueError("post, or unit and time")
        return self


class StaggeredAdoption(DesignSection):
    """A programme rolled out over time."""

    words: ClassVar[str] = (
        "Without the programme those reached early would have changed like those not reached yet or never."
    )
    type: Literal["staggered_adoption"]
    unit: Column = Field(description="who is followed over time")
    time: Column = Field(description="period")
    first_treated: Column = Field(description="first period of treatment; 0 or missing: never")
    method: Literal["callaway_santanna", "sun_abraham", "imputation", "two_stage"] = Field(
        "callaway_santanna", description="estimator"
    )
    control_group: Literal["never_treated", "not_yet_treated"] = Field(
        "never_treated", description="whom to compare with"
    )
    aggregate: Literal["overall", "simple", "event_time", "cohort", "calendar"] = Field(
        "overall", description="which average is the main answer"
    )
    anticipation: Whole = Field(0, ge=0, le=20, description="periods in which effects may be felt before")


class RegressionDiscontinuity(DesignSection):
    """Eligibility decided by a score and a cut-off."""

    words: ClassVar[str] = (
        "Those just below and just above the cut-off are alike but for the programme, and nobody could "
        "choose a side."
    )
    type: Literal["regression_discontinuity"]
    running: Column = Field(description="score that decided")
    cutoff: float = Field(description="in the unit of the score")
    eligible: Literal["below", "above"] = Field("below", description="side entitled; the cut-off is above")
    treated: Column | None = Field(None, description="who received; left out: everybody entitled")
    bandwidth: float | None = Field(None, gt=0, description="left out: chosen from the data")
    kernel: Literal["triangular", "epanechnikov", "uniform"] = Field("triangular", description="weights")
    order: Literal[1, 2] = Field(1, description="of the local polynomials")


class _Observed(DesignSection):
    """Treated and untreated made comparable by what was measured before."""

    needs: ClassVar[tuple[str, ...]] = ("controls",)
    words: ClassVar[str] = (
        "Among people alike in everything measured, who took part depends on nothing that matters to the "
        "outcome."
    )
    treated: Column = Field(description="column of 0 and 1")


class RegressionAdjustment(_Observed):
    """Predicted outcomes with and without treatment."""

    type: Literal["regression_adjustment"]
    estimand: Literal["ATE", "ATT"] = Field("ATE", description="averaged over all, or over the treated")
    interacted: Columns | None = Field(None, strict=False, description="controls by which effects differ")


class InverseProbabilityWeighting(_Observed):
    """Rows weighted by the inverse of their chance of treatment."""

    type: Literal["inverse_probability_weighting"]
    estimand: Literal["ATE", "ATT"] = Field("ATE", description="averaged over all, or over the treated")
    trim: float = Field(0.0, ge=0, lt=0.5, description="leave out chances below this or above 1 less it")


class DoublyRobust(_Observed):
    """Weighting and prediction together."""

    type: Literal["doubly_robust"]
    estimand: Literal["ATE", "ATT"] = Field("ATE", description="averaged over all, or over the treated")
    trim: float = Field(0.0, ge=0, lt=0.5, description="leave out chances below this or above 1 less it")


class Matching(_Observed):
    """Each row beside its nearest neighbours."""

    type: Literal["matching"]
    estimand: Literal["ATE", "ATT"] = Field("ATT", description="averaged over all, or over the treated")
    caliper: float | None = Field(None, gt=0, description="largest distance, in standard deviations")
    neighbours: Whole = Field(1, ge=1, le=100, description="at least so many")
    distance: Literal["mahalanobis", "propensity"] = Field("mahalanobis", description="what near means")
    bias_adjusted: bool = Field(False, description="correct for differences left between neighbours")


class SyntheticControl(DesignSection):
    """One treated unit beside a weighted mix of untreated ones."""

    words: ClassVar[str] = (
        "The mix that moved like the treated unit before would have gone on moving like it without the "
        "programme."
    )
    type: Literal["synthetic_control"]
    unit: Column = Field(description="province, country …")
    time: Column = Field(description="period")
    treated_unit: Scalar = Field(description="value of the unit that was treated")
    treated_from: Scalar = Field(description="first period under treatment")
    predictors: Columns | None = Field(None, strict=False, description="what the mix must match")
    method: Literal["synthetic_control", "synthetic_did"] = Field(
        "synthetic_control", description="estimator"
    )


AnyDesign = Annotated[
    DifferenceInMeans
    | InstrumentalVariables
    | DifferenceInDifferences
    | StaggeredAdoption
    | RegressionDiscontinuity
    | RegressionAdjustment
    | InverseProbabilityWeighting
    | DoublyRobust
    | Matching
    | SyntheticControl,
    Field(discriminator="type"),
]
