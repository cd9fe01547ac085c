"""The run around the pipeline: order, resuming, pages that cannot be read."""

import gc
import json
import shutil
import unicodedata
import weakref
import zipfile

import numpy as np
import pytest
from PIL import Image

from detection.detections import Detections
from kuzushiji_submit.competition.submission import find_faults, read_submission, settings_path
from kuzushiji_submit.core.errors import CompetitionFileError, ConfigError, OutputError, PageReadError
from kuzushiji_submit.core.time_budget import TimeBudget
from kuzushiji_submit.reading.book_hand import HandConfig
from kuzushiji_submit.reading.character_index import CharacterIndex
from kuzushiji_submit.reading.journal import Journal, journal_path
from kuzushiji_submit.reading.load_pipeline import PipelineConfig, load_pipeline
from kuzushiji_submit.reading.pipeline import Pipeline
from kuzushiji_submit.reading.predict import PredictJob, predict
from kuzushiji_submit.reading.view_config import ViewConfig

MADE_BY = {"made_by": "a test"}


def counts(path):
    return {page.image_id: len(page) for page in read_submission(path)}


def test_every_image_without_a_sample(pages, tmp_path, pipeline):
    job = PredictJob(pages, tmp_path / "out" / "s.csv", characters=tmp_path / "c.jsonl")
    result = predict(job, pipeline, MADE_BY)
    assert counts(job.out) == {"b_1": 12, "b_2": 0, "b_3": 6}
    assert (result.pages, result.characters, result.failures) == (3, 18, {})
    index = CharacterIndex.scan(job.characters)
    assert {name: len(index.read(name)) for name in index.stretches} == {
        "b_1": 12,
        "b_3": 6,
    }
    settings = json.loads(settings_path(job.out).read_text())
    assert settings["made_by"] == "a test"
    assert (settings["pages"], settings["shard"]) == (3, [1, 1])
    assert not journal_path(job.out).exists()


@pytest.mark.parametrize(("batch_pages", "workers"), [(1, 1), (2, 1), (9, 3)])
def test_batches_and_threads_change_nothing(pages, tmp_path, pipeline, batch_pages, workers):
    plain = PredictJob(pages, tmp_path / "plain.csv")
    other = PredictJob(pages, tmp_path / "other.csv", batch_pages=batch_pages, workers=workers)
    predict(plain, pipeline, MADE_BY)
    predict(other, pipeline, MADE_BY)
    assert other.out.read_text() == plain.out.read_text()


def test_ids_in_another_form_are_read_and_written_as_the_sample_has_them(pages, tmp_path, pipeline, caplog):
    ids = ["test_images/b_1.jpg", "B_3", "b_9"]
    job = PredictJob(pages, tmp_path / "s.csv", sample_ids=ids, debug=tmp_path / "debug")
    result = predict(job, pipeline, MADE_BY)
    assert list(counts(job.out).items()) == [(ids[0], 12), (ids[1], 6), (ids[2], 0)]
    assert "2 ids are written otherwise than the file: 'test_images/b_1.jpg' is 'b_1' (a folder" in caplog.text
    assert "fetch it (ids are written as the names of its files without ending, such as b_1)" in result.failures["b_9"]
    sheets = (tmp_path / "debug").rglob("[!.]*.jpg")
    assert sorted(str(path.relative_to(tmp_path)) for path in sheets) == [
        "debug/B_3.jpg",
        "debug/test_images/b_1.jpg.jpg",
    ]


def test_pages_in_folders_are_told_apart(pages, tmp_path, pipeline):
    for name, image in (("vol1/001.jpg", "b_1"), ("vol2/001.jpg", "b_3")):
        (pages / name).parent.mkdir()
        (pages / f"{image}.jpg").rename(pages / name)
    job = PredictJob(pages, tmp_path / "s.csv")
    predict(job, pipeline, MADE_BY)
    assert counts(job.out) == {"b_2": 0, "vol1/001": 12, "vol2/001": 6}
    (tmp_path / "list.txt").write_text("pages/vol2/001.jpg\npages/gone.jpg\n")
    job = PredictJob(tmp_path / "list.txt", tmp_path / "t.csv")
    result = predict(job, pipeline, MADE_BY)
    assert counts(job.out) == {"pages/gone": 0, "pages/vol2/001": 6}
    assert "no such file" in result.failures["pages/gone"]


def test_a_list_of_nothing_is_no_image(tmp_path, pipeline):
    (tmp_path / "list.txt").write_text("gone\n")
    with pytest.raises(CompetitionFileError, match="not an image, and no text file that lists any"):
        predict(PredictJob(tmp_path / "list.txt", tmp_path / "s.csv"), pipeline, MADE_BY)


