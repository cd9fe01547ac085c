"""Templates: everything escaped, nothing forbidden, parts absent where there is nothing to show."""

import pytest
from jinja2 import TemplateNotFound, UndefinedError

from kuzushiji_submit.competition.scoring import Counts
from kuzushiji_submit.report.glyphs import Glyphs
from kuzushiji_submit.report.model import PageScore
from kuzushiji_submit.report.templates import render_template

IMPORT = (
    '{% from "pieces.html.jinja" import notice, scoreboard, section, gallery, drawing, table, heading, name_cell, '
    "glyph_cell, number, ratio, score_cells, score_headings with context %}"
)


@pytest.fixture
def show(tmp_path):
    def render(template, **content):
        (tmp_path / "part.html.jinja").write_text(IMPORT + template, encoding="utf-8")
        return render_template("part.html.jinja", {"glyphs": Glyphs(), **content}, tmp_path).strip()

    return render


@pytest.mark.parametrize(
    ("raw", "escaped"),
    [
        ("", ""),
        ("は", "は"),
        ("<b>&\"'", "&lt;b&gt;&amp;&#34;&#39;"),
        ("a\x00b\x1bc", "a\ufffdb\ufffdc"),
        ("\ud800", "\ufffd"),
    ],
)
def test_text_is_escaped_and_cleaned_wherever_it_stands(show, raw, escaped):
    written = show(
        '{{ value }}|{{ notice([value]) }}|{{ drawing("a", value, value) }}|'
        "{{ heading(value) }}|{{ name_cell(value) }}",
        value=raw,
    )
    assert written.split("|")[0] == escaped
    assert f"<p>{escaped}</p>" in written
    assert f'alt="{escaped}"' in written
    assert f"<figcaption>{escaped}</figcaption>" in written
    assert f'data-sort="text">{escaped}</button>' in written
    assert f'data-key="{escaped}">{escaped}</th>' in written
    written.encode("utf-8")


@pytest.mark.parametrize(
    "template",
    [
        "{{ notice([]) }}",
        '{% call section("a", "Title", "hint") %}\n \n{% endcall %}',
        "{% call(picture) gallery([]) %}x{% endcall %}",
    ],
)
def test_nothing_to_show_is_nothing(show, template):
    assert show(template) == ""


def test_what_a_caller_writes_is_kept(show):
    assert show('{% call section("x", "a < b", "1 < 2") %}<p>body</p>{% endcall %}').replace("\n", "") == (
        '<section id="x"><h2>a &lt; b</h2><p class="hint">1 &lt; 2</p><p>body</p></section>'
    )
    pictures = [{"source": "crops/a.jpg", "alt": 'a "b"'}]
    shown = show("{% call(picture) gallery(pictures, small=true) %}<b>x</b>{% endcall %}", pictures=pictures)
    assert 'class="gallery small"' in shown
    assert 'alt="a &#34;b&#34;"' in shown
    assert "<figcaption><b>x</b></figcaption>" in shown


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("number(0)", '<td class="number" data-key="0">0</td>'),
        ("number(12345)", '<td class="number" data-key="12345">12,345</td>'),
        ("number(none)", '<td class="number">–</td>'),
        ("ratio(none)", '<td class="number">–</td>'),
        ("ratio(1)", '<td class="number" data-key="1.000000">1.000</td>'),
        (
            "ratio(0.25, bar=true)",
            '<td class="number" data-key="0.250000"><span class="bar" style="--share:0.250">0.250</span></td>',
        ),
    ],
)
def test_cells(show, cell, written):
    assert show("{{ " + cell + " }}") == written


def test_glyphs_sort_by_codepoint(show):
    cell = show('{{ glyph_cell("U+306F") }}')
    assert cell.startswith('<td data-key="U+306F">')
    assert ">は</span>" in cell


@pytest.mark.parametrize("score", [None, PageScore(Counts(), Counts()), PageScore(Counts(1, 2, 3), Counts(3, 0, 1))])
def test_scores_fill_their_headings(show, score):
    written = show("{{ score_cells(score) }}", score=score)
    assert written.count("<td") == show("{{ score_headings() }}").count("<th") == 7
    assert ("–" in written) is (score is None or score.empty)


def test_links_lead_to_sections_that_are_there(tmp_path):
    (tmp_path / "a.html.jinja").write_text(
        '{% extends "sections.html.jinja" %}{% block sections %}<section id="b"></section>{% endblock %}'
    )
    content = {"title": "a < b", "root": "", "scripts": (), "body_class": "x", "facts": ["c & d"], "notes": []}
    links = [("a", "A"), ("b", "B")]
    html = render_template("a.html.jinja", {**content, "links": links}, tmp_path)
    assert '<a href="#b">B</a>' in html
    assert 'href="#a"' not in html
    assert "<h1>a &lt; b</h1><p>c &amp; d</p>" in html


def test_a_missing_template_or_value_is_an_error(show):
    with pytest.raises(TemplateNotFound):
        render_template("missing.html.jinja", {})
    with pytest.raises(UndefinedError):
        show("{{ forgotten }}")
