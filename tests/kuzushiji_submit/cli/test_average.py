"""Averages from the command line: of weights, of scores, of views."""

import json

import pytest
import torch

from kuzushiji_submit.cli.main import main
from kuzushiji_submit.competition.data_folder import DataFolder
from kuzushiji_submit.core.charset import Charset
from kuzushiji_submit.training_data.prepare_crops import prepare_crops
from recognition.models.kuzu_char_rec import KuzuCharRecConfig
from recognition.models.registry import build_model
from recognition.weights_file import load_weights, read_metadata, save_weights
from recognition.weights_metadata import WeightsMetadata

CODEPOINTS = ("U+306E", "U+306F", "U+4E00")


@pytest.fixture
def files(tmp_path):
    """The weights of two untrained recognizers."""
    paths = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        config = KuzuCharRecConfig(stage_widths=(4, 4, 4))
        paths.append(tmp_path / f"{seed}.safetensors")
        save_weights(paths[-1], build_model(config, 3).state_dict(), WeightsMetadata(config, Charset(CODEPOINTS)))
    return [str(path) for path in paths]


def test_weights_are_averaged_and_measured_again(files, data, tmp_path, capsys):
    metadata = read_metadata(tmp_path / "1.safetensors")
    crops, out = tmp_path / "crops", tmp_path / "out" / "average.safetensors"
    prepare_crops(DataFolder(data), crops, metadata.charset, metadata.crop, metadata.ink)
    assert main(["average", *files, "--out", str(out), "--crops", str(crops)]) == 0
    assert "the average of 2 recognizers; batch normalization measured on" in capsys.readouterr().out
    notes = read_metadata(out).provenance.notes
    assert notes.startswith("average of the weights of 1.safetensors (share 0.5, sha256 ")
    assert notes.endswith(" crops of crops")
    states = [load_weights(tmp_path / name)[0].state_dict() for name in ("1.safetensors", "2.safetensors")]
    found = load_weights(out)[0].state_dict()
    (first, *_), (running, *_) = ([name for name in found if name.endswith(end)] for end in ("weight", "running_mean"))
    torch.testing.assert_close(found[first], (states[0][first] + states[1][first]) / 2, atol=1e-3, rtol=1e-3)
    assert not found[running].equal(states[0][running])
    assert main(["average", *files, "--shares", "3", "1", "--out", str(out), "--overwrite"]) == 0
    assert "1.safetensors (share 0.75, " in read_metadata(out).provenance.notes
    assert main(["average", *files, "--out", str(out)]) == 1
    assert "ask for it to be overwritten" in capsys.readouterr().err


def test_several_weights_read_together_and_the_record_names_them(files, pages, tmp_path):
    out = tmp_path / "submission.csv"
    command = ["predict", "--images", str(pages), "--out", str(out), "--detector", "ink", "--device", "cpu"]
    views = ["--set", "views.shift=0.05", "--set", "views.scales=[0.9]", "--set", "views.thickness=0.5"]
    assert main([*command, "--recognizer-weights", *files, *views, "--set", "min_score=0"]) == 0
    settings = json.loads((tmp_path / "submission.settings.json").read_text())
    assert [each["file"] for each in settings["recognizer_weights"]] == ["1.safetensors", "2.safetensors"]
    assert len({each["sha256"] for each in settings["recognizer_weights"]}) == 2
    assert settings["pipeline"]["views"] == {"shift": 0.05, "scales": [0.9], "thickness": 0.5}
    assert out.read_text().count("U+") >= 12


def test_several_weights_are_calibrated_into_settings(files, data, pages, tmp_path, capsys):
    out, submission = tmp_path / "calibrated.toml", tmp_path / "submission.csv"
    command = ["calibrate", "--data", str(data), "--recognizer-weights", *files, "--detector", "ink"]
    assert main([*command, "--device", "cpu", "--out", str(tmp_path / "c.safetensors")]) == 1
    assert "name a file ending in .toml" in capsys.readouterr().err
    assert main([*command, "--device", "cpu", "--out", str(out)]) == 0
    command = ["predict", "--images", str(pages), "--out", str(submission), "--detector", "ink", "--config", str(out)]
    assert main([*command, "--recognizer-weights", *files, "--device", "cpu"]) == 0
    used = json.loads((tmp_path / "submission.settings.json").read_text())["pipeline"]
    assert f"temperature = {used['temperature']!r}\nmin_score = {used['min_score']!r}\n" in out.read_text()
    assert "1.safetensors sha256:" in out.read_text()


def test_weights_that_do_not_fit_together_are_an_error_in_one_line(files, pages, tmp_path, capsys):
    config = KuzuCharRecConfig(stage_widths=(4, 4, 4))
    other = tmp_path / "other.safetensors"
    save_weights(other, build_model(config, 2).state_dict(), WeightsMetadata(config, Charset(CODEPOINTS[:2])))
    command = ["predict", "--images", str(pages), "--out", str(tmp_path / "s.csv"), "--device", "cpu"]
    assert main([*command, "--recognizer-weights", files[0], str(other)]) == 1
    assert "other.safetensors: does not know the same characters" in capsys.readouterr().err
    assert main(["average", files[0], str(other), "--out", str(tmp_path / "a.safetensors")]) == 1
    assert "has not the charset of" in capsys.readouterr().err
