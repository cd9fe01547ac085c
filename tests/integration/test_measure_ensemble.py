"""Several readers measured on books that they have not seen: the embedded sample stands in for these."""

import re
import shutil
import sys
from pathlib import Path

import pytest

import kuzushiji_submit
from kuzushiji_submit.competition.truth import read_repaired_truth, write_truth
from kuzushiji_submit.core.errors import WeightsError
from kuzushiji_submit.reading.default_weights import all_recognizer_weights, text_prior
from recognition.weights_file import read_metadata
from tests.kuzushiji_submit.conftest import write_column_model
from tests.load_module import load_script

SAMPLE = Path(kuzushiji_submit.__file__).parent / "sample"
PAGE = "918680001_00004_2"


@pytest.fixture
def folder(tmp_path):
    """One page of the sample."""
    truth = [page for page in read_repaired_truth(SAMPLE / "test_truth.csv") if page.image_id == PAGE]
    (tmp_path / "train_images").mkdir()
    shutil.copy(SAMPLE / "test_images" / f"{PAGE}.jpg", tmp_path / "train_images")
    write_truth(tmp_path / "train.csv", truth)
    return tmp_path, len(truth[0])


def run(monkeypatch, folder, *more):
    script = load_script("measure_ensemble")
    argv = ["measure_ensemble.py", "--real", str(folder), "--complete", str(folder / "train.csv"), *more]
    monkeypatch.setattr(sys, "argv", argv)
    return script.main()


def test_boxes_and_whole_pages(folder, monkeypatch, capsys):
    data, count = folder
    weights = [str(path) for path in all_recognizer_weights(None)]
    assert run(monkeypatch, data, "--groups", "918680001", "--recognizer-weights", *weights) == 0
    out = capsys.readouterr().out
    for name in ("all", "complete pages", "no real crop", "918680001"):
        found = re.search(rf"^{name} +(\d+) boxes  top-1 (\S+)  top-5 (\S+)$", out, re.MULTILINE)
        assert found, out
        assert int(found[1]) == count
        assert 0.5 < float(found[2]) <= float(found[3]) <= 1
    ways = re.findall(r"^(by itself|book's pages) +1 pages  F1 (\S+) from (\S+) on", out, re.MULTILINE)
    assert [way for way, _, _ in ways] == ["by itself", "book's pages"]  # no prior, so nothing with the text
    assert all(0.5 < float(f1) <= 1 and 0 <= float(least) <= 1 for _, f1, least in ways)


def test_a_column_model_is_measured_alone_and_with_the_text(folder, tmp_path, monkeypatch, capsys):
    data, _ = folder
    weights = all_recognizer_weights(None)[0]
    column = write_column_model(tmp_path, read_metadata(weights).charset.codepoints)
    files = ["--prior", str(text_prior(None)), "--column", str(column)]
    assert run(monkeypatch, data, "--groups", "918680001", "--recognizer-weights", str(weights), *files) == 0
    ways = re.findall(r"^(.+?) +1 pages  F1 (.+), [\d.]+ of everything", capsys.readouterr().out, re.MULTILINE)
    assert [way for way, _ in ways] == list(load_script("measure_ensemble").WAYS)
    by_way = dict(ways)
    assert by_way["column model"] != by_way["by itself"]
    assert by_way["text, column"] != by_way["the text"]


def test_missing_weights_are_named(folder, monkeypatch, tmp_path):
    with pytest.raises(WeightsError, match=r"918680001\.safetensors: no such weights file"):
        run(
            monkeypatch,
            folder[0],
            "--groups",
            "918680001",
            "--recognizer-weights",
            str(tmp_path / "{group}.safetensors"),
        )
