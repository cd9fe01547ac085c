"""Parts of reports: escaped, and absent where there is nothing to show."""

from kuzushiji_submit.report.glyphs import Glyphs
from kuzushiji_submit.report.pieces import Shown, drawing, gallery, glyph_cell, header, present, scoreboard, section


def test_nothing_to_show_is_nothing():
    assert gallery([]) == ""
    assert section("a", "Title", "") == ""
    assert "<div>" not in scoreboard([])


def test_plain_text_is_escaped_and_html_is_kept():
    assert "<h1>a &lt; b</h1>" in header("a < b", ["c & d"], [("x", "X")])
    assert "c &amp; d" in header("a < b", ["c & d"], [])
    assert "<h2>a &lt; b</h2>" in section("x", "a < b", "<p>body</p>", hint="1 < 2")
    shown = gallery([Shown("crops/a.jpg", 'a "b"', "<b>x</b>")], small=True)
    assert 'class="gallery small"' in shown
    assert 'alt="a &quot;b&quot;"' in shown
    assert "<b>x</b>" in shown
    assert "&lt;i&gt;" in drawing("a.png", "a", "<i>")


def test_links_lead_to_sections_that_are_there():
    assert present([("a", "A"), ("b", "B")], '<section id="b"></section>') == [("b", "B")]


def test_glyphs_sort_by_codepoint():
    cell = glyph_cell("U+306F", Glyphs())
    assert cell.key == "U+306F"
    assert "は" in cell.html
