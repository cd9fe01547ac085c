import pytest

from kuzushiji_submit.core.charset import Charset, parse_character, probable_codepoint, to_character
from kuzushiji_submit.core.errors import CharsetError


@pytest.mark.parametrize(
    "text",
    [
        *("", "は", "U+", "U+306", "U+306f", "306F", "U+110000", "U+1234567", " U+306F", "U+306F\n"),
        *("U+0306F", "U+00306F", "U+D800", "U+DFFF", "Ｕ+306F", "U+٣٠0٠"),
    ],
)
def test_malformed_codepoint_is_refused(text: str) -> None:
    with pytest.raises(CharsetError, match="not a codepoint"):
        to_character(text)


@pytest.mark.parametrize(
    ("codepoint", "character"),
    [
        ("U+306F", "は"),
        ("U+D7FF", "\ud7ff"),
        ("U+E000", "\ue000"),
        ("U+22CC6", "\U00022cc6"),
        ("U+10FFFF", "\U0010ffff"),
    ],
)
def test_character_of_a_codepoint(codepoint: str, character: str) -> None:
    assert to_character(codepoint) == character


@pytest.mark.parametrize(
    ("text", "codepoint"),
    [
        ("", None),
        ("12", None),
        ("ひらがな", None),
        ("?", None),
        ("U+110000", None),
        ("U+D800", None),
        ("は", "U+306F"),
        ("は\u3099", "U+3070"),  # two characters that are one
        ("\U00022cc6", "U+22CC6"),
        ("u+306f", "U+306F"),
        ("\ufeffU+306F\u200b", "U+306F"),
        ("U+0306F", "U+306F"),
        ("U+00022CC6", "U+22CC6"),
        ("Ｕ＋３０６Ｆ", "U+306F"),
        ("U306F", "U+306F"),
        ("\\u306f", "U+306F"),
        ("\\U0000306f", "U+306F"),
        ("0x306F", "U+306F"),
        ("uni306F", "U+306F"),
        ("&#x306f;", "U+306F"),
        ("U+{306F}", "U+306F"),
    ],
)
def test_what_was_probably_meant(text: str, codepoint: str | None) -> None:
    assert probable_codepoint(text) == codepoint


def test_a_codepoint_written_otherwise_is_named() -> None:
    with pytest.raises(CharsetError, match=r"'U\+0306F' is not a codepoint: write U\+306F"):
        to_character("U+0306F")


@pytest.mark.parametrize("text", ["は", "U+306F"])
def test_what_a_user_writes(text: str) -> None:
    assert parse_character(text) == "U+306F"


@pytest.mark.parametrize("text", ["", "はひ", "U+306f"])
def test_what_a_user_must_not_write(text: str) -> None:
    with pytest.raises(CharsetError, match="not a codepoint"):
        parse_character(text)


def test_empty_charset() -> None:
    charset = Charset(())
    assert len(charset) == 0
    assert charset.class_ids(["U+306F"]) == [-1]


def test_order_is_part_of_the_fingerprint() -> None:
    forward, backward = Charset(("U+3042", "U+3044")), Charset(("U+3044", "U+3042"))
    assert forward.fingerprint != backward.fingerprint
    assert forward.fingerprint == Charset(("U+3042", "U+3044")).fingerprint
    # The fingerprint is stored in files: it may not change with the program.
    assert forward.fingerprint == "8d253aaf0c1ef552"


def test_from_labels_sorts_by_code_not_by_text() -> None:
    charset = Charset.from_labels(["U+22CC6", "U+306F", "U+4E00", "U+306F"])
    assert charset.codepoints == ("U+306F", "U+4E00", "U+22CC6")
    assert charset.class_ids(["U+4E00", "U+3042"]) == [1, -1]
    assert charset.class_id("U+22CC6") == 2
    assert "U+306F" in charset


def test_codepoint_twice_is_refused() -> None:
    with pytest.raises(CharsetError, match="twice"):
        Charset(("U+3042", "U+3042"))


def test_unknown_codepoint_is_refused() -> None:
    with pytest.raises(CharsetError, match=r"U\+3044 is not in this charset of 1"):
        Charset(("U+3042",)).class_id("U+3044")