@pytest.fixture
def spread(pages):
    """A scan of an open book: 12 crosses on the right page, 6 on the left one."""
    images = [np.asarray(Image.open(pages / f"{name}.jpg")) for name in ("b_3", "b_1")]
    Image.fromarray(np.hstack(images)).save(pages / "001.png")
    return images[0].shape[1]


def test_a_spread_is_one_row_or_two(pages, tmp_path, pipeline, spread):
    job = PredictJob(pages, tmp_path / "s.csv")
    predict(job, pipeline, MADE_BY)
    whole = {page.image_id: page for page in read_submission(job.out)}
    assert list(whole) == ["001", "b_1", "b_2", "b_3"]
    job = PredictJob(pages, tmp_path / "t.csv", split_spreads=True, workers=2)
    predict(job, pipeline, MADE_BY)
    halves = {page.image_id: page for page in read_submission(job.out)}
    assert {name: len(page) for name, page in halves.items()} == {
        "001_1r": 12, "001_2l": 6, "b_1": 12, "b_2": 0, "b_3": 6,
    }  # fmt: skip
    # In the pixels of the scan, not of the half.
    assert halves["001_1r"].points[:, 0].min() > spread > halves["001_2l"].points[:, 0].max()
    np.testing.assert_allclose(halves["001_1r"].points - [spread, 0], halves["b_1"].points, atol=4)


def test_half_a_spread_that_lies_on_its_head(pages, tmp_path, weights, spread):
    views = ViewConfig(orientation="180")
    turned = load_pipeline(PipelineConfig(page_views=views), [weights], [], "cpu")
    job = PredictJob(pages, tmp_path / "s.csv", split_spreads=True)
    predict(job, turned, MADE_BY)
    halves = {page.image_id: page for page in read_submission(job.out)}
    assert halves["001_1r"].points[:, 0].min() > spread
    assert json.loads(settings_path(job.out).read_text())["views"]["001_1r"] == {"turned": 180, "negative": False}


def test_a_name_of_macos_is_the_samples_name(pages, tmp_path, pipeline):
    composed = "\u304c_1"
    (pages / "b_1.jpg").rename(pages / f"{unicodedata.normalize('NFD', composed)}.jpg")
    job = PredictJob(pages, tmp_path / "s.csv", sample_ids=[composed])
    assert predict(job, pipeline, MADE_BY).failures == {}
    assert counts(job.out) == {composed: 12}


def test_an_archive_of_pages_is_to_be_unpacked(pages, tmp_path, pipeline):
    archive = tmp_path / "pages.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        packed.write(pages / "b_1.jpg", "b_1.jpg")
    for sample_ids in (None, ["b_1"]):
        with pytest.raises(CompetitionFileError, match=r"pages.zip: is an archive: unpack it, as with `unzip"):
            predict(PredictJob(archive, tmp_path / "s.csv", sample_ids=sample_ids), pipeline, MADE_BY)


def test_rows_follow_the_sample_and_bad_pages_get_empty_rows(pages, tmp_path, pipeline):
    whole = (pages / "b_1.jpg").read_bytes()
    (pages / "b_1.jpg").write_bytes(whole[:2000])
    job = PredictJob(pages, tmp_path / "s.csv", sample_ids=["none", "b_3", "b_1"])
    result = predict(job, pipeline, MADE_BY)
    assert list(counts(job.out).items()) == [("none", 0), ("b_3", 6), ("b_1", 0)]
    assert sorted(result.failures) == ["b_1", "none"]
    assert "cannot be decoded" in result.failures["b_1"]
    # The pages that were read are kept: once the image is mended only the failed ones are read again.
    (pages / "b_1.jpg").write_bytes(whole)
    again = predict(PredictJob(pages, job.out, sample_ids=job.sample_ids, resume=True), pipeline, MADE_BY)
    assert list(counts(job.out).items()) == [("none", 0), ("b_3", 6), ("b_1", 12)]
    assert list(again.failures) == ["none"]


def test_a_killed_run_goes_on_where_it_was(pages, tmp_path, pipeline, monkeypatch):
    whole = PredictJob(pages, tmp_path / "whole.csv")
    predict(whole, pipeline, MADE_BY)
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
        predict(job, pipeline, MADE_BY)
    assert not job.out.exists()
    with pytest.raises(OutputError, match="an unfinished run is there"):
        predict(job, pipeline, MADE_BY)
    recognized.clear()
    predict(PredictJob(pages, job.out, resume=True), pipeline, MADE_BY)
    assert recognized == ["b_3"]
    assert job.out.read_text() == whole.out.read_text()


