"""What the README says is what the commands print."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_python_in_the_readme_runs(capsys, tmp_path, monkeypatch):
    from aspfin.data import synthetic

    synthetic.programme_panel(1).lottery.to_stata(tmp_path / "endline.dta", write_index=False)
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    assert blocks
    for block in blocks:
        exec(compile(block, "README.md", "exec"), {})
    printed = capsys.readouterr().out
    for promised in re.findall(r"print\(.*\)\s+# ([\d,.]+)", README):
        assert promised in printed


def test_every_file_the_readme_names_is_there():
    for name in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (ROOT / name).exists(), name
    for name in re.findall(r"`((?:parameters|notebooks|tests|aspfin|benchmarks)/[\w./]+)`", README):
        assert (ROOT / name).exists(), name


def test_every_target_the_readme_names_is_in_the_makefile():
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert set(re.findall(r"`?make ([a-z]+)", README)) <= {*targets, "alone"}


@pytest.mark.slow
def test_the_figures_of_the_cambodian_report_are_the_ones_it_prints():
    from aspfin.reporting import financing_words as words
    from aspfin.reporting.financing import analyse
    from aspfin.reporting.reading import read_file
    from aspfin.reporting.style import percent, usd

    (case,) = read_file(ROOT / "parameters" / "financing" / "khm_floods.yaml")
    analysis = analyse(case.parameters)
    affected, need = words.affected_at(analysis, 10), words.need_at(analysis, 10)
    assert affected == "350,000 (210,000 to 500,000)" and need == "US$ 36 million (US$ 22 to 52 million)"
    within = analysis.result.met_within.set_index("days")["share_of_need"][30]
    for said in (
        "350,000 households or more (90 % band 210,000 to 500,000)",
        "US$ 36 million (22 to 52 million)",
        usd(analysis.fund.ceiling, 2),
        f"{percent(1 - analysis.result.unmet.share_of_need)} of the need, {percent(within)} within 30 days",
        f"{usd(analysis.cost.per_beneficiary)}, or {usd(analysis.cost.all_in_per_beneficiary)} with the cost",
    ):
        assert said in README
    published = analysis.shock.replay.iloc[0]
    assert f"paid {published['published'] / published['modelled']:.1f} times as many households" in README


def test_every_file_the_contributing_guide_names_is_there():
    guide = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    named = set(
        re.findall(
            r"`((?:aspfin|tests|notebooks|parameters|reporting|programmes|financing|batch)/[\w./]*)`", guide
        )
    )
    assert len(named) > 20
    for name in named:
        if "NN_" not in name and not name.startswith("reports/"):
            assert (ROOT / name).exists() or (ROOT / "aspfin" / name).exists(), name
