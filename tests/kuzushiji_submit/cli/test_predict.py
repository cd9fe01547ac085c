"""The predict command's choice of a detector."""

import json

import pytest
import torch

from detection.heatmap.network import HeatmapNet, HeatmapNetConfig
from detection.heatmap.weights_file import DetectorMetadata, save_detector
from kuzushiji_submit.cli import main
from kuzushiji_submit.competition.submission import read_submission
from kuzushiji_submit.reading import default_weights

SHAPE = HeatmapNetConfig(widths=(4, 4, 4, 4, 4), depths=(1, 1, 1, 1), pyramid=4)


@pytest.fixture
def detector(tmp_path):
    """Weights of a network that sees one character, as large as the page's middle, wherever it looks."""
    network = HeatmapNet(SHAPE)
    with torch.no_grad():
        network.head[-1].weight.zero_()
        network.head[-1].bias.copy_(torch.tensor([3.0, 1.0, 1.0, 1.0, 1.0]))
    path = tmp_path / "detector.safetensors"
    save_detector(path, network.state_dict(), DetectorMetadata(network=SHAPE))
    return path


@pytest.fixture
def run(pages, tmp_path, weights, monkeypatch):
    """Runs the command where the project has no detector weights of its own; gives exit code and points by page."""
    monkeypatch.setattr(default_weights, "DETECTOR_WEIGHTS", tmp_path / "own" / "detector.safetensors")
    out = tmp_path / "submission.csv"

    def predict(*extra):
        argv = ["predict", "--images", pages, "--out", out, "--recognizer-weights", weights, "--device", "cpu"]
        small = ["--set", "min_score=0", "--set", "heatmap.long_side=256"]
        code = main([*map(str, argv), *small, *map(str, extra)])
        return code, {page.image_id: len(page) for page in read_submission(out)} if out.exists() else None

    return predict


def test_the_heatmap_detector_reads_its_weights(run, detector, tmp_path, capsys):
    expected = (0, {"b_1": 2, "b_2": 2, "b_3": 2})
    assert run("--detector", "heatmap", "--detector-weights", detector, "--debug", tmp_path / "debug") == expected
    captured = capsys.readouterr()
    assert captured.out == f"{tmp_path}/submission.csv: 6 characters on 3 pages\n"
    assert "ink detector" not in captured.err
    assert sorted(path.name for path in (tmp_path / "debug").glob("[!.]*")) == ["b_1.jpg", "b_2.jpg", "b_3.jpg"]
    settings = json.loads((tmp_path / "submission.settings.json").read_text())
    assert settings["detector_weights"][0]["file"] == "detector.safetensors"
    assert len(settings["detector_weights"][0]["sha256"]) == 64
    assert settings["pipeline"]["heatmap"]["long_side"] == 256
    assert run("--detector-weights", detector) == expected


def test_the_projects_own_weights_are_the_default(run, detector, tmp_path, capsys):
    own = tmp_path / "own" / "detector.safetensors"
    own.parent.mkdir()
    own.write_bytes(detector.read_bytes())
    assert run() == (0, {"b_1": 2, "b_2": 2, "b_3": 2})
    assert "ink detector" not in capsys.readouterr().err


def test_context_can_be_given_another_prior_and_turned_off(run, tmp_path, capsys):
    def recorded():
        return json.loads((tmp_path / "submission.settings.json").read_text())["text_prior"]

    assert run()[0] == 0
    assert recorded()["file"] == "prior.safetensors"
    assert run("--prior", tmp_path / "none.safetensors")[0] == 1
    assert "none.safetensors: no text prior: make one" in capsys.readouterr().err
    assert run("--prior", tmp_path / "none.safetensors", "--set", "context.enabled=false")[0] == 0
    assert recorded() is None


def test_a_column_model_reads_with_the_others_and_the_eye_stays_the_eye(run, column_model, tmp_path, capsys):
    def characters(*extra):
        path = tmp_path / "characters.jsonl"
        assert run("--characters", path, *extra)[0] == 0
        recorded = json.loads((tmp_path / "submission.settings.json").read_text())["column_model"]
        return [json.loads(line) for line in path.read_text().splitlines()], recorded

    def eyes(read):
        return [{other["codepoint"]: other["score"] for other in character["eye"]} for character in read]

    without, recorded = characters("--set", "column.enabled=false", "--column", column_model)
    assert recorded is None
    read, recorded = characters("--column", column_model)
    assert recorded["file"] == "column.safetensors"
    assert [character["box"] for character in read] == [character["box"] for character in without]
    assert eyes(read) == eyes(without)
    assert [character["alternatives"] for character in read] != [character["alternatives"] for character in without]
    alone, _ = characters("--set", "context.enabled=false", "--column", column_model)
    assert not any("eye" in character for character in alone)
    capsys.readouterr()
    assert run("--column", tmp_path / "none.safetensors")[0] == 1
    assert "none.safetensors: no column model: train one (kuzushiji train column)" in capsys.readouterr().err


def test_without_weights_the_ink_detector_is_used_and_that_is_said(run, tmp_path, capsys):
    assert run() == (0, {"b_1": 12, "b_2": 0, "b_3": 6})
    assert f"{tmp_path}/own/detector.safetensors: no detector weights: the ink detector is used" in (
        capsys.readouterr().err
    )
    assert json.loads((tmp_path / "submission.settings.json").read_text())["detector_weights"] == []
    assert run("--detector", "ink") == (0, {"b_1": 12, "b_2": 0, "b_3": 6})
    assert "no detector weights" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        (["--detector", "heatmap"], "no weights file: train one (kuzushiji train detector)"),
        (["--detector-weights", "none.safetensors"], "none.safetensors: no weights file"),
        (["--detector", "ink", "--detector-weights", "x"], "the ink detector takes no weights"),
        (["--set", "heatmap.decode.method=guess"], "heatmap.decode.method must be 'components' or 'peaks'"),
        (["--set", "heatmap.decode.threshold=2"], "decode needs values"),
        (["--set", "heatmap.scales=[]"], "scales needs at least one size"),
    ],
)
def test_bad_choices_are_one_line_and_exit_code_1(run, capsys, extra, message):
    assert run(*extra) == (1, None)
    captured = capsys.readouterr()
    assert captured.err.startswith("kuzushiji: error: ")
    assert message in captured.err
    assert captured.err.count("\n") == 1


def test_a_sample_says_which_pages_there_are(run, tmp_path, capsys):
    (tmp_path / "sample.csv").write_text("image_id,labels\nb_1,\n")
    assert run("--sample", tmp_path / "sample.csv", "--split-spreads") == (1, None)
    assert "--split-spreads: the rows of --sample say which pages there are" in capsys.readouterr().err


def test_weights_of_something_else_are_refused(run, weights, detector, capsys):
    assert run("--detector-weights", weights) == (1, None)
    assert "weights of a recognizer" in capsys.readouterr().err
    detector.write_bytes(detector.read_bytes()[:-7])
    assert run("--detector-weights", detector) == (1, None)
    assert "not a whole safetensors file" in capsys.readouterr().err