@pytest.mark.parametrize("workers", [1, 3])
def test_when_time_is_up_the_rest_is_left_for_later(pages, tmp_path, pipeline, workers):
    whole = PredictJob(pages, tmp_path / "whole.csv")
    predict(whole, pipeline, MADE_BY)
    job = PredictJob(pages, tmp_path / "s.csv", workers=workers, time_budget=TimeBudget(1e-9))
    result = predict(job, pipeline, MADE_BY)
    # However little time there is, a page is read, or a resumed run would never end.
    assert (result.pages, result.unread, result.failures) == (3, 2, {})
    assert counts(job.out) == {"b_1": 12, "b_2": 0, "b_3": 0}
    assert json.loads(settings_path(job.out).read_text())["unread"] == 2
    assert journal_path(job.out).exists()
    second = predict(PredictJob(pages, job.out, resume=True, time_budget=TimeBudget(600)), pipeline, MADE_BY)
    assert second.unread == 0
    assert job.out.read_text() == whole.out.read_text()
    assert not journal_path(job.out).exists()


def test_time_that_is_up_with_the_last_page_cuts_nothing(pages, tmp_path, pipeline):
    job = PredictJob(pages, tmp_path / "s.csv", sample_ids=["b_3"], time_budget=TimeBudget(1e-9))
    assert predict(job, pipeline, MADE_BY).unread == 0
    assert not journal_path(job.out).exists()


def test_a_page_nobody_foresaw_is_a_failure_of_that_page(pages, tmp_path, pipeline, monkeypatch):
    cut = type(pipeline).cut

    def breaks(self, image_id, page, detections):
        if image_id == "b_2":
            raise ZeroDivisionError("odd page")
        return cut(self, image_id, page, detections)

    monkeypatch.setattr(type(pipeline), "cut", breaks)
    result = predict(PredictJob(pages, tmp_path / "s.csv"), pipeline, MADE_BY)
    assert list(result.failures) == ["b_2"]
    assert "ZeroDivisionError: odd page" in result.failures["b_2"]
    assert result.characters == 18


@pytest.mark.parametrize("batch_pages", [1, 2, 3])
def test_a_page_that_cannot_be_recognized_costs_no_other(pages, tmp_path, pipeline, batch_pages):
    def breaks(reading):
        if reading.image_id == "b_1":
            raise ZeroDivisionError("odd reading")
        return reading

    odd = Pipeline(pipeline.detector, pipeline.recognizer, steps=[breaks])
    result = predict(PredictJob(pages, tmp_path / "s.csv", batch_pages=batch_pages), odd, MADE_BY)
    assert list(result.failures) == ["b_1"]
    assert "ZeroDivisionError: odd reading" in result.failures["b_1"]
    assert counts(tmp_path / "s.csv") == {"b_1": 0, "b_2": 0, "b_3": 6}


def test_shards_are_disjoint_and_whole(pages, tmp_path, pipeline):
    rows = {}
    for index in (1, 2):
        job = PredictJob(pages, tmp_path / f"{index}.csv", shard=(index, 2))
        predict(job, pipeline, MADE_BY)
        rows[index] = counts(job.out)
    assert rows == {1: {"b_1": 12, "b_3": 6}, 2: {"b_2": 0}}


def test_an_empty_folder_is_named(tmp_path, pipeline):
    with pytest.raises(CompetitionFileError, match="no such folder"):
        predict(PredictJob(tmp_path / "none", tmp_path / "s.csv"), pipeline, MADE_BY)
    (tmp_path / "empty").mkdir()
    with pytest.raises(PageReadError, match="holds no page image"):
        predict(PredictJob(tmp_path / "empty", tmp_path / "s.csv"), pipeline, MADE_BY)


@pytest.mark.parametrize(
    ("targets", "message"),
    [
        ({"out": "folder"}, r"--out .*folder: is a folder: name a file, such as .*folder/submission.csv"),
        ({"out": "file/s.csv"}, r"--out: .*/file is a file, not a folder"),
        ({"out": "file/deep/s.csv"}, r"--out: .*/file is a file, not a folder"),
        ({"out": "taken.csv"}, r"the settings beside --out .*taken.settings.json: is a folder"),
        ({"characters": "folder"}, r"--characters .*folder: is a folder: name a file, such as .*characters.jsonl"),
        ({"characters": "file/c.jsonl"}, r"--characters: .*/file is a file"),
        ({"characters": "s.csv"}, r"--characters .*s.csv: is also --out: name another file"),
        ({"characters": "folder/../s.journal.jsonl"}, r"--characters .*: is also the journal beside --out"),
        ({"debug": "file"}, r"--debug: .*/file is a file, not a folder"),
    ],
)
def test_every_target_is_tried_before_the_first_page(tmp_path, pages, targets, message):
    (tmp_path / "folder").mkdir()
    (tmp_path / "taken.settings.json").mkdir()
    (tmp_path / "file").touch()
    paths = {name: tmp_path / target for name, target in {"out": "s.csv", **targets}.items()}
    # Without stages nothing can be read: whoever got as far as a page would fail in another way.
    with pytest.raises(OutputError, match=message):
        predict(PredictJob(pages, **paths), None, MADE_BY)
    left = sorted(path.name for path in tmp_path.iterdir())
    assert left == ["file", "folder", "pages", "taken.settings.json"]


