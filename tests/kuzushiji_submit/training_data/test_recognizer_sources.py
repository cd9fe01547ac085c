"""Settings, charset and sources of a training run."""

import argparse

import pytest

from kuzushiji_submit.cli.training_arguments import add_training_arguments, training_folders
from kuzushiji_submit.competition.data_folder import DataFolder
from kuzushiji_submit.core.errors import CompetitionFileError, ConfigError
from kuzushiji_submit.core.settings import read_settings
from kuzushiji_submit.training_data.recognizer_sources import (
    RecognizerTraining,
    TrainingFolder,
    make_sources,
    read_charset,
)
from recognition.training.config import TrainConfig
from recognition.training.crop_store import NO_CHARACTER


def test_settings_of_the_run_and_of_the_crops_lie_side_by_side():
    settings = read_settings(RecognizerTraining(), overrides=["epochs=3", "crop.size=64", "split.folds=2"])
    assert type(settings.run) is TrainConfig
    assert (settings.run.epochs, settings.run.split.folds, settings.crop.size) == (3, 2, 64)
    with pytest.raises(ConfigError, match="crop size must lie in"):
        read_settings(RecognizerTraining(), overrides=["crop.size=7"])


@pytest.mark.parametrize(
    "lines",
    [
        ["Unicode,char", "U+306F,は", "U+306E,の"],
        ["codepoint,train_count", "U+306F,2", "U+306E,1"],
        ["image_id,labels", "a_1,U+306F 1 1 2 2 U+306E 1 1 2 2 U+306F 4 4 1 1", "a_2,"],
    ],
)
def test_charset_files(write_csv, lines):
    assert read_charset(write_csv("charset.csv", lines)).codepoints == ("U+306E", "U+306F")


def test_charset_file_faults(write_csv, tmp_path):
    with pytest.raises(CompetitionFileError, match="no column"):
        read_charset(write_csv("other.csv", ["a,b", "1,2"]))
    with pytest.raises(CompetitionFileError, match="no such file"):
        read_charset(tmp_path / "none.csv")


@pytest.fixture
def folders(tmp_path, draw_page, save_drawn_page, write_csv):
    """Two data folders of one page each, where one of six crosses is annotated."""
    page, boxes = draw_page(1)
    for name, codepoint in (("one", "U+306E"), ("two", "U+306F")):
        x0, y0, x1, y1 = boxes[0]
        write_csv(f"{name}/train.csv", ["image_id,labels", f"a_1,{codepoint} {x0} {y0} {x1 - x0} {y1 - y0}"])
        save_drawn_page(tmp_path / name / "train_images" / "a_1.jpg", page)
    return [DataFolder(tmp_path / "one"), DataFolder(tmp_path / "two")]


def test_sources_share_one_charset(folders, tmp_path):
    sources = make_sources([TrainingFolder(folder) for folder in folders], tmp_path / "crops", RecognizerTraining())
    assert [source.name for source in sources] == ["one", "two"]
    assert [source.data.class_ids.tolist() for source in sources] == [[0], [1]]
    assert {source.data.charset.codepoints for source in sources} == {("U+306E", "U+306F")}
    with pytest.raises(CompetitionFileError, match="1 classes are nothing to tell apart"):
        make_sources([TrainingFolder(folders[0])], tmp_path / "other", RecognizerTraining())


def test_folders_have_shares_and_parts_of_their_own(folders, tmp_path):
    first = TrainingFolder(folders[0], share=2.5, validate=False, false_alarms=True)
    one, two = make_sources([first, TrainingFolder(folders[1])], tmp_path / "crops", RecognizerTraining())
    assert (one.share, one.validate) == (2.5, False)
    assert one.data.class_ids.tolist() == [0] + [NO_CHARACTER] * 5  # the crosses that the ink detector finds beside it
    assert (two.share, two.validate) == (1, True)


def test_the_command_line_tells_the_folders_apart():
    parser = argparse.ArgumentParser()
    add_training_arguments(parser)
    common = ["--out", "run", "--data", "a", "b"]
    args = parser.parse_args([*common, "--train-only", "c", "--shares", "1", "2", "3", "--false-alarms", "b"])
    found = [(str(one.data.root), one.share, one.validate, one.false_alarms) for one in training_folders(args)]
    assert found == [("a", 1.0, True, False), ("b", 2.0, True, True), ("c", 3.0, False, False)]
    assert [one.share for one in training_folders(parser.parse_args(common))] == [None, None]
    with pytest.raises(ConfigError, match="2 data folders"):
        training_folders(parser.parse_args([*common, "--shares", "1"]))
    with pytest.raises(ConfigError, match="not among the data folders"):
        training_folders(parser.parse_args([*common, "--false-alarms", "z"]))
