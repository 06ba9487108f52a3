"""The memory that one report may use."""

import os

import pytest

from aspfin.batch.outcomes import fair_memory


@pytest.mark.skipif(not hasattr(os, "sysconf"), reason="the system does not tell its memory")
def test_reports_side_by_side_share_four_fifths_of_the_memory():
    there = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    assert 0 < fair_memory(1) <= 0.8 * there
    assert fair_memory(4) == pytest.approx(fair_memory(1) / 4, rel=1e-6)
