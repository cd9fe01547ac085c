import cv2
import numpy as np
import pytest

from kuzushiji_submit.competition.truth import write_truth
from kuzushiji_submit.core.errors import CompetitionFileError, ConfigError, HiddenBookError
from kuzushiji_submit.synthetic import real_glyphs
from kuzushiji_submit.synthetic.real_glyphs import edge_softness, read_real_glyphs
from tests.kuzushiji_submit.synthetic.conftest import greek_page, write_real_folder


@pytest.fixture
def folder(tmp_path):
    pages = [greek_page("100000001_00002_2"), greek_page("brsk001-004", seed=1), greek_page("brsk002-001", seed=2)]
    return write_real_folder(tmp_path / "real", pages)


def test_glyphs_by_book_and_codepoint(folder):
    glyphs = read_real_glyphs([folder])
    assert {name: len(book) for name, book in glyphs.books.items()} == {"100000001": 24, "brsk": 48}
    assert len(glyphs) == 72
    page = greek_page("100000001_00002_2")
    assert set(glyphs.books["100000001"].glyphs) == set(page.codepoints)
    both = set(page.codepoints) & set(glyphs.books["brsk"].glyphs)
    assert all(glyphs.holders[codepoint] == ("100000001", "brsk") for codepoint in both)
    assert 0.03 < glyphs.books["brsk"].stroke < 0.3


@pytest.mark.parametrize(
    ("chosen", "books"),
    [
        ({"books": ["brsk"]}, ["brsk"]),
        ({"books": ["brsk002"]}, ["brsk"]),
        ({"without": ["brsk"]}, ["100000001"]),
        ({"without": ["brsk001"]}, ["100000001"]),
        ({"books": ["brsk", "100000001"], "without": ["100000001"]}, ["brsk"]),
    ],
)
def test_only_allowed_books(folder, chosen, books):
    assert list(read_real_glyphs([folder], **chosen).books) == books


@pytest.mark.parametrize("option", ["books", "without"])
def test_misspelled_book_is_an_error_and_leaves_none_in(folder, option):
    with pytest.raises(ConfigError, match="no page of 10000001: the books are 100000001, brsk"):
        read_real_glyphs([folder], **{option: ["10000001"]})


def test_possible_test_book_is_refused_unless_left_out(tmp_path):
    folder = write_real_folder(tmp_path / "real", [greek_page("200003803_00001_1"), greek_page("100000001_00001_1")])
    with pytest.raises(HiddenBookError, match="200003803"):
        read_real_glyphs([folder])
    assert list(read_real_glyphs([folder], without=["200003803"]).books) == ["100000001"]


def test_guessed_boxes_are_no_glyphs(folder):
    write_truth(folder / "train_rough.csv", [greek_page("100000001_00002_2", columns=2)])
    assert len(read_real_glyphs([folder], books=["100000001"])) == 24


def test_page_that_cannot_be_read_does_not_stop_the_others(folder, caplog):
    (folder / "train_images" / "brsk001-004.png").write_bytes(b"no image")
    (folder / "train_images" / "100000001_00002_2.png").unlink()
    glyphs = read_real_glyphs([folder])
    assert {name: len(book) for name, book in glyphs.books.items()} == {"brsk": 24}
    assert glyphs.left_out == {"unreadable pages": 1, "pages without image": 1}
    assert "brsk001-004.png" in caplog.text


def test_nothing_to_cut_is_a_named_error(tmp_path):
    empty = write_real_folder(tmp_path / "empty", [greek_page("1_1", rows=0)])
    with pytest.raises(CompetitionFileError, match="no glyph could be cut"):
        read_real_glyphs([empty])
    with pytest.raises(CompetitionFileError, match="absent"):
        read_real_glyphs([tmp_path / "absent"])


def test_digest_tells_sets_apart_and_not_processes(folder):
    assert read_real_glyphs([folder]).digest() == read_real_glyphs([folder], workers=2).digest()
    assert read_real_glyphs([folder]).digest() != read_real_glyphs([folder], books=["brsk"]).digest()


def test_a_page_in_two_folders_counts_once(folder):
    assert read_real_glyphs([folder, folder]).digest() == read_real_glyphs([folder]).digest()


def test_so_many_glyphs_of_a_class_and_no_more(folder, monkeypatch):
    monkeypatch.setattr(real_glyphs, "GLYPHS_A_CLASS", 1)
    book = read_real_glyphs([folder]).books["brsk"]
    assert {len(glyphs) for glyphs in book.glyphs.values()} == {1}


@pytest.mark.parametrize("deviation", [0.8, 1.2, 2.0])
def test_softness_is_the_deviation_of_the_blur(deviation):
    disc = cv2.circle(np.zeros((800, 800), np.uint8), (400, 400), 300, 255, -1)
    disc = cv2.resize(disc, (200, 200), interpolation=cv2.INTER_AREA)
    assert edge_softness(cv2.GaussianBlur(disc, (0, 0), deviation)) == pytest.approx(deviation, rel=0.35)


def test_softness_of_no_ink_is_none():
    assert edge_softness(np.zeros((5, 5), np.uint8)) == 0
