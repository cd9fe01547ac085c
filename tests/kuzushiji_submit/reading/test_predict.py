"""The run around the pipeline: order, resuming, pages that cannot be read."""

import json

import pytest

from kuzushiji_submit.competition.submission import read_submission, settings_path
from kuzushiji_submit.core.errors import CompetitionFileError, OutputError, PageReadError
from kuzushiji_submit.core.time_budget import TimeBudget
from kuzushiji_submit.reading.journal import journal_path
from kuzushiji_submit.reading.predict import PredictJob, predict
from kuzushiji_submit.report.character_index import CharacterIndex


def counts(path):
    return {page.image_id: len(page) for page in read_submission(path)}


def test_every_image_without_a_sample(pages, tmp_path, pipeline, weights):
    job = PredictJob(pages, tmp_path / "out" / "s.csv", characters=tmp_path / "c.jsonl")
    result = predict(job, pipeline, weights)
    assert counts(job.out) == {"b_1": 12, "b_2": 0, "b_3": 6}
    assert (result.pages, result.characters, result.failures) == (3, 18, {})
    index = CharacterIndex.scan(job.characters)
    assert {name: len(index.read(name)) for name in index.offsets} == {
        "b_1": 12,
        "b_3": 6,
    }
    settings = json.loads(settings_path(job.out).read_text())
    assert settings["pipeline"]["batch_size"] == pipeline.config.batch_size
    assert len(settings["recognizer_weights"]["sha256"]) == 64
    assert not journal_path(job.out).exists()


@pytest.mark.parametrize(("batch_pages", "workers"), [(1, 1), (2, 1), (9, 3)])
def test_batches_and_threads_change_nothing(pages, tmp_path, pipeline, weights, batch_pages, workers):
    plain = PredictJob(pages, tmp_path / "plain.csv")
    other = PredictJob(pages, tmp_path / "other.csv", batch_pages=batch_pages, workers=workers)
    predict(plain, pipeline, weights)
    predict(other, pipeline, weights)
    assert other.out.read_text() == plain.out.read_text()


def test_rows_follow_the_sample_and_bad_pages_get_empty_rows(pages, tmp_path, pipeline, weights):
    whole = (pages / "b_1.jpg").read_bytes()
    (pages / "b_1.jpg").write_bytes(whole[:2000])
    job = PredictJob(pages, tmp_path / "s.csv", sample_ids=["none", "b_3", "b_1"])
    result = predict(job, pipeline, weights)
    assert list(counts(job.out).items()) == [("none", 0), ("b_3", 6), ("b_1", 0)]
    assert sorted(result.failures) == ["b_1", "none"]
    assert "cannot be decoded" in result.failures["b_1"]
    # The pages that were read are kept: once the image is mended only the failed ones are read again.
    (pages / "b_1.jpg").write_bytes(whole)
    again = predict(PredictJob(pages, job.out, sample_ids=job.sample_ids, resume=True), pipeline, weights)
    assert list(counts(job.out).items()) == [("none", 0), ("b_3", 6), ("b_1", 12)]
    assert list(again.failures) == ["none"]


def test_a_killed_run_goes_on_where_it_was(pages, tmp_path, pipeline, weights, monkeypatch):
    whole = PredictJob(pages, tmp_path / "whole.csv")
    predict(whole, pipeline, weights)
    job = PredictJob(pages, tmp_path / "killed.csv")
    recognized = []
    recognize = type(pipeline).recognize

    def dies_on_the_third(self, detected):
        recognized.extend(page.image_id for page in detected)
        if len(recognized) == 3:
            raise KeyboardInterrupt
        return recognize(self, detected)

    monkeypatch.setattr(type(pipeline), "recognize", dies_on_the_third)
    with pytest.raises(KeyboardInterrupt):
        predict(job, pipeline, weights)
    assert not job.out.exists()
    with pytest.raises(OutputError, match="an unfinished run is there"):
        predict(job, pipeline, weights)
    recognized.clear()
    predict(PredictJob(pages, job.out, resume=True), pipeline, weights)
    assert recognized == ["b_3"]
    assert job.out.read_text() == whole.out.read_text()


@pytest.mark.parametrize("workers", [1, 3])
def test_when_time_is_up_the_rest_is_left_for_later(pages, tmp_path, pipeline, weights, workers):
    whole = PredictJob(pages, tmp_path / "whole.csv")
    predict(whole, pipeline, weights)
    job = PredictJob(pages, tmp_path / "s.csv", workers=workers, time_budget=TimeBudget(1e-9))
    result = predict(job, pipeline, weights)
    # However little time there is, a page is read, or a resumed run would never end.
    assert (result.pages, result.unread, result.failures) == (3, 2, {})
    assert counts(job.out) == {"b_1": 12, "b_2": 0, "b_3": 0}
    assert json.loads(settings_path(job.out).read_text())["unread"] == 2
    assert journal_path(job.out).exists()
    second = predict(PredictJob(pages, job.out, resume=True, time_budget=TimeBudget(600)), pipeline, weights)
    assert second.unread == 0
    assert job.out.read_text() == whole.out.read_text()
    assert not journal_path(job.out).exists()


def test_time_that_is_up_with_the_last_page_cuts_nothing(pages, tmp_path, pipeline, weights):
    job = PredictJob(pages, tmp_path / "s.csv", sample_ids=["b_3"], time_budget=TimeBudget(1e-9))
    assert predict(job, pipeline, weights).unread == 0
    assert not journal_path(job.out).exists()


def test_a_page_nobody_foresaw_is_a_failure_of_that_page(pages, tmp_path, pipeline, weights, monkeypatch):
    cut = type(pipeline).cut

    def breaks(self, image_id, stages):
        if image_id == "b_2":
            raise ZeroDivisionError("odd page")
        return cut(self, image_id, stages)

    monkeypatch.setattr(type(pipeline), "cut", breaks)
    result = predict(PredictJob(pages, tmp_path / "s.csv"), pipeline, weights)
    assert list(result.failures) == ["b_2"]
    assert "ZeroDivisionError: odd page" in result.failures["b_2"]
    assert result.characters == 18


def test_shards_are_disjoint_and_whole(pages, tmp_path, pipeline, weights):
    rows = {}
    for index in (1, 2):
        job = PredictJob(pages, tmp_path / f"{index}.csv", shard=(index, 2))
        predict(job, pipeline, weights)
        rows[index] = counts(job.out)
    assert rows == {1: {"b_1": 12, "b_3": 6}, 2: {"b_2": 0}}


def test_an_empty_folder_is_named(tmp_path, pipeline, weights):
    with pytest.raises(CompetitionFileError, match="no such folder"):
        predict(PredictJob(tmp_path / "none", tmp_path / "s.csv"), pipeline, weights)
    (tmp_path / "empty").mkdir()
    with pytest.raises(PageReadError, match="holds no page image"):
        predict(PredictJob(tmp_path / "empty", tmp_path / "s.csv"), pipeline, weights)
