"""What it costs to reach one beneficiary: transfers, administration, financing, and what stays unmet."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from aspfin.financing.valid import at_least_zero, money, require
from aspfin.results import ResultMixin

__all__ = ["CostPerBeneficiary", "cost_per_beneficiary"]


@dataclass(frozen=True)
class CostPerBeneficiary(ResultMixin):
    """What `cost_per_beneficiary` returns. Money in `currency`; missing values are NaN, with a `reason`.

    Attributes
    ----------
    transfers, administration, financing_cost : float
        Totals.
    beneficiaries : float
        Households or persons, as `state` says.
    per_beneficiary : float
        (T + A)/B.
    cost_transfer_ratio, total_cost_transfer_ratio : float
        A/T and (T + A)/T; missing where nothing is transferred.
    financing_per_unit : float
        Financing cost over money delivered.
    all_in_per_beneficiary : float
        per_beneficiary·(1 + financing_per_unit).
    unmet_per_beneficiary : float
        Unmet need over beneficiaries.
    reason : str
        Why something is missing; empty if nothing is.
    """

    transfers: float
    administration: float
    financing_cost: float
    beneficiaries: float
    state: str
    per_beneficiary: float
    cost_transfer_ratio: float
    total_cost_transfer_ratio: float
    financing_per_unit: float
    all_in_per_beneficiary: float
    unmet_per_beneficiary: float
    reason: str
    currency: str

    def to_frame(self) -> pd.DataFrame:
        """Return one row per measure, with its value and unit."""
        each = f"{self.currency} per {'household' if self.state == 'households' else 'person'}"
        rows = [
            ("transfers", self.transfers, self.currency),
            ("administration", self.administration, self.currency),
            ("financing cost", self.financing_cost, self.currency),
            ("beneficiaries", self.beneficiaries, self.state),
            ("cost per beneficiary", self.per_beneficiary, each),
            ("cost-transfer ratio", self.cost_transfer_ratio, "ratio"),
            ("total cost-transfer ratio", self.total_cost_transfer_ratio, "ratio"),
            ("financing cost per unit delivered", self.financing_per_unit, "ratio"),
            ("cost per beneficiary with financing", self.all_in_per_beneficiary, each),
            ("unmet need per beneficiary", self.unmet_per_beneficiary, each),
        ]
        return pd.DataFrame(rows, columns=["measure", "value", "unit"])

    def sentence(self) -> str:
        """Return the cost per beneficiary in prose."""
        one = "household" if self.state == "households" else "person"
        text = f"Reaching one {one} costs {self.currency} {self.per_beneficiary:,.2f}"
        text += (
            f", {self.currency} {self.all_in_per_beneficiary:,.2f} with financing."
            if self.financing_cost
            else "."
        )
        if self.reason:
            return f"{text} The total cost-transfer ratio is missing: {self.reason}."
        total = money(self.transfers + self.administration, self.currency)
        return f"{text} Of {total}, each unit transferred costs {self.total_cost_transfer_ratio:.3f} in all."


def cost_per_beneficiary(
    *,
    transfers: float,
    administration: float,
    beneficiaries: float,
    financing_cost: float = 0.0,
    delivered: float | None = None,
    unmet: float = 0.0,
    state: str = "households",
    currency: str = "USD",
) -> CostPerBeneficiary:
    """Return what it costs to reach one beneficiary, with and without the cost of financing.

    Parameters
    ----------
    transfers, administration : float
        T and A, totals in one currency.
    beneficiaries : float
        B, above 0.
    financing_cost : float
        Opportunity cost of the money, same currency; below 0 where the money is cheaper than its face value.
    delivered : float, optional
        Money that the financing delivered; left out, T + A.
    unmet : float
        Need that stayed unmet.
    state : "households" or "persons"
        What beneficiaries are counted in; the two are never mixed.
    currency : str

    Raises
    ------
    ValueError
        If an amount is negative or there is nobody to reach.

    References
    ----------
    White, Hodges and Greenslade (2013), Guidance on measuring and maximising value for money in social
    transfer programmes, DFID: cost-transfer ratios.

    Examples
    --------
    >>> cost = cost_per_beneficiary(transfers=31_920_000, administration=2_584_400, beneficiaries=266_000)
    >>> round(cost.per_beneficiary, 6), round(cost.total_cost_transfer_ratio, 9)
    (129.715789, 1.080964912)
    """
    transfers = at_least_zero("transfers", transfers)
    administration = at_least_zero("administration", administration)
    people = at_least_zero("beneficiaries", beneficiaries)
    require(people > 0, "beneficiaries", beneficiaries, "a number above 0")
    require(state in ("households", "persons"), "state", state, "households or persons")
    require(-1e300 < financing_cost < 1e300, "financing_cost", financing_cost, "a finite number")
    spent = transfers + administration
    money_out = spent if delivered is None else at_least_zero("delivered", delivered)
    missing = float("nan")
    per_unit = financing_cost / money_out if money_out else missing
    reasons = ["nothing is transferred"] * (transfers == 0) + ["no money is delivered"] * (money_out == 0)
    return CostPerBeneficiary(
        transfers=transfers,
        administration=administration,
        financing_cost=float(financing_cost),
        beneficiaries=people,
        state=state,
        per_beneficiary=spent / people,
        cost_transfer_ratio=administration / transfers if transfers else missing,
        total_cost_transfer_ratio=spent / transfers if transfers else missing,
        financing_per_unit=per_unit,
        all_in_per_beneficiary=spent / people * (1 + per_unit),
        unmet_per_beneficiary=at_least_zero("unmet", unmet) / people,
        reason="; ".join(reasons),
        currency=currency,
    )
