"""Plain text."""

from kuzushiji_submit.export.plain_text import render_text
from kuzushiji_submit.export.text_columns import lay_out
from kuzushiji_submit.reading.prior.texts import read_text
from tests.kuzushiji_submit.export.conftest import CREATED, column_of


def test_a_page_without_characters_is_an_empty_file(empty):
    assert render_text(empty, CREATED) == b""


def test_a_line_is_a_column_and_ruby_stands_behind_it(page):
    assert render_text(page, CREATED).decode() == "いろはにほ（るを）\nへとちりぬ\n"


def test_the_projects_own_reader_of_texts_takes_ruby_out(page, tmp_path):
    path = tmp_path / "b_1.txt"
    path.write_bytes(render_text(page, CREATED))
    assert read_text(path) == [[f"U+{ord(text):04X}" for text in "いろはにほへとちりぬ"]]


def test_codepoints_beyond_the_basic_plane_can_be_written():
    page = lay_out("b", "b.jpg", (100, 100), 1, column_of(10, "𛀁"))
    assert render_text(page, CREATED) == "𛀁\n".encode()