class Nothing:
    """A detector that finds nothing and cannot say why."""

    def detect(self, page):
        return Detections.empty()


def test_a_detector_that_shows_nothing_cannot_be_drawn(pages, tmp_path, pipeline):
    blind = Pipeline(Nothing(), pipeline.recognizer)
    with pytest.raises(ConfigError, match="Nothing has no stages to draw: leave --debug out"):
        predict(PredictJob(pages, tmp_path / "s.csv", debug=tmp_path / "debug"), blind, MADE_BY)
    assert predict(PredictJob(pages, tmp_path / "s.csv"), blind, MADE_BY).characters == 0


def test_no_page_is_kept_in_memory(pages, tmp_path, pipeline):
    alive = weakref.WeakSet()

    def watch(reading):
        gc.collect()
        most.append(len(alive))
        alive.add(reading)
        return reading

    most: list[int] = []
    watched = Pipeline(pipeline.detector, pipeline.recognizer, steps=[watch])
    for number in range(10, 20):
        (pages / f"b_{number}.jpg").write_bytes((pages / "b_3.jpg").read_bytes())
    predict(PredictJob(pages, tmp_path / "s.csv", characters=tmp_path / "c.jsonl"), watched, MADE_BY)
    assert len(most) == 13
    assert max(most) <= 2


@pytest.mark.parametrize("name", ["a,b", 'a"b', "new\nline", "=1+1", "-dash", " lead", "100%", "頁" * 80])
def test_names_of_any_kind_are_read_and_written(pages, tmp_path, pipeline, name):
    (pages / "b_3.jpg").rename(pages / f"{name}.jpg")
    job = PredictJob(pages, tmp_path / "s.csv", characters=tmp_path / "c.jsonl", debug=tmp_path / "debug")
    assert predict(job, pipeline, MADE_BY).failures == {}
    assert counts(job.out) == {"b_1": 12, "b_2": 0, name: 6}
    assert find_faults(job.out, list(counts(job.out))) == []
    assert len(CharacterIndex.scan(job.characters).read(name)) == 6
    assert (tmp_path / "debug" / f"{name}.jpg").is_file()


def test_a_killed_window_of_a_book_is_read_again_as_a_whole(pages, tmp_path, weights, monkeypatch):
    pipeline = load_pipeline(PipelineConfig(min_score=0, hand=HandConfig(pages=2)), [weights], [], "cpu")
    shutil.copy(pages / "b_1.jpg", pages / "c_1.jpg")
    whole = PredictJob(pages, tmp_path / "whole.csv")
    predict(whole, pipeline, MADE_BY)
    job = PredictJob(pages, tmp_path / "killed.csv")
    recognized: list[list[str]] = []
    recognize, add = type(pipeline).recognize, Journal.add

    def notes(self, detected):
        recognized.append([page.image_id for page in detected])
        return recognize(self, detected)

    def dies_on_b_2(self, reading):
        if reading.image_id == "b_2":
            raise KeyboardInterrupt
        add(self, reading)

    monkeypatch.setattr(type(pipeline), "recognize", notes)
    with monkeypatch.context() as patch:
        patch.setattr(Journal, "add", dies_on_b_2)
        with pytest.raises(KeyboardInterrupt):
            predict(job, pipeline, MADE_BY)
    assert recognized == [["b_1", "b_2"]]
    predict(PredictJob(pages, job.out, resume=True), pipeline, MADE_BY)
    assert recognized == [["b_1", "b_2"], ["b_1", "b_2"], ["b_3"], ["c_1"]]
    assert job.out.read_bytes() == whole.out.read_bytes()


def test_shards_take_whole_windows_of_a_book(pages, tmp_path, weights):
    pipeline = load_pipeline(PipelineConfig(min_score=0, hand=HandConfig(pages=2)), [weights], [], "cpu")
    whole, first, second = (tmp_path / f"{name}.csv" for name in ("whole", "first", "second"))
    predict(PredictJob(pages, whole), pipeline, MADE_BY)
    predict(PredictJob(pages, first, shard=(1, 2)), pipeline, MADE_BY)
    predict(PredictJob(pages, second, shard=(2, 2)), pipeline, MADE_BY)
    assert list(counts(first)) == ["b_1", "b_2"]
    assert first.read_text() + second.read_text().partition("\n")[2] == whole.read_text()
