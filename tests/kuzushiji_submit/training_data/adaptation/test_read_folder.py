"""All pages of a folder into a journal."""

import pytest

from kuzushiji_submit.competition.data_folder import list_images
from kuzushiji_submit.core.time_budget import TimeBudget
from kuzushiji_submit.reading.journal import Journal
from kuzushiji_submit.training_data.adaptation.read_folder import read_folder


@pytest.fixture
def journal(pipeline, tmp_path):
    with Journal(tmp_path / "read.jsonl", {}, pipeline.recognizer.charset, resume=False) as opened:
        yield opened


def test_everything_found_is_kept_however_unsure(pages, pipeline, journal):
    assert read_folder(pipeline.with_min_score(0.99), list_images(pages), journal)
    assert list(journal) == ["b_1", "b_2", "b_3"]
    assert (len(journal["b_1"]) >= 12, len(journal["b_2"])) == (True, 0)


def test_an_unreadable_page_is_named_and_the_others_are_read(pages, pipeline, journal, capsys):
    (pages / "b_2.jpg").write_bytes(b"no image")
    assert read_folder(pipeline, list_images(pages), journal)
    assert list(journal) == ["b_1", "b_3"]
    assert "b_2: " in capsys.readouterr().err


def test_pages_that_were_read_are_not_read_again(pages, pipeline, journal, monkeypatch):
    images = list_images(pages)
    read_folder(pipeline, {"b_1": images["b_1"]}, journal)
    before = journal.path.read_bytes()
    assert read_folder(pipeline, images, journal)
    assert journal.path.read_bytes().startswith(before)
    assert len(journal) == 3


def test_time_that_is_up_is_said(pages, pipeline, journal):
    assert not read_folder(pipeline, list_images(pages), journal, TimeBudget(1e-9))
    assert len(journal) < 3
