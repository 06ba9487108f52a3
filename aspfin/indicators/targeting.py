"""How well a programme finds the people it is meant for: errors, agreement, and who gets the money."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from aspfin.indicators.groups import By, groups_of, quantile_codes
from aspfin.indicators.indicator import Indicator
from aspfin.indicators.means import linearised_mean, linearised_ratio
from aspfin.indicators.survey_design import SurveyDesign
from aspfin.indicators.targeting_measures import (
    landis_koch,
    linearised_chance_agreement,
    linearised_differential,
    linearised_distributional_characteristic,
    linearised_kappa,
)
from aspfin.indicators.transfers import received
from aspfin.results import ResultMixin

__all__ = ["Targeting", "targeting", "targeting_of_arrays"]

BOTTOM = 0.4  # Coady, Grosh and Hoddinott compare with the share of the poorest 40 %


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Targeting(ResultMixin):
    """Targeting of one programme, among everyone or in one group.

    Attributes
    ----------
    exclusion_error : Indicator
        Eligible people not reached, over eligible people (undercoverage).
    inclusion_error : Indicator
        Beneficiaries who are not eligible, over beneficiaries (leakage).
    targeting_success_rate : Indicator
        People treated as they should be, reached or rightly not, over all people.
    chance_agreement : Indicator
        The success rate of as many benefits handed out by lot.
    kappa : Indicator
        Success beyond chance over what was possible beyond chance; missing where chance alone is perfect.
    targeting_differential : Indicator
        Coverage of eligible less coverage of other people.
    coady_grosh_hoddinott : Indicator or None
        Share of the money that goes to the poorest 40 %, over 0.4; above 1 is better than a uniform transfer.
    distributional_characteristic : Indicator or None
        Mean welfare weight (y/ȳ)^−ε of the money; 1 for money that goes to people of mean welfare.
    table : DataFrame
        The two-by-two table: `eligible`, `receives`, `persons` (weighted), `n` (rows).
    group : mapping of column to label
        Empty for everyone.
    groups : tuple of Targeting
        One per group of `by`.
    notes : tuple of str
    """

    exclusion_error: Indicator
    inclusion_error: Indicator
    targeting_success_rate: Indicator
    chance_agreement: Indicator
    kappa: Indicator
    targeting_differential: Indicator
    coady_grosh_hoddinott: Indicator | None
    distributional_characteristic: Indicator | None
    table: pd.DataFrame
    group: dict[str, object] = field(default_factory=dict)
    groups: tuple[Targeting, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def indicators(self) -> tuple[Indicator, ...]:
        """The indicators of everyone, those that could be computed, in order."""
        found = (
            *(self.exclusion_error, self.inclusion_error, self.targeting_success_rate, self.chance_agreement),
            *(self.kappa, self.targeting_differential, self.coady_grosh_hoddinott),
            self.distributional_characteristic,
        )
        return tuple(one for one in found if one is not None)

    @property
    def kappa_label(self) -> str:
        """Kappa in the words of Landis and Koch."""
        return landis_koch(self.kappa.value)

    @property
    def persons(self) -> dict[str, float]:
        """Denominators, weighted: eligible people, beneficiaries, all people."""
        table = self.table
        return {
            "eligible": float(table.loc[table["eligible"], "persons"].sum()),
            "receives": float(table.loc[table["receives"], "persons"].sum()),
            "all": float(table["persons"].sum()),
        }

    def to_frame(self) -> pd.DataFrame:
        """Return one row per indicator, everyone first, then the groups; with the denominator of each."""
        frames = []
        for one in (self, *self.groups):
            frame = pd.concat([indicator.to_frame() for indicator in one.indicators], ignore_index=True)
            for place, (column, label) in enumerate(one.group.items()):
                if column not in frame:
                    frame.insert(2 + place, column, label)
            frame["denominator"] = [_DENOMINATOR.get(code, "all") for code in frame["code"]]
            frame["denominator_persons"] = frame["denominator"].map(one.persons)
            frames.append(frame)
        columns = list(max(frames, key=lambda one: one.shape[1]).columns)
        rows = [row for one in frames for row in one.to_dict("records")]
        return pd.DataFrame(rows, columns=columns)

    def sentence(self) -> str:
        """Return the errors in prose, with their denominators."""
        persons = self.persons
        where = "".join(f", {column} {label}" for column, label in self.group.items())
        first = (
            f"Of {persons['eligible']:,.0f} eligible people{where}, {_percent(self.exclusion_error)} are not "
            f"reached (exclusion error); of {persons['receives']:,.0f} beneficiaries, "
            f"{_percent(self.inclusion_error)} are not eligible (inclusion error)."
        )
        kappa = self.kappa.value
        agreement = "" if np.isnan(kappa) else f" Kappa is {kappa:.2f}, {self.kappa_label} agreement."
        cgh = self.coady_grosh_hoddinott
        money = (
            ""
            if cgh is None or np.isnan(cgh.value)
            else f" The poorest 40 % get {cgh.value:.2f} times what they would get of a uniform transfer."
        )
        return first + agreement + money


_DENOMINATOR = {"exclusion_error": "eligible", "inclusion_error": "receives"}


def _percent(indicator: Indicator) -> str:
    if np.isnan(indicator.value):
        return "an unknown share"
    low, high = indicator.conf_int()
    return f"{100 * indicator.value:.1f} % (95 % interval {100 * low:.1f} to {100 * high:.1f})"


def targeting(
    design: SurveyDesign,
    *,
    eligible: Hashable,
    receives: Hashable,
    transfer: Hashable | None = None,
    welfare: Hashable | None = None,
    poorest: Hashable | None = None,
    by: By | None = None,
    inequality_aversion: float = 1.0,
) -> Targeting:
    """Return how well a programme reaches those it is meant for, every figure with its standard error.

    Parameters
    ----------
    design : SurveyDesign
        With person weights, if people are to be counted.
    eligible : column
        0 and 1: meant to be reached (or poor).
    receives : column
        0 and 1, or amounts (receives where above 0).
    transfer : column, optional
        Transfer per person and day (any period), for measures of money; with `welfare`.
    welfare : column, optional
        Welfare per person before transfers, by which people are ranked.
    poorest : column, optional
        0 and 1: the poorest 40 %, where the file has its own quintiles. By default the first two quintiles
        of `quantile_groups`. Either way they are taken as given in standard errors.
    by : column, sequence of columns, or mapping of name to labels, optional
        The same for each group as a domain of the full design; its poorest 40 % are those of the group.
    inequality_aversion : float
        ε of the distributional characteristic, at least 0.

    Raises
    ------
    ValueError
        For columns that are not 0 and 1, gaps, negative transfers, one of transfer and welfare alone,
        or an ε below 0.

    References
    ----------
    Coady, Grosh & Hoddinott (2004), Targeting of Transfers in Developing Countries; Grosh, Leite, Wai-Poi &
    Tesliuc (2022), Revisiting Targeting in Social Assistance, ch. 7; Galasso & Ravallion (2005), Journal of
    Public Economics 89 (differential); Coady & Skoufias (2004), Review of Income and Wealth 50
    (distributional characteristic).

    Examples
    --------
    >>> people = pd.DataFrame({"income": [6, 8, 11, 15, 21, 25, 30, 40, 50, 100], "w": 1.0,
    ...     "cash": [15.0, 15, 0, 0, 0, 0, 0, 0, 0, 0]})
    >>> people = people.assign(poor=people["income"] < 20, gets=people["cash"] > 0)
    >>> found = targeting(SurveyDesign(people, weights="w"), eligible="poor", receives="gets",
    ...     transfer="cash", welfare="income")
    >>> found.exclusion_error.value, found.inclusion_error.value, round(found.kappa.value, 4)
    (0.5, 0.0, 0.5455)
    >>> found.kappa_label, found.coady_grosh_hoddinott.value
    ('moderate', 2.5)
    """
    if (transfer is None) != (welfare is None):
        raise ValueError("transfer, welfare: got one of them; measures of money need both")
    if not inequality_aversion >= 0 or np.isinf(inequality_aversion):
        raise ValueError(f"inequality_aversion: got {inequality_aversion!r}; allowed: a number of at least 0")
    columns = {
        "eligible": _binary(design, eligible, "eligible"),
        "receives": received(design, receives),
    }
    if transfer is not None:
        columns["transfer"] = design.column(transfer, role="transfer")
        columns["welfare"] = design.column(welfare, role="welfare")
        if (columns["transfer"][design.in_domain] < 0).any():
            raise ValueError(f"transfer: column {transfer!r} holds negative amounts; allowed: at least 0")
    if poorest is not None:
        if transfer is None:
            raise ValueError("poorest: got a column without transfer and welfare; give those too")
        columns["poorest"] = _binary(design, poorest, "poorest")
    return targeting_of_arrays(design, columns, epsilon=float(inequality_aversion), by=by)


def targeting_of_arrays(
    design: SurveyDesign, columns: Mapping[str, np.ndarray], *, epsilon: float = 1.0, by: By | None = None
) -> Targeting:
    """Return targeting from arrays already read and checked, one entry per row of the frame.

    `columns` holds "eligible" and "receives" (0.0 and 1.0), and may hold "transfer", "welfare", "poorest".
    """
    if by is None:
        return _of_domain(design, columns, epsilon, {}, (), ())
    groups = groups_of(design.frame, by)
    inside = design.in_domain
    found = tuple(
        _of_domain(design.domain(mask), columns, epsilon, label, (), ())
        for code, label in enumerate(groups.labels)
        if (mask := (groups.codes == code) & inside).any()
    )
    missing = int(((groups.codes < 0) & inside).sum())
    notes = (f"{missing:,} rows without a group label are in no group",) if missing else ()
    return _of_domain(design, columns, epsilon, {}, found, notes)


def _binary(design: SurveyDesign, name: Hashable, role: str) -> np.ndarray:
    values = design.column(name, role=role)
    other = values[design.in_domain]
    other = other[(other != 0) & (other != 1)]
    if other.size:
        raise ValueError(f"{role}: column {name!r} must be 0 or 1, and holds {other[0]:g}; recode it")
    return values


def _of_domain(
    design: SurveyDesign,
    columns: Mapping[str, np.ndarray],
    epsilon: float,
    group: dict[str, object],
    groups: tuple[Targeting, ...],
    notes: tuple[str, ...],
) -> Targeting:
    """Return targeting within the domain of a design."""
    # Rows outside the domain may have gaps, which are nobody's business.
    e, r = np.nan_to_num(columns["eligible"]), np.nan_to_num(columns["receives"])
    agree = e * r + (1 - e) * (1 - r)
    share = {"unit": "share", "interval": "beta"}
    plain = {"unit": "index"}
    cgh = characteristic = None
    if "transfer" in columns:
        cgh = _coady_grosh_hoddinott(design, columns["transfer"], _poorest(design, columns))
        characteristic = _characteristic(design, columns["transfer"], columns["welfare"], epsilon)
    return Targeting(
        exclusion_error=_share_among(design, e, 1 - r, "exclusion_error", "Eligible people not reached"),
        inclusion_error=_share_among(design, r, 1 - e, "inclusion_error", "Beneficiaries not eligible"),
        targeting_success_rate=design.estimate(
            *(linearised_mean, agree),
            **{"code": "targeting_success_rate", "name": "Targeting success rate", **share},
        ),
        chance_agreement=design.estimate(
            *(linearised_chance_agreement, e, r),
            **{"code": "chance_agreement", "name": "Success rate by chance", "unit": "share"},
        ),
        kappa=design.estimate(linearised_kappa, e, r, code="kappa", name="Kappa", **plain),
        targeting_differential=design.estimate(
            *(linearised_differential, e, r),
            **{"code": "targeting_differential", "name": "Targeting differential", "unit": "share"},
        ),
        coady_grosh_hoddinott=cgh,
        distributional_characteristic=characteristic,
        table=_two_by_two(design, e, r),
        group=group,
        groups=groups,
        notes=notes,
    )


def _share_among(
    design: SurveyDesign, among: np.ndarray, column: np.ndarray, code: str, name: str
) -> Indicator:
    """Return the mean of a 0/1 column among some people: a domain, so that n counts its denominator."""
    words = {"code": code, "name": name, "unit": "share", "interval": "beta"}
    if not among[design.in_domain].any():
        return design.estimate(linearised_ratio, among * column, among, rests_on=among, **words)
    return design.domain(among).estimate(linearised_mean, column, **words)


def _two_by_two(design: SurveyDesign, e: np.ndarray, r: np.ndarray) -> pd.DataFrame:
    inside = design.in_domain
    rows = []
    for eligible in (True, False):
        for receives in (True, False):
            cell = inside & (e == eligible) & (r == receives)
            persons = float(design.weights[cell].sum())
            rows.append(
                {"eligible": eligible, "receives": receives, "persons": persons, "n": int(cell.sum())}
            )
    return pd.DataFrame(rows)


def _poorest(design: SurveyDesign, columns: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return 1.0 for the poorest 40 % of the domain, 0.0 for others and outside."""
    inside = design.in_domain
    if "poorest" in columns:
        return np.where(inside, columns["poorest"], 0.0)
    poorest = np.zeros(inside.size)
    codes = quantile_codes(design.weights[inside], columns["welfare"][inside], quantiles=5)
    poorest[inside] = codes < 2
    return poorest


