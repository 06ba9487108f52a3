"""Tables and text blocks: right content, everything escaped, well-formed markup."""

from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aspfin.reporting import tables
from aspfin.results import Check

EVIL = '<script>alert("x")</script>&"\''


class Outline(HTMLParser):
    """Collects tags and text, and complains about tags that do not match."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open, self.tags, self.words = [], [], []
        self.feed(html)
        assert not self.open, f"left open: {self.open}"

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in ("img", "source", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)

    def all(self, tag):
        return [attrs for name, attrs in self.tags if name == tag]


BLOCKS = {
    "table": lambda text: tables.table(
        pd.DataFrame({text: [text]}), caption=text, units={text: text}, notes=[text], flags={(0, text): text}
    ),
    "data_table": lambda text: tables.data_table(pd.DataFrame({text: [text]}), caption=text, notes=[text]),
    "cards": lambda text: tables.cards([(text, text, text)]),
    "answer": lambda text: tables.answer(text, [text]),
    "paragraphs": lambda text: tables.paragraphs(text),
    "method_note": lambda text: tables.method_note(text, text, formula=text, source=text),
    "checks_list": lambda text: tables.checks_list([Check(text, text, None, text=text)]),
    "sources_list": lambda text: tables.sources_list([{"title": text, "url": "https://x/" + text}]),
    "unverified_list": lambda text: tables.unverified_list(pd.DataFrame({"name": [text], "status": [text]})),
    "run_stamp": lambda text: tables.run_stamp({text: text}, command=text),
}


@pytest.mark.parametrize("block", BLOCKS)
def test_every_block_escapes_what_it_is_given(block):
    made = BLOCKS[block](EVIL)
    assert "<script" not in made.html
    assert EVIL in "".join(Outline(made.html).words)
    assert made._repr_html_() == made.html


@given(st.text(min_size=1, max_size=30))
@settings(deadline=None, max_examples=60)
def test_any_text_gives_well_formed_markup(text):
    for make in BLOCKS.values():
        tags = {tag for tag, _ in Outline(make(text).html).tags}
        assert not tags & {"script", "iframe", "style"}


def test_numbers_are_alike_in_a_column_and_dashes_are_explained():
    frame = pd.DataFrame({"place": ["A", "B", "C"], "need": [1.25, 30.0, np.nan], "people": [1200, 30, 0]})
    made = tables.table(frame, caption="Need", units={"need": "US$ million"})
    words = Outline(made.html).words
    assert [word for word in words if word in ("1.2", "1.25", "30.0", "–")] == ["1.2", "30.0", "–"]
    assert "1,200" in words
    assert "US$ million" in words
    assert "– not available." in words


def test_a_column_of_years_is_not_written_with_thousands():
    made = tables.table(pd.DataFrame({"year": [2011, 2020], "price_year": [2019, 2019]}), caption="Years")
    assert {"2011", "2020", "2019"} <= set(Outline(made.html).words)
    long = tables.table(pd.DataFrame({"simulated_years": [100_000]}), caption="Years")
    assert "100,000" in Outline(long.html).words


def test_formats_may_be_names_patterns_or_functions():
    frame = pd.DataFrame({"a": [0.07], "b": [-1234.5], "c": [3.0], "d": [1e6]})
    made = tables.table(
        frame,
        caption="Formats",
        formats={"a": "percent", "b": ",.1f", "c": lambda value: f"{value:g} times", "d": "usd"},
    )
    assert {"7 %", "−1,234.5", "3 times", "US$ 1 million"} <= set(Outline(made.html).words)


def test_infinite_values_are_named():
    made = tables.table(pd.DataFrame({"limit": [1.0, np.inf]}), caption="Limits", formats={"limit": ",.0f"})
    assert "unlimited" in Outline(made.html).words


def test_same_note_gets_same_letter():
    frame = pd.DataFrame({"x": [1, 2, 3]})
    flags = {(0, "x"): "press figure", (2, "x"): "press figure", (1, "x"): "suppressed: fewer than 5"}
    made = tables.table(frame, caption="Flags", flags=flags)
    words = "".join(Outline(made.html).words)
    assert made.html.count("<sup>a</sup>") == 3  # two cells and the note
    assert "a press figure" in words
    assert "b suppressed: fewer than 5" in words


def test_headers_rows_and_total_are_marked_for_screen_readers():
    made = tables.table(pd.DataFrame({"part": ["x", "all"], "value": [1, 1]}), caption="Parts", total=True)
    scopes = [attrs.get("scope") for attrs in Outline(made.html).all("th")]
    assert scopes == ["col", "col", "row", "row"]
    assert made.html.count('class="total"') == 1


def test_frames_are_not_changed_and_index_does_not_matter():
    frame = pd.DataFrame({"x": [1.5, np.nan]}, index=[7, 7])
    before = frame.copy()
    assert (
        tables.table(frame, caption="X").html == tables.table(frame.reset_index(drop=True), caption="X").html
    )
    pd.testing.assert_frame_equal(frame, before)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"units": {"y": "m"}}, r"got \['y'\]; allowed: \['x'\]"),
        ({"formats": {"z": "usd"}}, r"got \['z'\]"),
        ({"flags": {(5, "x"): "no such row"}}, r"got rows \[5\]; allowed: 0 to 0"),
    ],
)
def test_settings_for_nothing_are_refused(settings, said):
    with pytest.raises(ValueError, match=said):
        tables.table(pd.DataFrame({"x": [1]}), caption="X", **settings)


def test_more_than_eight_columns_are_refused_except_for_data():
    wide = pd.DataFrame({f"c{i}": [i] for i in range(9)})
    with pytest.raises(ValueError, match="got 9 columns; allowed: at most 8"):
        tables.table(wide, caption="Wide")
    assert len(Outline(tables.data_table(wide, caption="Wide").html).all("td")) == 8


def test_an_empty_table_is_still_a_table():
    assert tables.table(pd.DataFrame({"x": pd.Series(dtype=float)}), caption="None").text == "None: 0 rows"


def test_checks_come_with_failures_first_in_words():
    checks = [Check("a", "A?", True), Check("b", "B?", None), Check("c", "C?", False, text="off by 2")]
    made = tables.checks_list(checks)
    assert made.text == "1 check passed, 1 failed, 1 not applicable"
    names = [word for word in Outline(made.html).words if word in "abc"]
    assert names == ["c", "b", "a"]


def test_only_web_addresses_become_links():
    made = tables.sources_list(
        [{"title": "t", "url": "javascript:alert(1)"}, {"title": "u", "url": "https://a.org"}]
    )
    assert [attrs["href"] for attrs in Outline(made.html).all("a")] == ["https://a.org"]


def test_sources_may_be_objects_with_missing_parts():
    class Source:
        title, publisher, date, url = "Flood report", "NCDM", None, None

    assert tables.sources_list([Source()]).text == "NCDM. Flood report"


def test_one_string_is_not_a_list_of_sentences():
    with pytest.raises(ValueError, match=r"sentences: got 'Yes\.'"):
        tables.answer("Ready?", "Yes.")


def test_blocks_can_be_put_together():
    both = tables.paragraphs("One.") + tables.paragraphs("Two.")
    assert (both.html, str(both)) == ("<p>One.</p><p>Two.</p>", "One.\nTwo.")


def test_style_sheet_needs_nothing_from_elsewhere_and_prints():
    css = tables.stylesheet()
    assert "url(" not in css
    assert "@import" not in css
    assert "@media print" in css
    assert css.count("{") == css.count("}")
    for name in (
        ".cards",
        ".card-value",
        ".answer",
        "table.data",
        "details.code",
        "nav.toc",
        ".check.failed",
        ".note",
    ):
        assert name in css


def test_columns_of_long_text_are_marked_to_be_kept_wide():
    frame = pd.DataFrame(
        {"event": ["flood"], "note": ["no national figure: the event counts in the rate only"]}
    )
    kinds = [attrs["class"] for attrs in Outline(tables.table(frame, caption="Notes").html).all("td")]
    assert kinds == ["text long"]
