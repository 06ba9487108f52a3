"""From an executed notebook to one self-contained, script-free HTML page.

nbconvert's own page links outside addresses and gives every picture the same alternative text; this one has
language, title, landmarks, a table of contents, folded code and a print style, and a content security policy
that lets nothing run and nothing load from outside.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape, unescape
from importlib.resources import files
from typing import Any

import jinja2
import mistune

__all__ = ["Shown", "failure_page", "fill", "markdown_html", "page", "report_page", "shown"]

_ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_HEADING = re.compile(r"<h2 id=")


class _Renderer(mistune.HTMLRenderer):
    """Markdown in which raw HTML is shown as text, and headings get an address."""

    def __init__(self) -> None:
        super().__init__(escape=True)
        self.headings: list[tuple[int, str, str]] = []
        self.taken: set[str] = set()

    def heading(self, text: str, level: int, **attrs: Any) -> str:
        words = unescape(re.sub(r"<[^>]*>", "", text))
        stem = re.sub(r"[^\w]+", "-", words.lower()).strip("-") or "section"
        address, number = stem, 2
        while address in self.taken:
            address, number = f"{stem}-{number}", number + 1
        self.taken.add(address)
        self.headings.append((level, address, words))
        return f'<h{level} id="{escape(address)}">{text}</h{level}>\n'

    def image(self, text: str, url: str, title: str | None = None) -> str:
        if not re.match(r"data:image/(png|jpeg|gif);base64,", url):
            return f"<p>[picture left out: {escape(text)}]</p>"  # a page that loads nothing from outside
        return f'<img src="{escape(url)}" alt="{escape(text)}">'


@dataclass
class _Body:
    """The growing body of a page: sections that start at second-level headings."""

    renderer: _Renderer = field(default_factory=_Renderer)
    parts: list[str] = field(default_factory=list)

    def add(self, html: str) -> None:
        self.parts.append(html)

    def add_markdown(self, text: str) -> None:
        html = markdown_html(text, self.renderer)
        self.add(_HEADING.sub("</section>\n<section>\n<h2 id=", html))

    def html(self) -> str:
        return re.sub(r"<section>\s*</section>\n?", "", "<section>\n" + "".join(self.parts) + "</section>\n")


def markdown_html(text: str, renderer: mistune.HTMLRenderer | None = None) -> str:
    """Return Markdown as HTML in which raw HTML and unsafe links have no effect.

    Examples
    --------
    >>> markdown_html("**20** <script>alert(1)</script>")
    '<p><strong>20</strong> &lt;script&gt;alert(1)&lt;/script&gt;</p>\\n'
    """
    convert = mistune.create_markdown(renderer=renderer or _Renderer(), plugins=["table", "footnotes"])
    return str(convert(text))


@dataclass(frozen=True)
class Shown:
    """What an executed notebook shows: the one source of the page, the PDF and the Word file.

    Attributes
    ----------
    title : str
        The notebook's own first-level heading, else the title given.
    header : str
        The title block as HTML; empty where the notebook has none.
    body : str
        Everything else as HTML, in sections.
    contents : tuple of (str, str)
        Address and words of each second-level heading.
    code : tuple of str
        The code of its cells.
    """

    title: str
    header: str
    body: str
    contents: tuple[tuple[str, str], ...]
    code: tuple[str, ...]


def report_page(notebook: Mapping[str, Any], *, title: str) -> str:
    """Return the whole page of an executed notebook: what it shows, then all its code, folded.

    Parameters
    ----------
    notebook : mapping
        Notebook of format 4 (`nbformat` node or parsed JSON), executed.
    title : str
        Title of the page and its first heading, unless the notebook shows a first-level heading of its own.
    """
    made = shown(notebook, title=title)
    folded = _code(made.code)
    body = made.body.removesuffix("</section>\n") + folded + "</section>\n" if folded else made.body
    return page("report.html.j2", title=made.title, body=body, contents=made.contents, header=made.header)


def shown(notebook: Mapping[str, Any], *, title: str) -> Shown:
    """Return what an executed notebook shows.

    A cell tagged remove-cell is left out, and the code of one tagged remove-input; so are the default
    parameters where a file replaced them.

    Examples
    --------
    >>> cell = {"cell_type": "markdown", "metadata": {}, "source": "# Floods\\n\\n## Who pays?"}
    >>> made = shown({"cells": [cell]}, title="Report")
    >>> made.title, made.contents
    ('Floods', (('who-pays', 'Who pays?'),))
    """
    body, code = _Body(), []
    tagged = [(cell, cell.get("metadata", {}).get("tags", [])) for cell in notebook["cells"]]
    hidden = {"remove-cell"} | (
        {"parameters"} if any("injected-parameters" in tags for _, tags in tagged) else set()
    )
    for cell, tags in tagged:
        if hidden & set(tags):  # defaults that were replaced would only mislead
            continue
        source = _text(cell["source"])
        if cell["cell_type"] == "markdown":
            body.add_markdown(source)
        elif cell["cell_type"] == "code":
            if "remove-output" not in tags:
                for output in cell.get("outputs", []):
                    body.add(_output(output, body.renderer))
            if source.strip() and "remove-input" not in tags:
                code.append(source)
    contents = [(address, words) for level, address, words in body.renderer.headings if level == 2]
    html = body.html()
    header = ""
    if own := re.search(r'<header class="report-header">.*?</header>', html, re.DOTALL):
        header, html = own.group(), html.replace(own.group(), "", 1)  # the title stands above the contents
    if heading := re.search(r"<h1\b[^>]*>(.*?)</h1>", header or html, re.DOTALL):
        title = unescape(re.sub(r"<[^>]*>", "", heading.group(1)))
    return Shown(title, header, html, tuple(contents), tuple(code))


def failure_page(
    *,
    title: str,
    error: str,
    cell: str,
    source: str,
    details: str,
    command: str,
    parameters: Mapping[str, Any],
) -> str:
    """Return the page that stands where a report failed: the cell, the error, how to run it again."""
    given = json.dumps(parameters, indent=2, ensure_ascii=False)
    parts = [
        '<section class="failure">\n',
        f"<p>{escape(title)}</p>\n<p><strong>{escape(error)}</strong></p>\n",
        f"<p>It happened in {escape(cell)}:</p>\n<pre><code>{escape(source)}</code></pre>\n"
        if source
        else "",
        f"<p>To run it again:</p>\n<pre><code>{escape(command)}</code></pre>\n",
        f"<details><summary>The parameters</summary><pre>{escape(given)}</pre></details>\n",
        f"<details><summary>Full message</summary><pre>{escape(details)}</pre></details>\n"
        if details
        else "",
        "</section>\n",
    ]
    header = '<header class="report-header failure">\n<h1>This report could not be made</h1>\n</header>'
    return page("failed.html.j2", title=f"Failed: {title}", body="".join(parts), header=header)


def page(
    template: str, *, title: str, body: str, contents: Sequence[tuple[str, str]] = (), header: str = ""
) -> str:
    """Fill a page template of `assets`; `body` and `header` are HTML, everything else is escaped."""
    heading = not header and "<h1" not in body
    return fill(
        template, {"title": title, "body": body, "contents": contents, "heading": heading, "header": header}
    )


def fill(template: str, values: Mapping[str, Any]) -> str:
    """Fill a page template with `values` and the style sheet; every value is escaped unless marked safe."""
    assets = files("aspfin.reporting").joinpath("assets")
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(lambda name: assets.joinpath(name).read_text(encoding="utf-8")),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
    )
    style = assets.joinpath("report.css").read_text(encoding="utf-8")
    return environment.get_template(template).render({"style": style, **values})


def _text(value: str | Sequence[str]) -> str:
    return value if isinstance(value, str) else "".join(value)


def _code(sources: Sequence[str]) -> str:
    """Return the code of all cells in one fold at the end, so that nothing stands between the findings."""
    cells = "".join(f'<pre><code class="language-python">{escape(one)}</code></pre>\n' for one in sources)
    return (
        f'<details class="code"><summary>The code of this report</summary>{cells}</details>\n'
        if cells
        else ""
    )


def _output(output: Mapping[str, Any], renderer: _Renderer) -> str:
    kind = output["output_type"]
    if kind == "stream":
        text = f"<pre>{escape(_ANSI.sub('', _text(output['text'])))}</pre>\n"
        told = "Messages" if output["name"] == "stderr" else "Printed"
        return f'<details class="stream {output["name"]}"><summary>{told}</summary>{text}</details>\n'
    if kind == "error":
        trace = _ANSI.sub("", "\n".join(output.get("traceback", [])))
        said = f"{output['ename']}: {output['evalue']}"
        return (
            f'<div class="error"><p><strong>{escape(said)}</strong></p>'
            f"<details><summary>Full message</summary><pre>{escape(trace)}</pre></details></div>\n"
        )
    return _displayed(output["data"], output.get("metadata", {}), renderer)


def _displayed(data: Mapping[str, Any], metadata: Mapping[str, Any], renderer: _Renderer) -> str:
    """Return the richest form a page without scripts can show."""
    if "text/html" in data:
        return _text(data["text/html"]) + "\n"
    for kind in ("image/png", "image/jpeg"):
        if kind in data:
            alt = metadata.get("alt") or metadata.get(kind, {}).get("alt") or _plain(data) or "Figure"
            bits = re.sub(r"\s", "", _text(data[kind]))
            base64.b64decode(bits, validate=True)  # what is no picture must not become markup
            return f'<figure><img src="data:{kind};base64,{bits}" alt="{escape(alt)}"></figure>\n'
    if "text/markdown" in data:
        return markdown_html(_text(data["text/markdown"]), renderer)
    return f"<pre>{escape(_plain(data))}</pre>\n" if _plain(data) else ""


def _plain(data: Mapping[str, Any]) -> str:
    text = _ANSI.sub("", _text(data.get("text/plain", "")))
    return "" if re.fullmatch(r"<[\w. ]*(Figure|object)\b.*>", text, re.DOTALL) else text
