"""The journal of a prediction run."""

import pytest

from kuzushiji_submit.core.errors import OutputError
from kuzushiji_submit.reading.characters import Alternative, Character, PageCharacters
from kuzushiji_submit.reading.journal import Journal, forget, journal_path

SETTINGS = {"version": "1", "name": "筆"}


def page(image_id, count=1):
    one = Character((0.04, 1.0, 9.26, 20.0), "U+306F", 0.123456789, 0.5, (Alternative("U+306F", 0.987654321),))
    return PageCharacters(image_id, (one,) * count)


@pytest.fixture
def path(tmp_path):
    return journal_path(tmp_path / "deep" / "submission.csv")


def begin(path, *pages):
    with Journal(path, SETTINGS, resume=False) as journal:
        for one in pages:
            journal.add(one)
        return dict(journal.pages)


def test_a_resumed_run_holds_exactly_what_the_first_held(path):
    held = begin(path, page("a"), page("b", 0), page("c", 3))
    with Journal(path, SETTINGS, resume=True) as journal:
        assert journal.pages == held
        assert list(held) == ["a", "b", "c"]
        journal.add(page("d"))
    with Journal(path, SETTINGS, resume=True) as journal:
        assert list(journal.pages) == ["a", "b", "c", "d"]
        journal.remove()
    assert not path.exists()


def test_every_cut_of_the_file_loses_at_most_the_page_in_hand(path):
    begin(path, page("a"), page("b"))
    whole = path.read_bytes()
    ends = [place + 1 for place, byte in enumerate(whole) if byte == ord("\n")]
    for cut in range(len(whole) + 1):
        path.write_bytes(whole[:cut])
        with Journal(path, SETTINGS, resume=True) as journal:
            finished = sum(end <= cut for end in ends[1:])
            assert len(journal.pages) == finished
            journal.add(page("z"))
        with Journal(path, SETTINGS, resume=True) as journal:
            assert list(journal.pages) == [*"ab"[:finished], "z"]


def test_an_unfinished_run_is_never_overwritten(path):
    begin(path, page("a"))
    before = path.read_bytes()
    with pytest.raises(OutputError, match="an unfinished run is there: add --resume"):
        Journal(path, SETTINGS, resume=False)
    with pytest.raises(OutputError, match="begun with other settings"):
        Journal(path, {"version": "2"}, resume=True)
    assert path.read_bytes() == before


def test_an_unfinished_run_can_be_forgotten(tmp_path, path):
    submission = path.parent / "submission.csv"
    forget(submission)
    begin(path, page("a"))
    forget(submission)
    assert begin(path).keys() == set()
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot be removed"):
        forget(tmp_path / "file" / "submission.csv")


def test_resuming_nothing_begins_anew(path):
    with Journal(path, SETTINGS, resume=True) as journal:
        assert journal.pages == {}


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot be written"):
        Journal(tmp_path / "file" / "journal.jsonl", SETTINGS, resume=False)
