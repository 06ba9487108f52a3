"""A group that lies in one village has no interval on the performance page, and nothing breaks."""

import re
from pathlib import Path

import numpy as np
import pandas as pd

from aspfin.reporting import performance_view as show
from aspfin.reporting.parameters import build
from aspfin.reporting.performance import analyse

EXAMPLE = Path(__file__).parents[2] / "parameters" / "performance" / "example_survey.csv"
SECTIONS = {
    "weights": "weight",
    "household_size": "hhsize",
    "strata": "stratum",
    "psu": "psu",
    "welfare": "post_pc_day",
    "programmes": [{"column": "transfer_month", "label": "cash transfer", "category": "sa_ct"}],
    "poverty_line": {"value": 10_951},
    "by": ["place"],
}


def test_a_group_in_one_village_has_no_interval(tmp_path):
    survey = pd.read_csv(EXAMPLE)
    village = survey.groupby(["stratum", "psu"]).ngroup()
    survey["place"] = np.where(village == 3, "one village", "elsewhere")
    survey.to_csv(tmp_path / "survey.csv", index=False)
    a = analyse(build("performance", {**SECTIONS, "data": {"path": str(tmp_path / "survey.csv")}}))
    alone = a.figure("coverage", "place", "one village")
    assert alone["estimate"] > 0
    assert np.isnan([alone["std_error"], alone["ci_low"], alone["ci_high"]]).all()
    assert a.figure("coverage", "place", "elsewhere")["std_error"] > 0
    for shown in (show.first_screen, show.coverage_table, show.coverage_chart, show.poverty_table,
                  show.transfers_table, show.incidence_table, show.targeting_tables, show.official_table):  # fmt: skip
        made = shown(a)
        page = made._repr_html_() if hasattr(made, "_repr_html_") else made._repr_markdown_()
        text = re.sub(r"base64,[^\"']*|<[^>]*>", " ", page)
        assert "nan" not in text.lower().split() and "()" not in text and "(nan" not in text, shown.__name__
