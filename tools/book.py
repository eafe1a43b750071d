"""The executed notebooks as HTML pages that need no network: pictures inside, formulas as MathML, no script."""

import html
import re

import nbformat
from latex2mathml.converter import convert
from nbconvert import HTMLExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

_TEMPLATE = """
{% extends 'lab/index.html.j2' %}
{% block html_head_js %}{% endblock %}
{% block html_head_js_mathjax %}{% endblock %}
{% block html_head_js_mermaidjs %}{% endblock %}
{% block extra_css %}<style>
main { max-width: 62rem; margin: 0 auto; }
.equation { display: flex; align-items: center; margin: 0.8em 0; }
.equation math { flex: 1; }
details { margin: 0.5em 0; }
.folded summary { color: #666; font-size: 0.9em; cursor: pointer; }
.jp-RenderedMarkdown pre, .jp-RenderedMarkdown code { font-family: var(--jp-code-font-family) !important; }
</style>{% endblock %}
{% block input_group %}
{%- if 'hide-input' in cell.metadata.get('tags', []) -%}
<details class="folded"><summary>Code of the figure</summary>{{ super() }}</details>
{%- else -%}
{{ super() }}
{%- endif -%}
{% endblock %}
{% block data_png %}
{%- set alt = output | get_metadata('alt', 'image/png') -%}
{{ super() | replace('<img ', '<img alt="' ~ (alt or '') | escape_html ~ '" ', 1) if alt else super() }}
{%- endblock %}
{% block data_jpg %}
{%- set alt = output | get_metadata('alt', 'image/jpeg') -%}
{{ super() | replace('<img ', '<img alt="' ~ (alt or '') | escape_html ~ '" ', 1) if alt else super() }}
{%- endblock %}
"""
SUFFIXES = {"image/png": ".png", "image/jpeg": ".jpg"}  # of the pictures that plots.show stores
_INDEX = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Deep Learning: a course companion</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; color: #222; }}
ol {{ list-style: none; padding: 0; display: grid; gap: 1.5rem; }}
ol {{ grid-template-columns: repeat(auto-fill, minmax(18rem, 1fr)); }}
li {{ border: 1px solid #ddd; border-radius: 6px; overflow: hidden; }}
li a {{ color: inherit; text-decoration: none; display: block; height: 100%; }}
li img {{ width: 100%; height: 11rem; object-fit: contain; background: #fff; }}
li h2 {{ font-size: 1.05rem; margin: 0.6rem 1rem; }}
</style>
</head>
<body>
<h1>Deep Learning: a course companion</h1>
<p>Every page shows a notebook as it ran: code, results and pictures. The pages need no network.</p>
<ol>
{items}
</ol>
</body>
</html>
"""


class _MathRenderer(IPythonRenderer):
    """Formulas as MathML, which browsers draw by themselves."""

    def block_math(self, body):
        tags = "".join(f"<span>({html.escape(tag)})</span>" for tag in re.findall(r"\\tag\{(.*?)\}", body))
        formula = re.sub(r"\\tag\{.*?\}", "", body)
        return f'<div class="equation">{mathml(formula, display="block")}{tags}</div>'

    def inline_math(self, body):
        return mathml(body, display="inline")

    def latex_environment(self, name, body):
        return self.block_math(rf"\begin{{{name}}}{body}\end{{{name}}}")


class BookExporter(HTMLExporter):
    """Pages that load nothing from elsewhere."""

    def __init__(self, **options):
        super().__init__(**options)
        self.raw_template = _TEMPLATE
        self.register_filter("markdown2html", self.markdown_to_html)

    @staticmethod
    def markdown_to_html(source):
        return MarkdownWithMath(renderer=_MathRenderer(escape=False, anchor_link_text="")).render(source)


def mathml(formula, display):
    """Convert a formula to MathML. An alignment that the converter would leave as text is a `ValueError`."""
    formula = re.sub(r"\\(begin|end)\{aligned\}", r"\\\1{align*}", formula.strip())
    result = convert(formula, display=display)
    if "<mi>&</mi>" in result or "<mi>\\" in result:
        raise ValueError(f"formula: expected one that latex2mathml can convert, got {formula!r}")
    return result


def write_book(paths, folder):
    """Write a page for each notebook and an index with a picture of each. Return the path of the index."""
    folder.mkdir(exist_ok=True)
    exporter = BookExporter()
    items = []
    for path in paths:
        notebook = nbformat.read(path, as_version=4)
        title, (kind, source, alt) = title_of(notebook), picture_of(notebook)
        notebook.metadata["title"] = title
        page, _ = exporter.from_notebook_node(notebook)
        (folder / f"{path.stem}.html").write_text(re.sub(r'(href="[^":]+)\.ipynb', r"\1.html", page), encoding="utf-8")
        items.append(
            f'<li><a href="{path.stem}.html"><img src="data:{kind};base64,{source}" alt="{html.escape(alt)}">'
            f"<h2>{path.stem[:3]} · {html.escape(title)}</h2></a></li>"
        )
    index = folder / "index.html"
    index.write_text(_INDEX.format(items="\n".join(items)), encoding="utf-8")
    return index


def title_of(notebook):
    """Return the first heading of a notebook."""
    return re.search(r"^# (.+)$", notebook.cells[0].source, re.MULTILINE).group(1)


def picture_of(notebook):
    """Return the picture that stands for a notebook: that of the cell tagged `cover`, else the first.

    Its kind, such as `"image/png"`, its bytes in base64, and its text alternative.
    """
    cells = sorted(notebook.cells, key=lambda cell: "cover" not in cell.metadata.get("tags", []))
    for cell in cells:
        for output in cell.get("outputs", []):
            for kind in SUFFIXES:
                if kind in output.get("data", {}):
                    return kind, output.data[kind].strip(), output.metadata.get(kind, {}).get("alt", "")
    raise ValueError("notebook: expected a picture for the README and the book's index, got none")
