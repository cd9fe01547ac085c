import pytest

from kuzushiji_submit.core.errors import CompetitionFileError, ConfigError
from kuzushiji_submit.training_data.column_sources import make_text_sources


@pytest.fixture
def truth(write_csv):
    rows = ["image_id,labels"]
    rows += [f"{page},U+306F 10 90 50 50 U+306E 10 10 50 50" for page in ("a_1", "b_1", "a_2")]
    return write_csv("train.csv", [*rows, "c_1,"])


def test_books_are_told_apart_and_texts_are_none(truth, write_csv):
    text = write_csv("genji.txt", ["いつ（かな）れ"])
    first, second = make_text_sources([truth], [text], [2.0, 1.0], ["b"])
    assert (first.name, first.share, list(first.books)) == ("train.csv", 2.0, ["a", "a"])
    assert first.pages == [["U+306E", "U+306F"]] * 2  # in reading order
    assert (second.name, second.share, second.books) == ("genji.txt", 1.0, None)
    assert second.pages == [["U+3044", "U+3064", "U+308C"]]


def test_without_shares_all_files_count_alike(truth, write_csv):
    sources = make_text_sources([truth], [write_csv("one.txt", ["いつ"]), write_csv("two.txt", ["れ"])])
    assert [source.share for source in sources] == [1.0, 1.0, 1.0]


@pytest.mark.parametrize("shares", [[1.0], [1.0, 1.0, 1.0]])
def test_shares_are_one_a_file(truth, write_csv, shares):
    with pytest.raises(ConfigError, match="numbers for 2 files of text: give one a file"):
        make_text_sources([truth], [write_csv("one.txt", ["いつ"])], shares)


def test_no_file_is_no_text(tmp_path):
    with pytest.raises(ConfigError, match="there is no text to train on"):
        make_text_sources([], [])
    with pytest.raises(CompetitionFileError, match="none"):
        make_text_sources([tmp_path / "none.csv"], [])