def _coady_grosh_hoddinott(design: SurveyDesign, transfer: np.ndarray, poorest: np.ndarray) -> Indicator:
    held = design.weights @ poorest / design.weights[design.in_domain].sum()
    note = f"the poorest 40 % are {100 * held:.2f} % of people: equal welfare is not split"
    return design.estimate(
        *(linearised_ratio, transfer * poorest / BOTTOM, transfer),
        rests_on=transfer,
        **{"code": "coady_grosh_hoddinott", "name": "Coady–Grosh–Hoddinott ratio", "unit": "index"},
        notes=(note,) if abs(held - BOTTOM) > 1e-9 else (),
    )


def _characteristic(
    design: SurveyDesign, transfer: np.ndarray, welfare: np.ndarray, epsilon: float
) -> Indicator:
    not_positive = welfare[design.in_domain] <= 0
    if epsilon and not_positive.any():
        raise ValueError(
            f"welfare: 0 or less in {int(not_positive.sum()):,} rows, where the welfare weight (y/ȳ)^−ε is "
            "not defined; leave those rows out with design.domain(...), or set inequality_aversion=0"
        )
    return design.estimate(
        *(linearised_distributional_characteristic, transfer, welfare, np.full(welfare.size, epsilon)),
        **{"code": "distributional_characteristic", "name": "Distributional characteristic"},
        unit="index",
        notes=(f"welfare weight (y/ȳ)^−ε with ε = {epsilon:g} and ȳ the mean of the domain",),
    )
