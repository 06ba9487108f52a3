"""Codes of the World Bank's ASPIRE indicators: read, written and told in words.

`per_sa_ct.cov_q1_tot` is the coverage (`cov`) of unconditional cash transfers (`sa_ct`) in the poorest fifth
of people (`q1`) of the whole country (`tot`). With `_preT` the fifths are formed by welfare before the
transfer. Effects on poverty and inequality have underscores only: `per_allsp_p0_ep_tot` and
`per_allsp_gini_tot`. Databases differ in capitals, so codes are compared without regard to them.

Source: World Bank, ASPIRE indicator codes (Databank source 29), CC BY 4.0. The list of 2,847 codes is not
kept here: any code of the grammar is read, and the names below put into words those that are known.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = [
    "CATEGORIES",
    "DOMAINS",
    "INDICATORS",
    "AspireCode",
    "describe",
    "format_code",
    "parse_code",
]

CATEGORIES = {
    "allsp": "all social protection and labour",
    "sa_allsa": "all social assistance",
    "sa_ct": "unconditional cash transfers",
    "sa_cc": "conditional cash transfers",
    "sa_sp": "social pensions",
    "sa_sf": "school feeding",
    "sa_pw": "public works",
    "sa_fw": "fee waivers and targeted subsidies",
    "sa_ik": "in-kind transfers",
    "sa_os": "other social assistance",
    "si_allsi": "all social insurance",
    "si_cp": "contributory pensions",
    "si_ss": "other social insurance",
    "lm_alllm": "all labour market programmes",
    "lm_ac": "active labour market programmes",
    "lm_pa": "passive labour market programmes",
    "pr_allpr": "all private transfers",
    "pr_dp": "domestic private transfers",
    "pr_ip": "international private transfers",
    "nprog": "no programme",
    "sionl": "social insurance only",
}
# Published in per cent, except avt (money per person and day) and cba (money per unit of money).
INDICATORS = {
    "cov": "coverage",
    "bry": "beneficiary incidence",
    "ben": "benefit incidence",
    "adq": "adequacy of benefits",
    "avt": "average transfer per beneficiary",
    "cba": "benefit-cost ratio",
    "overlap": "share receiving",
    "p0": "poverty headcount reduction",
    "p1": "poverty gap reduction",
    "gini": "Gini inequality reduction",
}
EFFECTS = ("p0", "p1", "gini")  # written with underscores only
DOMAINS = {
    "tot": "total",
    "urb": "urban",
    "rur": "rural",
    "totf": "female beneficiaries",
    "totm": "male beneficiaries",
    "totfr": "female recipients",
    "totmr": "male recipients",
}
_ORDINALS = ("poorest", "second", "third", "fourth", "richest")
_GROUPS = {
    "": "",
    "pop": "whole population",
    "ep": "extreme poor",
    **{f"q{i}": f"{word} fifth" for i, word in enumerate(_ORDINALS, start=1)},
}

_CATEGORY = r"(?P<category>(?:sa|si|lm|pr)_[a-z]+|[a-z]+)"
_TAIL = rf"(?P<pre>_pret)?_(?P<domain>{'|'.join(sorted(DOMAINS, key=len, reverse=True))})"
_DOTTED = re.compile(
    rf"per_{_CATEGORY}\.(?P<indicator>{'|'.join(one for one in INDICATORS if one not in EFFECTS)})"
    rf"_(?P<group>pop|q[1-5]|ep){_TAIL}"
)
_EFFECT = re.compile(
    rf"per_{_CATEGORY}_(?P<indicator>{'|'.join(EFFECTS)})(?:_(?P<group>pop|q[1-5]|ep))?{_TAIL}"
)

_CATEGORY_ONLY = re.compile(_CATEGORY)


@dataclass(frozen=True, order=True)
class AspireCode:
    """The parts of one code.

    Attributes
    ----------
    category : str
        Kind of programme, as `sa_ct`; see `CATEGORIES` for those with known words.
    indicator : str
        One of `INDICATORS`.
    group : str
        "pop", "q1" … "q5", "ep" (below the poverty line); empty for an effect on everybody, as a Gini.
    pre_transfer : bool
        Whether fifths are formed by welfare before the transfer.
    domain : str
        One of `DOMAINS`.

    Examples
    --------
    >>> AspireCode("sa_ct", "cov", "q1").text
    'per_sa_ct.cov_q1_tot'
    """

    category: str
    indicator: str
    group: str = "pop"
    pre_transfer: bool = False
    domain: str = "tot"

    def __post_init__(self) -> None:
        groups = tuple(_GROUPS) if self.indicator in EFFECTS else tuple(_GROUPS)[1:]
        for name, allowed in (
            ("indicator", tuple(INDICATORS)),
            ("group", groups),
            ("domain", tuple(DOMAINS)),
        ):
            if getattr(self, name) not in allowed:
                shown = ", ".join(repr(one) for one in allowed)
                raise ValueError(f"{name}: got {getattr(self, name)!r}; allowed: {shown}")
        if not _CATEGORY_ONLY.fullmatch(self.category):
            raise ValueError(f"category: got {self.category!r}; allowed: small letters, as allsp or sa_ct")

    @property
    def text(self) -> str:
        """The code as the World Bank writes it."""
        joint = "_" if self.indicator in EFFECTS else "."
        parts = (self.indicator, self.group, "preT" if self.pre_transfer else "", self.domain)
        return f"per_{self.category}{joint}" + "_".join(part for part in parts if part)

    def __str__(self) -> str:
        return self.text


def parse_code(text: str) -> AspireCode:
    """Read a code in any mixture of capitals.

    Raises
    ------
    ValueError
        If the text is not a code of this grammar.

    Examples
    --------
    >>> parse_code("PER_SA_CT.COV_Q1_PRET_TOT")
    AspireCode(category='sa_ct', indicator='cov', group='q1', pre_transfer=True, domain='tot')
    >>> parse_code("per_allsp_gini_tot").group
    ''
    """
    plain = text.strip().lower() if isinstance(text, str) else ""
    found = _DOTTED.fullmatch(plain) or _EFFECT.fullmatch(plain)
    if found is None:
        raise ValueError(
            f"code: got {text!r}; allowed: per_<category>.<indicator>_<group>[_preT]_<domain>, as "
            "per_sa_ct.cov_q1_tot (indicators cov, adq, avt, ben, bry, cba, overlap; groups pop, q1 to q5, "
            "ep; domains tot, urb, rur, totf, totm, totfr, totmr), or "
            "per_<category>_<p0|p1|gini>_[<group>_]<domain>, as per_allsp_p0_ep_tot"
        )
    return AspireCode(
        found["category"], found["indicator"], found["group"] or "", found["pre"] is not None, found["domain"]
    )


def format_code(
    category: str, indicator: str, *, group: str = "pop", pre_transfer: bool = False, domain: str = "tot"
) -> str:
    """Return the code for these parts.

    An effect on everybody's inequality has no group: `group=""`.

    Examples
    --------
    >>> format_code("sa_ct", "cov", group="q1"), format_code("allsp", "gini", group="")
    ('per_sa_ct.cov_q1_tot', 'per_allsp_gini_tot')
    """
    return AspireCode(category, indicator, group, pre_transfer, domain).text


def describe(code: str | AspireCode) -> str:
    """Return a code in words.

    Examples
    --------
    >>> describe("per_sa_ct.cov_q1_preT_urb")
    'Coverage, unconditional cash transfers, poorest fifth by welfare before the transfer, urban'
    >>> describe("per_allsp_p0_ep_tot")
    'Poverty headcount reduction, all social protection and labour, extreme poor, total'
    """
    parts = parse_code(code) if isinstance(code, str) else code
    group = _GROUPS[parts.group] + (" by welfare before the transfer" if parts.pre_transfer else "")
    category = CATEGORIES.get(parts.category, f"category {parts.category}")
    words = (INDICATORS[parts.indicator], category, group.strip(), DOMAINS[parts.domain])
    said = ", ".join(word for word in words if word)
    return said[0].upper() + said[1:]
