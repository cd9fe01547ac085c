"""Readings of held-out books, together."""

import numpy as np
import pytest

from kuzushiji_submit.calibration.held_out import (
    choose_threshold,
    load_readings,
    score_by_book,
    show_table,
    table_of_books,
    write_threshold,
)
from kuzushiji_submit.competition.data_folder import DataFolder
from kuzushiji_submit.competition.scoring import Counts
from kuzushiji_submit.competition.truth import PageTruth, write_truth
from kuzushiji_submit.core.charset import Charset
from kuzushiji_submit.core.errors import CompetitionFileError
from kuzushiji_submit.core.settings import read_settings
from kuzushiji_submit.reading.characters import Alternative, Character
from kuzushiji_submit.reading.journal import Journal
from kuzushiji_submit.reading.load_pipeline import PipelineConfig
from tests.page_readings import page_reading

KA = "U+304B"


def character(place, score, codepoint=KA):
    x = 40 * place
    return Character((x, 0, x + 20, 20), codepoint, score, 1.0, (Alternative(codepoint, score),))


def page(image_id, *scores):
    """A page whose characters are right from a score of 0.5 on, those below beside every box of the truth."""
    boxes = [(40 * place, 0, 40 * place + 20, 20) for place, score in enumerate(scores) if score >= 0.5]
    truth = PageTruth(image_id, (KA,) * len(boxes), np.array(boxes, np.float32).reshape(-1, 4))
    return page_reading(image_id, [character(place, score) for place, score in enumerate(scores)]), truth


def test_a_threshold_between_right_and_wrong_and_every_book_judged_by_the_others():
    pages = [page("a_1", 0.9, 0.4), page("b_1", 0.8, 0.6, 0.3), page("b_2"), page("c_1", 0.2)]
    choice = choose_threshold(pages)
    assert 0.4 < choice.min_score < 0.6
    assert choice.counts == Counts(3, 0, 0)
    # Without b nothing says that 0.6 is right: the middle between 0.9 and 0.4.
    assert choice.by_book == {"a": Counts(1, 0, 0), "b": Counts(1, 0, 1), "c": Counts(0, 0, 0)}
    assert choice.judged == Counts(2, 0, 1)
    assert score_by_book(pages, 0.0) == {"a": Counts(1, 1, 0), "b": Counts(2, 1, 0), "c": Counts(0, 1, 0)}


def test_a_book_that_is_alone_is_judged_by_itself():
    assert choose_threshold([page("a_1", 0.9, 0.4)]).by_book == {"a": Counts(1, 0, 0)}


@pytest.fixture
def data(tmp_path):
    folder = DataFolder(tmp_path / "data")
    folder.train_images.mkdir(parents=True)
    write_truth(folder.train_csv, [page("a_1", 0.9)[1], page("b_1", 0.9)[1]])
    return folder


def journal(path, *pages):
    with Journal(path, {}, Charset((KA,)), resume=False) as stream:
        for reading, _ in pages:
            stream.add(reading)
    return path


def test_journals_of_several_runs_are_one(data, tmp_path):
    first = journal(tmp_path / "1.jsonl", page("a_1", 0.9))
    second = journal(tmp_path / "2.jsonl", page("a_1", 0.6, 0.7), page("b_1", 0.8), page("other_1", 0.8))
    found = load_readings([first, second], data)
    assert [(reading.image_id, truth.image_id, len(reading)) for reading, truth in found] == [
        ("a_1", "a_1", 1),
        ("b_1", "b_1", 1),
    ]
    assert len(load_readings([second, first], data)[0][0]) == 2


def test_journals_without_such_a_page_are_named(data, tmp_path):
    with pytest.raises(CompetitionFileError, match=r"none\.jsonl: no readings"):
        load_readings([tmp_path / "none.jsonl"], data)
    with pytest.raises(CompetitionFileError, match="no annotated page"):
        load_readings([journal(tmp_path / "1.jsonl", page("other_1", 0.9))], data)


def test_a_threshold_is_settings_for_predict(tmp_path):
    choice = choose_threshold([page("a_1", 0.9, 0.4)])
    write_threshold(tmp_path / "calibration.toml", choice, "1 page of a")
    config = read_settings(PipelineConfig(), str(tmp_path / "calibration.toml"))
    assert config == PipelineConfig(min_score=choice.min_score)


def test_a_table_of_books_says_what_is_missing():
    table = table_of_books({"before": {"a": Counts(1, 1, 0)}, "now": {"a": Counts(1, 0, 0), "bb": Counts(0, 1, 1)}})
    assert [line.split() for line in show_table(table).splitlines()] == [
        ["book", "before", "now"],
        ["a", "0.6667", "1.0000"],
        ["bb", "-", "0.0000"],
        ["all", "0.6667", "0.5000"],
    ]
    assert show_table(table_of_books({"now": {}})).splitlines()[-1].split() == ["all", "0.0000"]
    assert show_table(table_of_books({})).split() == ["book", "all"]
