"""`kuzushiji second-level`, and predict with what it made."""

import json
import shutil

import numpy as np
import pytest

from kuzushiji_submit.calibration import read_candidates
from kuzushiji_submit.cli.main import main
from kuzushiji_submit.competition.data_folder import DataFolder
from kuzushiji_submit.competition.submission import read_submission
from kuzushiji_submit.competition.truth import PageTruth, write_truth
from kuzushiji_submit.reading import default_weights
from kuzushiji_submit.reading import load_pipeline as reading
from kuzushiji_submit.reading.second_level.candidate_judge import SecondLevel
from kuzushiji_submit.reading.second_level.second_level_file import load_second_level, save_second_level
from tests.kuzushiji_submit.reading.second_level.test_boosted_trees import stump


@pytest.fixture
def data(tmp_path, draw_page, save_drawn_page):
    """Three books of a page each."""
    folder = DataFolder(tmp_path / "data")
    truths = []
    for image_id in ("a_1", "b_1", "c_1"):
        page, boxes = draw_page(1)
        save_drawn_page(folder.train_images / f"{image_id}.jpg", page)
        truths.append(PageTruth(image_id, ("U+306E",) * len(boxes), np.array(boxes, np.float32)))
    write_truth(folder.train_csv, truths)
    return folder


@pytest.fixture
def learn(data, weights, tmp_path):
    def run(*extra):
        argv = ["second-level", "--data", data.root, "--detector", "ink"]
        argv += [] if "--readers" in extra else ["--recognizer-weights", weights]
        return main([*map(str, [*argv, "--device", "cpu", "--out", tmp_path / "level", *extra])])

    return run


def test_a_file_is_made_and_says_what_it_is_worth(learn, tmp_path, capsys):
    assert learn() == 0
    printed = capsys.readouterr().out
    assert "of 3 books; on books left out F1 " in printed
    level = load_second_level(tmp_path / "level")
    assert set(level.figures) == {"F1 without", "F1 with", "standard error of the gain"}
    assert ("it helps" in printed) is level.active
    assert not list(tmp_path.glob("*.jsonl"))


def test_without_weights_pages_are_read_by_all_recognizers_as_in_predict(data, weights, tmp_path, monkeypatch):
    first = tmp_path / "own" / "recognizer.safetensors"
    first.parent.mkdir()
    own = (first, first.with_name("recognizer-2.safetensors"))
    for path in own:
        shutil.copy(weights, path)
    monkeypatch.setattr(default_weights, "RECOGNIZER_WEIGHTS", first)
    monkeypatch.setattr(default_weights, "DENSE_WEIGHTS", first.with_name("dense.safetensors"))
    load, asked = reading.load_pipeline, []

    def record(config, files, *more):
        asked.append(tuple(files))
        return load(config, files, *more)

    monkeypatch.setattr(reading, "load_pipeline", record)
    argv = ["second-level", "--data", data.root, "--detector", "ink", "--device", "cpu", "--out", tmp_path / "level"]
    assert main(list(map(str, argv))) == 0
    assert asked == [own]


def test_an_interrupted_run_goes_on(learn, tmp_path, monkeypatch, capsys):
    read = []

    def stop_after_two(file):
        if len(read) == 2:
            raise KeyboardInterrupt
        read.append(file.image_id)
        return read_page(file)

    read_page = read_candidates.read_page
    monkeypatch.setattr(read_candidates, "read_page", stop_after_two)
    assert learn() == 130
    monkeypatch.setattr(read_candidates, "read_page", lambda file: read.append(file.image_id) or read_page(file))
    assert learn() == 1
    assert "add --resume" in capsys.readouterr().err
    assert learn("--resume") == 0
    assert read == ["a_1", "b_1", "c_1"]


def test_readers_read_the_books_they_have_not_seen(learn, data, weights, tmp_path, monkeypatch, capsys):
    """Pages that only teach are read, too, and are no books to measure on."""
    other = tmp_path / "other.safetensors"
    other.write_bytes(weights.read_bytes())
    read = []
    load_pipeline = reading.load_pipeline
    monkeypatch.setattr(reading, "load_pipeline", lambda *args: read.append(args[1][0].name) or load_pipeline(*args))
    taught = ["--teach", data.root]
    assert learn("--readers", f"a,b={weights}", f"c={other}", *taught) == 0
    assert read == [weights.name, other.name, weights.name]
    assert "of 3 books" in capsys.readouterr().out
    assert load_second_level(tmp_path / "level").notes == "6 pages of data, data"
    assert learn("--readers", f"a,b={other}", *taught) == 1
    assert "got 2" in capsys.readouterr().err


@pytest.mark.parametrize("reader", ["a", "a=", "=file", "a,,b=file"])
def test_readers_must_say_which_books(learn, reader, capsys):
    with pytest.raises(SystemExit):
        learn("--readers", reader)
    assert "BOOK[,BOOK ...]=FILE" in capsys.readouterr().err


def test_too_few_books_are_named(learn, capsys):
    assert learn("--books", "a") == 1
    assert "3 books or more" in capsys.readouterr().err


def test_an_unreadable_page_stops_nothing_but_is_missed(learn, data, capsys):
    (data.train_images / "c_1.jpg").write_bytes(b"no image")
    assert learn() == 1
    error = capsys.readouterr().err
    assert "c_1.jpg" in error
    assert "got 2" in error


@pytest.fixture
def read(pages, weights, tmp_path):
    def run(*extra):
        out = tmp_path / "submission.csv"
        argv = ["predict", "--images", pages, "--out", out, "--recognizer-weights", weights, "--detector", "ink"]
        assert main([*map(str, [*argv, "--device", "cpu", *extra])]) == 0
        recorded = json.loads((tmp_path / "submission.settings.json").read_text())["second_level"]
        return sum(len(page) for page in read_submission(out)), recorded

    return run


def test_predict_keeps_what_the_second_level_deems_worth_a_row(read, tmp_path, capsys):
    everything, recorded = read("--set", "min_score=0")
    assert everything > 0
    assert recorded is None
    path = tmp_path / "level.safetensors"
    # The stump gives 0.32 or 0.90, so that its own threshold keeps nothing here, and a lower one in the settings all.
    save_second_level(path, SecondLevel(stump(), min_score=0.99, active=True))
    assert read("--second-level", path)[0] == 0
    kept, recorded = read("--second-level", path, "--set", "min_score=0.1")
    assert kept == everything
    assert recorded["file"] == "level.safetensors"
    off = ("--set", "second_level.enabled=false", "--set", "min_score=0")
    assert read("--second-level", path, *off) == (everything, None)
    save_second_level(path, SecondLevel(stump(), min_score=0.99, active=False))
    capsys.readouterr()
    assert read("--second-level", path, "--set", "min_score=0")[0] == everything
    assert "did not help" in capsys.readouterr().err
