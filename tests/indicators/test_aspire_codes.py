"""ASPIRE codes: the grammar of the World Bank, there and back."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aspfin.indicators.aspire_codes import (
    CATEGORIES,
    DOMAINS,
    EFFECTS,
    INDICATORS,
    AspireCode,
    describe,
    format_code,
    parse_code,
)

# Codes as published, in the World Bank's catalogue and in programs that download them.
PUBLISHED = {
    "per_sa_ct.cov_q1_tot": AspireCode("sa_ct", "cov", "q1"),
    "per_allsp.cov_pop_tot": AspireCode("allsp", "cov", "pop"),
    "per_sa_allsa.adq_pop_tot": AspireCode("sa_allsa", "adq", "pop"),
    "per_si_cp.cov_pop_tot": AspireCode("si_cp", "cov", "pop"),
    "per_pr_allpr.avt_q5_tot": AspireCode("pr_allpr", "avt", "q5"),
    "per_lm_alllm.ben_q1_tot": AspireCode("lm_alllm", "ben", "q1"),
    "per_allsp.avt_q1_preT_tot": AspireCode("allsp", "avt", "q1", pre_transfer=True),
    "per_sionl.overlap_q1_preT_tot": AspireCode("sionl", "overlap", "q1", pre_transfer=True),
    "per_sionl.overlap_pop_urb": AspireCode("sionl", "overlap", "pop", domain="urb"),
    "per_nprog.overlap_pop_tot": AspireCode("nprog", "overlap", "pop"),
    "per_allsp_p0_ep_tot": AspireCode("allsp", "p0", "ep"),
    "per_allsp_gini_tot": AspireCode("allsp", "gini", ""),
    "per_allsp_gini_rur": AspireCode("allsp", "gini", "", domain="rur"),
}

codes = st.builds(
    AspireCode,
    category=st.sampled_from(sorted(CATEGORIES)) | st.from_regex(r"(sa|si)_[a-z]{2,6}", fullmatch=True),
    indicator=st.sampled_from(sorted(INDICATORS)),
    group=st.sampled_from(["pop", "q1", "q2", "q3", "q4", "q5", "ep"]),
    pre_transfer=st.booleans(),
    domain=st.sampled_from(sorted(DOMAINS)),
)


@pytest.mark.parametrize(("text", "parts"), PUBLISHED.items())
def test_published_codes(text, parts):
    assert parse_code(text) == parts
    assert parts.text == str(parts) == text


@settings(deadline=None, max_examples=200)
@given(code=codes, upper=st.booleans())
def test_there_and_back_whatever_the_capitals(code, upper):
    text = code.text.upper() if upper else code.text
    assert parse_code(text) == code
    assert parse_code(f" {text} ").text == code.text


@settings(deadline=None, max_examples=200)
@given(text=st.text(alphabet="per_sact.cov1qto", max_size=24))
def test_anything_read_is_written_back_or_refused(text):
    try:
        code = parse_code(text)
    except ValueError:
        return
    assert code.text.lower() == text.strip().lower()


def test_every_part_changes_the_words():
    first = describe("per_sa_ct.cov_q1_tot")
    others = [
        "per_sa_cc.cov_q1_tot",
        "per_sa_ct.ben_q1_tot",
        "per_sa_ct.cov_q2_tot",
        "per_sa_ct.cov_q1_preT_tot",
    ]
    assert first == "Coverage, unconditional cash transfers, poorest fifth, total"
    assert len({first, *map(describe, others), describe("per_sa_ct.cov_q1_urb")}) == 6


def test_words_for_a_category_without_a_name():
    assert describe(AspireCode("sa_xyz", "cov")) == "Coverage, category sa_xyz, whole population, total"


def test_effects_take_underscores_only():
    for effect in EFFECTS:
        assert "." not in format_code("sa_ct", effect, group="ep")
        with pytest.raises(ValueError, match="code: got"):
            parse_code(f"per_sa_ct.{effect}_ep_tot")


@pytest.mark.parametrize(
    "wrong",
    [
        *(
            "",
            "cov",
            "per_.cov_q1_tot",
            "per_sa_ct.cov_q6_tot",
            "per_sa_ct.cov_q1",
            "per_sa_ct_cov_q1_tot",
            3,
            None,
        )
    ],
)
def test_refused_in_one_line(wrong):
    with pytest.raises(ValueError, match="allowed: per_<category>") as told:
        parse_code(wrong)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    ("parts", "field"),
    [
        ({"category": "SA CT"}, "category"),
        ({"indicator": "coverage"}, "indicator"),
        ({"group": "q9"}, "group"),
        ({"group": ""}, "group"),
        ({"domain": "city"}, "domain"),
    ],
)
def test_parts_that_no_code_has(parts, field):
    with pytest.raises(ValueError, match=f"{field}: got .*allowed"):
        AspireCode(**{"category": "sa_ct", "indicator": "cov", **parts})
