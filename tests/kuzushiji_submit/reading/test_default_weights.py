"""Which weights are used when nobody says so."""

import logging

import pytest

from kuzushiji_submit.core.errors import CompetitionFileError
from kuzushiji_submit.reading import default_weights


@pytest.fixture
def own(tmp_path, monkeypatch):
    """The project's own detector weights, which a test may write or leave missing."""
    path = tmp_path / "own.safetensors"
    monkeypatch.setattr(default_weights, "DETECTOR_WEIGHTS", path)
    return path


@pytest.fixture
def given(tmp_path):
    path = tmp_path / "given.safetensors"
    path.touch()
    return path


def test_weights_lie_in_their_packages():
    assert default_weights.DETECTOR_WEIGHTS.parts[-3:] == ("detection", "weights", "detector.safetensors")
    assert default_weights.DENSE_WEIGHTS.parts[-3:] == ("detection", "weights", "dense.safetensors")
    assert default_weights.COLUMN_MODEL.parts[-3:] == ("recognition", "weights", "column.safetensors")
    assert default_weights.RECOGNIZER_WEIGHTS.parts[-3:] == ("recognition", "weights", "recognizer.safetensors")


def test_recognizer_weights(given, tmp_path):
    assert default_weights.recognizer_weights(given) == given
    with pytest.raises(CompetitionFileError, match=r"none: no weights file: train one \(kuzushiji train recognizer\)"):
        default_weights.recognizer_weights(tmp_path / "none")


def test_all_recognizers_that_come_with_the_project_read_together(given, tmp_path, monkeypatch):
    first = tmp_path / "recognizer.safetensors"
    monkeypatch.setattr(default_weights, "RECOGNIZER_WEIGHTS", first)
    dense = tmp_path / "beside" / "dense.safetensors"
    monkeypatch.setattr(default_weights, "DENSE_WEIGHTS", dense)
    with pytest.raises(CompetitionFileError, match=r"recognizer.safetensors: no weights file"):
        default_weights.all_recognizer_weights(None)
    others = [tmp_path / f"recognizer-{number}.safetensors" for number in (2, 3)]
    strangers = [tmp_path / name for name in ("recognizer-2.onnx", "recognizer-old.safetensors", "x-2.safetensors")]
    for path in (first, *others, *strangers):
        path.touch()
    assert default_weights.all_recognizer_weights(None) == (first, *others)
    assert default_weights.all_recognizer_weights([]) == (first, *others)
    assert default_weights.all_recognizer_weights([given]) == (given,)
    assert default_weights.recognizer_weights(None) == first
    dense.parent.mkdir()
    dense.touch()
    assert default_weights.all_recognizer_weights(None) == (first, *others, dense)
    assert default_weights.all_recognizer_weights([given]) == (given,)
    assert default_weights.all_recognizer_weights([given, dense]) == (given, dense)


def test_a_column_model_need_not_be_there_unless_it_is_named(given, tmp_path, monkeypatch, caplog):
    own = tmp_path / "column.safetensors"
    monkeypatch.setattr(default_weights, "COLUMN_MODEL", own)
    assert default_weights.column_model(None) is None
    assert caplog.text == ""
    own.touch()
    assert default_weights.column_model(None) == own
    assert default_weights.column_model(given) == given
    with pytest.raises(CompetitionFileError, match=r"none: no column model: train one \(kuzushiji train column\)"):
        default_weights.column_model(tmp_path / "none")


@pytest.mark.parametrize("kind", ["heatmap", None])
def test_the_file_given_goes_before_the_projects_own(kind, own, given):
    own.touch()
    assert default_weights.detector_weights(kind, [given]) == (given,)
    assert default_weights.detector_weights(kind, None) == (own,)


def test_without_any_weights_the_ink_detector_stands_in_and_that_is_said(own, caplog):
    with caplog.at_level(logging.WARNING):
        assert default_weights.detector_weights(None, None) == ()
    assert f"{own}: no detector weights: the ink detector is used" in caplog.text


def test_what_was_asked_for_and_is_missing_is_an_error(own, tmp_path):
    for kind, path in (("heatmap", None), ("heatmap", tmp_path / "none"), (None, tmp_path / "none")):
        with pytest.raises(CompetitionFileError, match=r"no weights file: train one \(kuzushiji train detector\)"):
            default_weights.detector_weights(kind, path and [path])


def test_the_ink_detector_takes_no_weights(own, given, caplog):
    own.touch()
    assert default_weights.detector_weights("ink", None) == ()
    assert caplog.text == ""
    with pytest.raises(CompetitionFileError, match="the ink detector takes no weights: choose --detector heatmap"):
        default_weights.detector_weights("ink", [given])
