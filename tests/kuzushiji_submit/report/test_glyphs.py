"""What is shown for a label."""

import pytest

from kuzushiji_submit.report.glyphs import Glyphs


@pytest.mark.parametrize(
    ("label", "shown"),
    [
        ("U+306F", "は"),
        ("U+1B001", "\U0001b001"),
        ("U+3007", "〇"),
        ("U+3099", "\u25cc\u3099"),
        ("U+0009", "U+0009"),
        ("U+3000", "U+3000"),
        ("U+D800", "U+D800"),
        ("U+E000", "U+E000"),
        ("U+FFFF", "U+FFFF"),
        ("U+200B", "U+200B"),
        ("u+306f", "u+306f"),
        ("は", "は"),
        ("a long label", "a long …"),
        ("U+110000", "U+110000"),
    ],
)
def test_without_a_table(label, shown):
    assert Glyphs().text_of(label) == shown


@pytest.mark.parametrize(
    ("entry", "shown"), [("0", "0"), ("", "〇"), ("\u3000", "U+3007")], ids=["other", "empty", "blank"]
)
def test_the_tables_character_wins_if_it_can_be_seen(entry, shown):
    assert Glyphs({"U+3007": entry}).text_of("U+3007") == shown
