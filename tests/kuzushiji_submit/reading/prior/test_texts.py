"""Text cleaned for the prior."""

import pytest

from kuzushiji_submit.core.errors import CompetitionFileError
from kuzushiji_submit.reading.prior.texts import clean, read_text, truth_pages


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        (" \n\u3000", ""),
        ("いつれの御時にか", "いつれの御時にか"),
        ("冨士山（ふじさん）諸人（しよにん）", "冨士山諸人"),
        ("【左右【二図】構成】本文", "本文"),
        ("子（こ【注】）の", "子の"),
        ("《割書：凡（およそ）この図》を", "凡この図を"),
        ("《見出し》春", "見出し春"),
        ("ゑんまの子〳〵と", "ゑんまの子〱と"),
        ("か\u3099き", "がき"),
        ("又｜地蔵、「の」子。１2①□■", "又地蔵の子"),
        ("○一▲二〻ゝヽ々〱", "○一▲二〻ゝヽ々〱"),
        ("臭う", "臭う"),  # a variant of its own among the classes
        ("abc ﾊ", "ﾊ"),
        ("閉じない（ふりかな", "閉じないふりかな"),
    ],
)
def test_clean(text, expected):
    assert clean(text) == [f"U+{ord(character):04X}" for character in expected]


def test_plain_text_is_parted_at_blank_lines(tmp_path):
    path = tmp_path / "genji.txt"
    path.write_text("いつ\nれ\n\n\n、。\n\nの", encoding="utf-8")
    assert read_text(path) == [["U+3044", "U+3064", "U+308C"], ["U+306E"]]


def test_a_table_has_one_page_a_row(write_csv):
    path = write_csv("honkoku.csv", ["page,text", '1,"は（ha）\nの"', "2,【なし】"])
    assert read_text(path) == [["U+306F", "U+306E"]]


def test_what_cannot_be_read_is_named(tmp_path):
    (tmp_path / "latin.txt").write_bytes(b"\xff\xfe\x80")
    (tmp_path / "empty.txt").write_text("。\n", encoding="utf-8")
    with pytest.raises(CompetitionFileError, match="cannot be read"):
        read_text(tmp_path / "nowhere.txt")
    with pytest.raises(CompetitionFileError, match="UTF-8"):
        read_text(tmp_path / "latin.txt")
    with pytest.raises(CompetitionFileError, match="holds no text"):
        read_text(tmp_path / "empty.txt")


def test_annotated_pages_are_read_in_order(make_truth):
    page = make_truth(("U+306E", 0, 0, 9, 9), ("U+306F", 100, 20, 9, 9), ("U+304B", 100, 0, 9, 9))
    assert truth_pages([make_truth(), page]) == [["U+304B", "U+306F", "U+306E"]]


def test_files_of_windows(tmp_path):
    plain, table = tmp_path / "text.TXT", tmp_path / "TEXT.CSV"
    plain.write_bytes("\ufeffいつ\r\nれの\r\n\r\n御時".encode())
    table.write_bytes("\ufefftext\r\nいつれの\r\n御時\r\n".encode())
    assert read_text(plain) == read_text(table) == [clean("いつれの"), clean("御時")]
