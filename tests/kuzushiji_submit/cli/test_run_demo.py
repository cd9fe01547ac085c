"""The embedded sample and the demo on it."""

import json

import pytest

from kuzushiji_submit.cli import main
from kuzushiji_submit.cli.run_demo import SAMPLE, SAMPLE_TRUTH, run_demo
from kuzushiji_submit.competition.check import check_data
from kuzushiji_submit.competition.submission import settings_path
from kuzushiji_submit.competition.truth import read_truth
from kuzushiji_submit.core.errors import CompetitionFileError
from kuzushiji_submit.reading.default_weights import RECOGNIZER_WEIGHTS, recognizer_weights
from recognition.weights_file import read_metadata


def test_the_sample_is_a_whole_competition():
    assert check_data(SAMPLE).problems == ()
    assert sum(map(len, read_truth(SAMPLE_TRUTH))) > 400


def test_the_shipped_weights_know_the_real_charset():
    metadata = read_metadata(RECOGNIZER_WEIGHTS)
    assert len(metadata.charset) == 4212
    assert metadata.provenance.license == "CC-BY-SA-4.0"
    assert "10.20676/00000340" in metadata.provenance.attribution


def test_the_demo_twice(tmp_path, capsys):
    result = run_demo(tmp_path / "demo", "cpu")
    # Far above chance, far below what was measured: this falls when detector, crops and weights no longer fit together.
    assert result.counts.f1 > 0.3
    assert result.detection.f1 > 0.6
    assert result.counts.tp + result.counts.fn == sum(map(len, read_truth(SAMPLE_TRUTH)))
    assert json.loads(settings_path(result.submission).read_text())["pages"] == 4
    assert main(["demo", "--out", str(tmp_path / "demo"), "--device", "cpu"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-3].startswith(f"F1          {result.counts.f1:.4f} ")
    assert lines[-2] == f"submission  {result.submission}"
    assert lines[-1].startswith(f"report      {result.report}")


def test_missing_weights_are_named(tmp_path):
    with pytest.raises(CompetitionFileError, match=r"none\.safetensors: no weights file: train one"):
        recognizer_weights(tmp_path / "none.safetensors")
