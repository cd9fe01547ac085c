"""The journal of a prediction run."""

import dataclasses

import numpy as np
import pytest

from kuzushiji_submit.core.charset import Charset
from kuzushiji_submit.core.errors import OutputError
from kuzushiji_submit.reading.characters import Alternative, Character, to_records
from kuzushiji_submit.reading.journal import Journal, finished_pages, forget, journal_path
from tests.page_readings import page_reading

SETTINGS = {"version": "1", "name": "筆"}
CHARSET = Charset(("U+306E", "U+306F"))


def page(image_id, count=1):
    alternatives = (Alternative("U+306F", 0.987654321), Alternative("U+306E", 0.0123))
    one = Character((0.04, 1.0, 9.26, 20.0), "U+306F", 0.123456789, 0.5, alternatives)
    return page_reading(image_id, (one,) * count, charset=CHARSET)


@pytest.fixture
def path(tmp_path):
    return journal_path(tmp_path / "deep" / "submission.csv")


def open_journal(path, *, resume, settings=SETTINGS, charset=CHARSET):
    return Journal(path, settings, charset, resume=resume)


def contents(journal):
    """What will be written of each page, and its size and order."""
    return {
        name: (list(to_records(reading)), reading.to_points().points.tolist(), reading.size_hw, reading.order.tolist())
        for name, reading in journal.items()
    }


def begin(path, *pages):
    with open_journal(path, resume=False) as journal:
        for one in pages:
            journal.add(one)
        return contents(journal)


def test_a_resumed_run_holds_exactly_what_the_first_held(path):
    held = begin(path, page("a"), page("b", 0), page("c", 3))
    with open_journal(path, resume=True) as journal:
        assert contents(journal) == held
        assert list(held) == ["a", "b", "c"]
        journal.add(page("d"))
        assert contents(journal)["d"] == contents({"d": page("d").rounded()})["d"]
    with open_journal(path, resume=True) as journal:
        assert list(journal) == ["a", "b", "c", "d"]
        assert len(journal) == 4
        journal.remove()
    assert not path.exists()


def test_arrays_come_back_as_they_were(path):
    begin(path, page("a", 3), page("empty", 0))
    with open_journal(path, resume=True) as journal:
        for reading, expected in ((journal["a"], page("a", 3).rounded()), (journal["empty"], page("empty", 0))):
            for field in dataclasses.fields(reading):
                value, other = getattr(reading, field.name), getattr(expected, field.name)
                np.testing.assert_array_equal(value, other)
                assert getattr(value, "dtype", None) == getattr(other, "dtype", None)
        with pytest.raises(KeyError):
            journal["b"]


def test_what_the_eye_said_and_how_dark_boxes_are_come_back(path):
    plain = dataclasses.replace(page("a", 2), ink_shares=np.array([0.25, 0.123456789], np.float32))
    reading = plain.reread(plain.top_ids[:, ::-1], plain.top_scores)
    begin(path, reading)
    with open_journal(path, resume=True) as journal:
        back = journal["a"]
    np.testing.assert_array_equal(back.eye_ids, plain.top_ids)
    np.testing.assert_array_equal(back.eye_scores, plain.rounded().top_scores)
    np.testing.assert_array_equal(back.ink_shares, np.array([0.25, 0.12346], np.float32))


def test_embeddings_are_not_kept(path):
    reading = dataclasses.replace(page("a", 2), embeddings=np.zeros((2, 8), np.float32))
    with open_journal(path, resume=False) as journal:
        journal.add(reading)
        assert journal["a"].embeddings is None


def test_every_cut_of_the_file_loses_at_most_the_page_in_hand(path):
    begin(path, page("a"), page("b"))
    whole = path.read_bytes()
    ends = [place + 1 for place, byte in enumerate(whole) if byte == ord("\n")]
    for cut in range(len(whole) + 1):
        path.write_bytes(whole[:cut])
        assert sum(1 for _ in finished_pages(path)) == sum(end <= cut for end in ends[1:])
        with open_journal(path, resume=True) as journal:
            finished = sum(end <= cut for end in ends[1:])
            assert len(journal) == finished
            journal.add(page("z"))
        with open_journal(path, resume=True) as journal:
            assert list(journal) == [*"ab"[:finished], "z"]


def test_an_unfinished_run_is_never_overwritten(path):
    begin(path, page("a"))
    before = path.read_bytes()
    with pytest.raises(OutputError, match="an unfinished run is there: add --resume"):
        open_journal(path, resume=False)
    with pytest.raises(OutputError, match="begun with other settings"):
        open_journal(path, resume=True, settings={"version": "2"})
    with pytest.raises(OutputError, match="begun with other settings"):
        open_journal(path, resume=True, charset=Charset(("U+306F", "U+306E")))
    assert path.read_bytes() == before


def test_a_journal_of_an_earlier_version_is_refused(path):
    path.parent.mkdir()
    path.write_text('{"journal": 1, "settings": {"version": "1"}}\n{"image_id": "a", "characters": []}\n')
    with pytest.raises(OutputError, match="another version: give the same, or --restart"):
        open_journal(path, resume=True)
    assert list(finished_pages(path)) == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b'"class_ids": [1]', b'"class_ids": [2]'),
        (b'"class_ids": [1]', b'"class_ids": [-1]'),
        (b'"class_ids": [1]', b'"class_ids": [1, 1]'),
        (b'"order": [0]', b'"order": [1]'),
        (b'"scores"', b'"other"'),
        (b"{", b""),
        (b'"b"', b"\xff"),
    ],
)
def test_a_line_that_is_no_page_ends_the_journal(path, before, after):
    begin(path, page("a"), page("b"), page("c"))
    lines = path.read_bytes().splitlines(keepends=True)
    changed = lines[2].replace(before, after)
    assert changed != lines[2]
    path.write_bytes(b"".join([*lines[:2], changed, lines[3]]))
    assert [one.image_id for one in finished_pages(path)] == ["a"]
    with open_journal(path, resume=True) as journal:
        assert list(journal) == ["a"]


def test_pages_are_read_from_the_file_and_not_kept(path):
    with open_journal(path, resume=False) as journal:
        journal.add(page("a"))
        assert journal["a"] is not journal["a"]
        path.write_bytes(b"")
        with pytest.raises(OutputError, match="was changed during the run"):
            journal["a"]


def test_an_unfinished_run_can_be_forgotten(tmp_path, path):
    submission = path.parent / "submission.csv"
    forget(submission)
    begin(path, page("a"))
    forget(submission)
    assert begin(path) == {}
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot be removed"):
        forget(tmp_path / "file" / "submission.csv")


def test_resuming_nothing_begins_anew(path):
    with open_journal(path, resume=True) as journal:
        assert len(journal) == 0


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot be written"):
        open_journal(tmp_path / "file" / "journal.jsonl", resume=False)
