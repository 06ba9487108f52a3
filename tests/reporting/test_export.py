"""The page of a report: safe, self-contained, readable."""

import base64
from html.parser import HTMLParser

import pytest

from aspfin.reporting.export import failure_page, markdown_html, report_page

PNG = base64.b64encode(b"\x89PNG not really").decode()


def cell(source, *outputs, kind="code", tags=()):
    return {
        "cell_type": kind,
        "source": source,
        "outputs": list(outputs),
        "execution_count": 1,
        "metadata": {"tags": list(tags)},
    }


def shown(metadata=None, **data):
    bundle = {name.replace("_", "/"): value for name, value in data.items()}
    return {"output_type": "display_data", "data": bundle, "metadata": metadata or {}}


def page(*cells, title="Floods"):
    return report_page({"cells": list(cells)}, title=title)


class Balance(HTMLParser):
    """Counts what is open, to find tags that are never closed."""

    VOID = frozenset({"meta", "img", "br", "input", "hr"})

    def __init__(self, text):
        super().__init__()
        self.open, self.seen, self.wrong = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)


def test_a_page_has_language_title_landmarks_and_one_heading():
    text = page(
        cell("## One & two\n\nx", kind="markdown"), cell("## Three", kind="markdown"), title="A & <b>"
    )
    tree = Balance(text)
    assert not tree.open
    assert not tree.wrong
    tags = [tag for tag, _ in tree.seen]
    assert (
        tags.count("h1")
        == tags.count("main")
        == tags.count("nav")
        == tags.count("header")
        == tags.count("footer")
        == 1
    )
    assert tree.seen[0] == ("html", {"lang": "en"})
    assert "<title>A &amp; &lt;b&gt;</title>" in text
    assert '<li><a href="#one-two">One &amp; two</a></li>' in text
    assert text.count("<section>") == 2


def test_nothing_runs_and_nothing_loads_from_outside():
    text = page(
        cell("<script>alert(1)</script>\n\n[x](javascript:alert(1)) ![p](https://example.org/p.png)", kind="markdown"),
        cell("print('<script>')", {"output_type": "stream", "name": "stdout", "text": "<script>alert(2)</script>"}),
    )  # fmt: skip
    assert "<script" not in text
    assert "javascript:" not in text
    assert "example.org/p.png" not in text
    assert "default-src 'none'" in text
    tree = Balance(text)
    assert all(
        not {"src", "href"} & set(attrs) or str(attrs.get("src", attrs.get("href")))[0] in "#d"
        for _, attrs in tree.seen
    )


def test_code_is_folded_and_messages_too():
    text = page(
        cell("1 < 2", {"output_type": "stream", "name": "stderr", "text": ["\x1b[31mmind", " it\x1b[0m"]})
    )
    assert (
        '<details class="code"><summary>The code of this report</summary><pre><code class="language-python">1 &lt; 2</code></pre>'
        in text
    )
    assert "<summary>Messages</summary><pre>mind it</pre>" in text
    assert "1 &lt; 2" not in page(cell("1 < 2", tags=["remove-input"]))
    assert "mind" not in page(
        cell("x", {"output_type": "stream", "name": "stdout", "text": "mind"}, tags=["remove-output"])
    )


def test_cells_for_the_notebook_alone_are_left_out():
    blurb = cell("# This is a template", kind="markdown", tags=["remove-cell"])
    defaults, given = cell("years = 1", tags=["parameters"]), cell("years = 10", tags=["injected-parameters"])
    text = page(blurb, defaults, given)
    assert "This is a template" not in text
    assert "years = 10" in text
    assert "years = 1<" not in text
    assert "years = 1<" in page(defaults)


def test_the_richest_safe_form_of_an_output_is_shown():
    html = shown(text_html="<p>own</p>", text_plain="own")
    assert "<p>own</p>" in page(cell("x", html))
    picture = shown(
        image_png=PNG, text_plain="<Figure size 640x480 with 1 Axes>", metadata={"alt": "a 'rise'"}
    )
    assert f'<img src="data:image/png;base64,{PNG}" alt="a &#x27;rise&#x27;">' in page(cell("x", picture))
    assert 'alt="Figure"' in page(
        cell("x", shown(image_png=PNG, text_plain="<Figure size 640x480 with 1 Axes>"))
    )
    assert "<strong>b</strong>" in page(cell("x", shown(text_markdown="**b**")))
    assert "<pre>1 &lt; 2</pre>" in page(cell("x", shown(text_plain="1 < 2")))
    assert page(cell("x", shown(text_plain="<matplotlib.axes.Axes object at 0x7f>"))).count("0x7f") == 0


def test_a_picture_that_is_none_is_refused():
    with pytest.raises(ValueError, match="base64"):
        page(cell("x", shown(image_png='"><script>')))


def test_an_error_is_shown_plainly():
    error = {
        "output_type": "error",
        "ename": "ValueError",
        "evalue": "a < b",
        "traceback": ["\x1b[0;31mValueError\x1b[0m"],
    }
    text = page(cell("x", error))
    assert '<div class="error"><p><strong>ValueError: a &lt; b</strong></p>' in text
    assert "\x1b" not in text


def test_equal_headings_get_different_addresses():
    text = page(cell("## Cost\n\n## Cost", kind="markdown"))
    assert 'id="cost"' in text
    assert 'id="cost-2"' in text


def test_tables_and_khmer_in_markdown():
    assert "<table>" in markdown_html("| a | b |\n|---|---|\n| 1 | 2 |")
    assert "ទឹកជំនន់" in page(cell("## ទឹកជំនន់", kind="markdown"))


def test_no_second_heading_when_the_notebook_writes_its_own():
    assert page(cell("# Own", kind="markdown")).count("<h1") == 1


def test_a_failure_page_escapes_everything():
    text = failure_page(
        title="<t>",
        error="<e>",
        cell="cell 1",
        source="a < b",
        details="<d>",
        command="run '<c>'",
        parameters={"<p>": "</pre><script>"},
    )
    tree = Balance(text)
    assert not tree.open
    assert not tree.wrong
    assert "&lt;t&gt;" in text
    assert "<e>" not in text
    assert "&lt;p&gt;" in text and "<script>" not in text
    assert "run &#x27;&lt;c&gt;&#x27;" in text
