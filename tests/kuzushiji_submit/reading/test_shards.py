"""Pages in shards, in processes and on Ray: the same submission, whoever is killed."""

import importlib.util
import os
import signal
from functools import partial
from pathlib import Path

import pytest

from kuzushiji_submit.competition.data_folder import list_images
from kuzushiji_submit.competition.page_images import PageImages
from kuzushiji_submit.core.time_budget import TimeBudget
from kuzushiji_submit.reading.character_index import CharacterIndex
from kuzushiji_submit.reading.journal import journal_path
from kuzushiji_submit.reading.load_pipeline import PipelineConfig, load_in_worker
from kuzushiji_submit.reading.page_reader import PageFailure
from kuzushiji_submit.reading.pipeline import Pipeline
from kuzushiji_submit.reading.predict import PredictJob, predict
from kuzushiji_submit.reading.shards import Shard, ShardedReader, ShardReader

MADE_BY = {"made_by": "a test"}
PROCESSES = pytest.param("processes", marks=pytest.mark.slow)
RAY = pytest.param(
    "ray",
    marks=[
        pytest.mark.slow,
        pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="ray is not installed"),
        # What Ray leaves open in this process is its own.
        pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::FutureWarning", "ignore::DeprecationWarning"),
    ],
)


def load(weights: Path) -> Pipeline:
    """The pipeline of the test, in any process."""
    return load_in_worker(PipelineConfig(), [weights], [], "cpu", threads=1)


class DeadlyPipeline(Pipeline):
    """Dies as a process does that the system kills for its memory, on the second page, so often."""

    deaths: Path
    most: int

    def prepare(self, pixels):
        """As a pipeline, but for the page of 12 crosses of the second shard."""
        if pixels.shape[0] == DEADLY_HEIGHT:
            died = len(list(self.deaths.iterdir()))
            if died < self.most:
                (self.deaths / f"{died}_{os.getpid()}").touch()
                os.kill(os.getpid(), signal.SIGKILL)
        return super().prepare(pixels)


DEADLY_HEIGHT = 905


def load_deadly(weights: Path, deaths: Path, most: int) -> Pipeline:
    """A pipeline that kills its process."""
    whole = load(weights)
    deadly = DeadlyPipeline(whole.detector, whole.recognizer)
    deadly.deaths, deadly.most = deaths, most
    return deadly


@pytest.fixture
def many(tmp_path, draw_page, save_drawn_page):
    """A folder of seven pages, of which the fourth is a little higher."""
    folder = tmp_path / "many"
    for number in range(7):
        page = draw_page(number % 3 + 1, seed=number)[0]
        if number == 3:
            page = page.repeat([*[1] * (len(page) - 1), 1 + DEADLY_HEIGHT - len(page)], axis=0)
        save_drawn_page(folder / f"b_{number}.jpg", page)
    return folder


def read_all(folder, out, weights, **options):
    job = PredictJob(folder, out / "s.csv", characters=out / "c.jsonl", **options)
    return job, predict(job, load(weights), MADE_BY, options.pop("load", None) or partial(load, weights))


def files_of(job):
    return job.out.read_bytes(), job.characters.read_bytes()


@pytest.mark.parametrize("engine", [PROCESSES, RAY])
@pytest.mark.parametrize("shard_pages", [1, 3])
def test_other_engines_change_nothing(many, tmp_path, weights, engine, shard_pages):
    local, _ = read_all(many, tmp_path / "local", weights)
    other, result = read_all(many, tmp_path / "other", weights, engine=engine, workers=2, shard_pages=shard_pages)
    assert (result.pages, result.failures) == (7, {})
    assert files_of(other) == files_of(local)


@pytest.mark.parametrize("engine", [PROCESSES, RAY])
def test_a_killed_worker_costs_nothing(many, tmp_path, weights, engine):
    local, _ = read_all(many, tmp_path / "local", weights)
    deaths = tmp_path / "deaths"
    deaths.mkdir()
    job = PredictJob(many, tmp_path / "s.csv", characters=tmp_path / "c.jsonl", engine=engine, workers=2, shard_pages=2)
    result = predict(job, load(weights), MADE_BY, partial(load_deadly, weights, deaths, 1))
    assert len(list(deaths.iterdir())) == 1
    assert result.failures == {}
    assert files_of(job) == files_of(local)
    assert not journal_path(job.out).exists()


@pytest.mark.parametrize("engine", [PROCESSES, RAY])
def test_a_page_that_kills_every_worker_costs_itself_alone(many, tmp_path, weights, engine):
    local, _ = read_all(many, tmp_path / "local", weights)
    deaths = tmp_path / "deaths"
    deaths.mkdir()
    job = PredictJob(many, tmp_path / "s.csv", characters=tmp_path / "c.jsonl", engine=engine, workers=2, shard_pages=2)
    result = predict(job, load(weights), MADE_BY, partial(load_deadly, weights, deaths, 99))
    assert list(result.failures) == ["b_3"]
    assert "its process died" in result.failures["b_3"]
    read, whole = (CharacterIndex.scan(path) for path in (job.characters, local.characters))
    assert list(read.stretches) == [name for name in whole.stretches if name != "b_3"]
    # It is mended, and nothing else is read again.
    seen = tmp_path / "seen"
    seen.mkdir()
    again = PredictJob(many, job.out, characters=job.characters, engine=engine, workers=2, resume=True)
    assert predict(again, load(weights), MADE_BY, partial(load_deadly, weights, seen, 0)).failures == {}
    assert files_of(again) == files_of(local)


def test_a_shard_knows_its_pages_and_why_others_have_no_image(many):
    images = PageImages(["b_1", "none"], list_images(many), many)
    shard = Shard.of(["b_1", "none"], images)
    assert shard.get("b_1") == images["b_1"]
    assert shard.get("none") is None
    assert "fetch it" in shard.why_missing("none")
    assert shard.image_id == "b_1 ... none"
    singles = list(shard.single_pages())
    assert [single.image_ids for single in singles] == [("b_1",), ("none",)]
    assert [single.image_id for single in singles] == ["b_1", "none"]
    assert singles[1].why_missing("none") == shard.why_missing("none")


@pytest.mark.parametrize(
    ("shard_pages", "image_ids", "expected"),
    [(1, [], []), (5, [], []), (1, ["b_1"], ["b_1"]), (2, ["none", "b_0", "b_2"], ["none", "b_0", "b_2"])],
)
def test_pages_come_in_their_order(many, weights, shard_pages, image_ids, expected):
    images = PageImages(image_ids, list_images(many), many)
    reader = ShardedReader(ShardReader(partial(load, weights)), images, "serial", shard_pages)
    read = list(reader.read(image_ids))
    assert [done.image_id for done in read] == expected
    assert [done.image_id for done in read if isinstance(done, PageFailure)] == [i for i in expected if i == "none"]


def test_when_time_is_up_no_further_shard_is_read(many, weights):
    images = PageImages([f"b_{number}" for number in range(7)], list_images(many), many)
    budget = TimeBudget(1e-9)
    reader = ShardedReader(ShardReader(partial(load, weights)), images, "serial", 2, time_budget=budget)
    assert [done.image_id for done in reader.read(list(images))] == ["b_0", "b_1"]


def test_other_engines_need_a_way_to_load(many, tmp_path, weights):
    job = PredictJob(many, tmp_path / "s.csv", engine="processes")
    with pytest.raises(ValueError, match="needs a function that loads"):
        predict(job, load(weights), MADE_BY)
