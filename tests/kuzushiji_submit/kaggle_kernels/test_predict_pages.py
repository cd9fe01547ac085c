"""Shards over GPUs, shards that break, and what is left of them."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from kuzushiji_submit.competition.data_folder import DataFolder
from kuzushiji_submit.competition.submission import read_submission
from kuzushiji_submit.core.charset import Charset
from kuzushiji_submit.core.time_budget import TIME_IS_UP
from kuzushiji_submit.kaggle_kernels.kernel_settings import RunSettings
from kuzushiji_submit.kaggle_kernels.lay_out_data import lay_out_data
from kuzushiji_submit.kaggle_kernels.predict_pages import Readers, predict_pages
from kuzushiji_submit.kaggle_kernels.session import Session
from kuzushiji_submit.reading.characters import Alternative, Character
from kuzushiji_submit.reading.journal import Journal
from tests.kuzushiji_submit.kaggle_kernels.conftest import option, write_shard
from tests.page_readings import page_reading

KA = Character((0, 0, 10, 10), "U+304B", 1.0, 1.0, (Alternative("U+304B", 1.0),))


@pytest.fixture
def data(roots) -> DataFolder:
    return lay_out_data(roots.inputs / "competitions" / "kuzushiji-recognition", roots.scratch, ["test_images"])


@pytest.fixture
def readers(roots) -> Readers:
    return Readers((roots.inputs / "weights" / "recognizer.safetensors",))


@pytest.fixture
def predict(roots, data, readers, pretended):
    """Predicts in a new session; gives how the steps ended."""

    def run(readers: Readers = readers, *, gpus: int = 0, arguments: tuple[str, ...] = (), **settings):
        session = Session("predict", RunSettings(**settings), roots)
        session.gpus = gpus
        session.step("predict", lambda: predict_pages(session, data, readers, arguments))
        return json.loads((roots.working / "kuzushiji_run.json").read_text())["steps"]

    return run


def shard_rows(roots, shard: int) -> dict[str, int]:
    return {page.image_id: len(page) for page in read_submission(roots.working / "shards" / f"{shard}.csv")}


def begin_journal(call: list[str], *pages: str) -> None:
    """Leaves what a killed shard leaves: a journal with these pages."""
    path = Path(option(call, "--out")).with_suffix(".journal.jsonl")
    with Journal(path, {"version": "1"}, Charset((KA.codepoint,)), resume=True) as journal:
        for page in pages:
            if page not in journal:
                journal.add(page_reading(page, [KA]))


def test_every_shard_has_its_gpu_and_its_pages(predict, pretended, roots, data):
    pretended.acts["predict"] = write_shard
    steps = predict(gpus=2, shards=3, arguments=("--set", "min_score=0.2"), report_pages=7)
    assert {name: step["status"] for name, step in steps.items()} == dict.fromkeys(
        ("predict", "merge", "report"), "done"
    )
    calls = pretended.of("predict")
    assert [option(call, "--shard") for call in calls] == ["1/3", "2/3", "3/3"]
    assert [one["CUDA_VISIBLE_DEVICES"] for one in pretended.environments[:3]] == ["0", "1", "0"]
    assert all(call[-2:] == ["--set", "min_score=0.2"] and "--resume" in call for call in calls)
    assert {option(call, "--detector") for call in calls} == {"ink"}
    shards = [str(roots.working / "shards" / f"{shard}.csv") for shard in (1, 2, 3)]
    (merge,) = pretended.of("merge")
    assert merge[1:4] == shards
    assert (roots.working / "characters.jsonl").read_text() == "1\n2\n3\n"
    assert option(pretended.of("report")[0], "--max-pages") == "7"
    assert "--translation" not in pretended.of("report")[0]


def test_without_a_gpu_no_device_is_named(predict, pretended):
    pretended.acts["predict"] = write_shard
    predict()
    assert pretended.environments[:2] == [{}, {}]


def test_everything_there_is_to_read_with_is_used(predict, pretended, readers, tmp_path):
    pretended.acts["predict"] = write_shard
    files = [tmp_path / f"{number}.safetensors" for number in range(6)]
    for path in files:
        path.touch()
    predict()
    assert not {"--prior", "--second-level", "--set"} & set(pretended.of("predict")[0])
    predict(Readers(tuple(files[:2]), tuple(files[2:4]), files[4], files[5], 0.25))
    call = pretended.of("predict")[-1]
    for name, given in (("--recognizer-weights", files[:2]), ("--detector-weights", files[2:4])):
        place = call.index(name)
        assert call[place + 1 : place + 3] == list(map(str, given))
    assert option(call, "--detector") == "heatmap"
    assert (option(call, "--prior"), option(call, "--second-level")) == (str(files[4]), str(files[5]))
    assert option(call, "--set") == "min_score=0.25"


def test_the_time_is_what_is_left_without_the_reserve(predict, pretended):
    pretended.acts["predict"] = write_shard
    predict(time_budget="1h", reserve="20m")
    seconds = float(option(pretended.of("predict")[0], "--time-budget")[:-1])
    assert 2300 < seconds <= 2400
    assert pretended.limits[0] == pytest.approx(seconds + 600, abs=1)


def test_time_that_is_up_is_partial(predict, pretended):
    def stops(call):
        write_shard(call)
        return TIME_IS_UP if option(call, "--shard") == "2/2" else 0

    pretended.acts["predict"] = stops
    steps = predict()
    assert (steps["predict"]["status"], steps["predict"]["message"]) == ("partial", "shard 2: ended with 3")
    assert steps["merge"]["status"] == "done"
    assert len(pretended.of("predict")) == 2


def test_a_shard_that_breaks_off_goes_on_with_its_journal(predict, pretended):
    def breaks_once(call):
        if option(call, "--shard") == "1/2" and len(pretended.of("predict")) <= 2:
            begin_journal(call, "p1")
            return -9
        return write_shard(call)

    pretended.acts["predict"] = breaks_once
    assert predict()["predict"]["status"] == "done"
    last = pretended.of("predict")[-1]
    assert (option(last, "--shard"), "--resume" in last, "--restart" in last) == ("1/2", True, False)


def test_a_journal_that_nothing_goes_on_with_is_forgotten(predict, pretended, roots):
    (roots.working / "shards").mkdir()
    begin_journal(["--out", str(roots.working / "shards" / "1.csv")], "p1")
    pretended.acts["predict"] = lambda call: 1 if "--resume" in call and "1/2" in call else write_shard(call)
    assert predict()["predict"]["status"] == "done"
    last = pretended.of("predict")[-1]
    assert ("--resume" in last, "--restart" in last) == (False, True)


def test_of_a_shard_that_breaks_twice_what_it_read_is_kept(predict, pretended, roots):
    def breaks(call):
        if option(call, "--shard") == "2/2":
            return write_shard(call)
        begin_journal(call, "p1")
        return -9

    pretended.acts["predict"] = breaks
    steps = predict()
    assert (steps["predict"]["status"], steps["merge"]["status"]) == ("partial", "done")
    assert shard_rows(roots, 1) == {"p1": 1, "p3": 0}
    assert shard_rows(roots, 2) == {"p2": 1, "p4": 1}


def test_where_every_shard_breaks_the_step_has_failed_and_the_rows_are_there(predict, pretended, roots):
    pretended.acts["predict"] = lambda _: 1
    pretended.acts["validate"] = lambda _: 1
    steps = predict()
    assert {name: step["status"] for name, step in steps.items()} == {"predict": "failed", "merge": "failed"}
    assert shard_rows(roots, 1) | shard_rows(roots, 2) == dict.fromkeys(("p1", "p2", "p3", "p4"), 0)
    assert not pretended.of("report")


def test_what_was_read_is_not_read_again(predict, pretended):
    pretended.acts["predict"] = write_shard
    predict()
    predict()
    assert len(pretended.of("predict")) == 2


@pytest.mark.parametrize("changed", ["weights", "threshold", "settings", "shards"])
def test_but_with_other_weights_or_settings_it_is(predict, pretended, readers, changed):
    pretended.acts["predict"] = write_shard
    predict()
    if changed == "weights":
        readers.recognizers[0].write_bytes(b"better")
    settings = {
        "settings": {"arguments": ("--batch-pages", "2")},
        "shards": {"shards": 1},
        "threshold": {"readers": replace(readers, min_score=0.4)},
    }.get(changed, {})
    predict(**settings)
    assert len(pretended.of("predict")) == (3 if changed == "shards" else 4)


def test_an_unfinished_shard_goes_on_and_a_finished_one_stays(predict, pretended, roots):
    pretended.acts["predict"] = write_shard
    predict()
    (roots.working / "shards" / "2.settings.json").write_text(json.dumps({"unread": 1, "failures": {}}))
    predict()
    assert [option(call, "--shard") for call in pretended.of("predict")[2:]] == ["2/2"]


def test_a_report_that_lacks_a_page_is_partial_and_none_may_be_asked_for(predict, pretended):
    pretended.acts["predict"] = write_shard
    pretended.acts["report"] = lambda _: 1
    assert predict()["report"]["status"] == "partial"
    assert "report" not in predict(report_pages=0)
