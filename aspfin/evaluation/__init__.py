"""Evaluation: did the programme work? One call per design, each returning an `ImpactEstimate`.

Calls load when first used, so that `import aspfin.evaluation` stays light. `FUNCTIONS` lists every call with
the module that holds it; `MODULES` lists the modules used by their own names (`evaluation.checks.balance`).

Examples
--------
>>> import pandas as pd
>>> from aspfin import evaluation
>>> df = pd.DataFrame({"food": [3.0, 4.0, 5.0, 7.0, 6.0, 9.0], "cash": [0, 0, 0, 1, 1, 1]})
>>> effect = evaluation.difference_in_means(df, outcome="food", treated="cash")
>>> round(effect.estimate, 2), round(effect.std_error, 2), effect.n_obs
(3.33, 1.05, 6)
"""

from aspfin import load_on_use

# Call → module of this package. Adding an estimator is one function and one line here.
FUNCTIONS = {
    "Design": "design",
    "Sample": "sample",
    "adjust_p_values": "multiple_testing",
    "cost_effectiveness": "cost_effectiveness",
    "difference_in_differences": "difference_in_differences",
    "difference_in_means": "experiment",
    "doubly_robust": "weighting",
    "event_study": "event_study",
    "honest_bounds": "honest",
    "instrumental_variables": "instrumental_variables",
    "inverse_probability_weighting": "weighting",
    "lee_bounds": "bounds",
    "matching": "matching",
    "partial_pooling": "pooling",
    "prepare": "sample",
    "randomisation_inference": "randomisation",
    "rd_plot_data": "rd_checks",
    "regression_adjustment": "weighting",
    "regression_discontinuity": "regression_discontinuity",
    "staggered_adoption": "staggered",
    "synthetic_control": "synthetic_control",
    "wild_cluster_bootstrap": "bootstrap",
}
MODULES = ("checks", "plan", "power", "specification")

__all__ = [*FUNCTIONS, *MODULES]

load_on_use(__name__, names=FUNCTIONS, modules=MODULES)
