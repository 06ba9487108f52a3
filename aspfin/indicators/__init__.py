"""Indicators: who is covered, how much, how poor, how well targeted; each with a design-based standard error.

Say once how the survey was drawn, then ask.
Calls load when first used, so that `import aspfin.indicators` stays light. `FUNCTIONS` lists every call
with the module that holds it; `MODULES` lists the modules used by their own names
(`indicators.disclosure.suppress`).

Examples
--------
>>> import pandas as pd
>>> from aspfin import indicators
>>> df = pd.DataFrame({"food": [3.0, 4.0, 5.0, 8.0], "w": [1, 1, 1, 1], "village": ["a", "a", "b", "b"]})
>>> design = indicators.SurveyDesign(df, weights="w", psu="village")
>>> food = indicators.mean(design, "food")
>>> round(food.value, 2), round(food.std_error, 2), food.df
(5.0, 1.5, 1.0)
"""

from aspfin import load_on_use

# Call → module of this package. Adding an indicator is one function and one line here.
FUNCTIONS = {
    "AspireCode": "aspire_codes",
    "AspireTable": "aspire_table",
    "Curve": "curves",
    "Difference": "differences",
    "GroupedPoverty": "grouped",
    "Indicator": "indicator",
    "IndicatorTable": "indicator",
    "Milestones": "shock_response",
    "ProxyMeansTest": "proxy_means_test",
    "SuppressedTable": "disclosure",
    "SurveyDesign": "survey_design",
    "Targeting": "targeting",
    "adequacy": "performance",
    "adequacy_of_response": "shock_response",
    "administrative_against_survey": "administrative",
    "aspire_table": "aspire_table",
    "average_transfer": "performance",
    "beneficiary_incidence": "performance",
    "benefit_cost_ratio": "performance",
    "benefit_incidence": "performance",
    "choose_cutoff": "proxy_means_test",
    "concentration_curve": "curves",
    "coverage": "performance",
    "coverage_of_affected": "shock_response",
    "difference": "differences",
    "fit_proxy_means_test": "proxy_means_test",
    "gini": "inequality",
    "gini_reduction": "performance",
    "headcount": "poverty",
    "lorenz": "curves",
    "mean": "means",
    "mean_log_deviation": "inequality",
    "poverty_from_shares": "grouped",
    "poverty_gap": "poverty",
    "poverty_gap_total": "poverty",
    "poverty_reduction": "performance",
    "poverty_severity": "poverty",
    "programme_overlap": "performance",
    "proportion": "means",
    "quantile": "inequality",
    "quantile_groups": "groups",
    "quantile_share": "inequality",
    "quantile_share_ratio": "inequality",
    "ratio": "means",
    "relative_change": "differences",
    "sdg_1_3_1": "sdg",
    "sdg_1_3_1_cambodia": "sdg",
    "suppress": "disclosure",
    "targeting": "targeting",
    "theil": "inequality",
    "timeliness": "shock_response",
    "total": "means",
    "watts": "poverty",
}
MODULES = ("aspire_codes", "disclosure", "grouped", "proxy_means_test", "sdg", "shock_response")

__all__ = [*FUNCTIONS, *MODULES]

load_on_use(__name__, names=FUNCTIONS, modules=MODULES)
