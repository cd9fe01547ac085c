"""Every command in the order a person uses them, on a tiny synthetic competition."""

import csv
import io
import json
import subprocess
import sys
import time
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import matplotlib
import numpy as np
import pytest

from kuzushiji_submit.cli import main

FONT = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"  # comes with a declared dependency
LETTERS = [f"U+{ord(letter):04X}" for letter in "ABEGHKMRSX"]

EVERY_BOX = ("--set", "min_score=0")  # two epochs make no recognizer that is sure of anything


def kuzushiji(*argv: object, code: int = 0) -> str:
    """Runs a command inside this process (importing torch anew takes seconds) and gives what it prints."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        returned = main([*map(str, argv)])
    assert returned == code, f"{argv}\n{out.getvalue()}\n{err.getvalue()}"
    return out.getvalue()


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    """A competition of two books of Latin letters, which the one font that is always there can draw."""
    folder = tmp_path_factory.mktemp("whole_way")
    rng = np.random.default_rng(0)
    with (folder / "layout.csv").open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["image_id", "labels"])
        for book in ("100000001", "100000002"):
            for page in range(3):
                boxes = [
                    f"{rng.choice(LETTERS)} {1500 - 260 * column} {400 + 220 * row} 150 150"
                    for column in range(4)
                    for row in range(8)
                ]
                writer.writerow([f"{book}_0000{page}_1", " ".join(boxes)])
    out = folder / "data"
    kuzushiji(
        *("synthesize", "--out", out, "--pages", 6, "--test-pages", 3, "--books", 2, "--seed", 5, "--height", 1000),
        *("--layout", folder / "layout.csv", "--fonts", FONT, "--empty", 0),
    )
    return out


@pytest.fixture(scope="module")
def run(data) -> Path:
    """A trained recognizer."""
    out = data.parent / "run"
    settings = [
        "model=kuzu_char_rec",
        "model.stage_widths=[8, 16, 32]",
        "crop.size=48",
        "epochs=2",
        "split.folds=2",
        "runtime.progress=false",
    ]
    assigned = [part for setting in settings for part in ("--set", setting)]
    text = kuzushiji("train", "recognizer", "--data", data, "--out", out, "--fold", 1, *assigned)
    assert "recognizer.safetensors" in text
    assert "held out: loss " in text
    kuzushiji("train", "recognizer", "--data", data, "--out", out, "--fold", 1, *assigned, code=1)
    kuzushiji("train", "recognizer", "--data", data, "--out", out, "--fold", 1, *assigned, "--resume")
    kuzushiji("lr-find", "recognizer", "--data", data, "--out", out / "lr", "--crops", out / "crops", *assigned)
    assert (out / "lr" / "lr_find.png").stat().st_size > 1000
    return out


def test_the_competition_is_whole(data):
    text = kuzushiji("check", data)
    assert text.splitlines()[-1].startswith("6 train pages, ")
    assert ": 0 errors, " in text.splitlines()[-1]


def test_from_pages_to_report(data, run, tmp_path):
    submission, characters = tmp_path / "submission.csv", tmp_path / "characters.jsonl"
    weights = ("--recognizer-weights", run / "recognizer.safetensors", *EVERY_BOX)
    sample = data / "sample_submission.csv"
    kuzushiji(
        *("predict", "--images", data / "test_images", "--out", submission, "--sample", sample, *weights),
        *("--characters", characters, "--debug", tmp_path / "debug", "--set", "batch_size=64"),
    )
    assert "3 pages, ready to submit" in kuzushiji("validate", submission, "--sample", sample)
    truth = data / "test_truth.csv"
    record = json.loads(kuzushiji("score", "--truth", truth, "--submission", submission, "--json", "--detection-only"))
    # Separate letters on clean columns: whoever breaks the detector, its interfaces or the truth falls under this.
    assert record["pages"] == 3
    assert record["f1"] > 0.5
    kuzushiji(
        "report",
        "--images",
        data / "test_images",
        "--submission",
        submission,
        "--truth",
        truth,
        "--out",
        tmp_path / "r",
    )
    assert (tmp_path / "r" / "index.html").read_text().count(".html") >= 3
    assert len(list((tmp_path / "debug").glob("[!.]*"))) == 3
    assert len(characters.read_text().splitlines()) == record["tp"] + record["fp"]
    shards = []
    for index in (1, 2):
        shards.append(tmp_path / f"{index}.csv")
        kuzushiji(
            *("predict", "--images", data / "test_images", "--out", shards[-1], "--sample", sample, *weights),
            *("--shard", f"{index}/2"),
        )
    kuzushiji("merge", *shards, "--sample", sample, "--out", tmp_path / "merged.csv")
    assert (tmp_path / "merged.csv").read_text() == submission.read_text()


def test_a_killed_prediction_resumes_to_the_same_file(data, run, tmp_path):
    weights = ("--recognizer-weights", run / "recognizer.safetensors", *EVERY_BOX)
    whole, killed = tmp_path / "whole.csv", tmp_path / "killed.csv"
    argv = ["predict", "--images", data / "train_images", *weights]
    kuzushiji(*argv, "--out", whole)
    command = [sys.executable, "-m", "kuzushiji_submit", *map(str, argv), "--out", str(killed)]
    journal = tmp_path / "killed.journal.jsonl"
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        while process.poll() is None and not (journal.exists() and journal.read_bytes().count(b"\n") >= 3):
            time.sleep(0.01)
        process.kill()
    if killed.exists():
        pytest.fail("the run ended before it could be killed")
    read = journal.read_bytes().count(b"\n") - 1
    assert read >= 2
    kuzushiji(*argv, "--out", killed, code=1)
    kuzushiji(*argv, "--out", killed, "--resume")
    assert killed.read_text() == whole.read_text()


def test_a_page_that_cannot_be_read(data, run, tmp_path):
    pages = tmp_path / "pages"
    pages.mkdir()
    first, second = sorted((data / "test_images").iterdir())[:2]
    (pages / first.name).write_bytes(first.read_bytes()[:5000])
    (pages / second.name).write_bytes(second.read_bytes())
    out = tmp_path / "submission.csv"
    text = kuzushiji(
        *("predict", "--images", pages, "--out", out, "--recognizer-weights", run / "recognizer.safetensors"),
        *EVERY_BOX,
        code=1,
    )
    assert "on 2 pages" in text
    rows = list(csv.DictReader(out.read_text().splitlines()))
    assert [row["labels"] == "" for row in rows] == [True, False]
