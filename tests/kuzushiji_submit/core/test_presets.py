"""Settings by name."""

import pytest

from detection.training.config import HeatmapTraining
from detection.training.dense_config import DenseTraining
from kuzushiji_submit.core.errors import ConfigError
from kuzushiji_submit.core.presets import PRESETS, merge, preset_names, read_preset
from kuzushiji_submit.core.settings import read_settings, to_plain
from kuzushiji_submit.core.weights_record import read_record
from kuzushiji_submit.reading.default_weights import DETECTOR_WEIGHTS, RECOGNIZER_WEIGHTS
from kuzushiji_submit.training_data.adaptation.config import AdaptConfig
from kuzushiji_submit.training_data.recognizer_sources import DEFAULT_PRESET, RecognizerTraining
from recognition.training.column_config import ColumnTraining
from recognition.weights_file import read_metadata

EXPECTED = {
    "reader",
    "reader-real",
    "reader-kaggle",
    "resnet-kaggle",
    "detector",
    "detector-real",
    "detector-kaggle",
    "dense",
    "dense-real",
    "column",
} | {
    "seed-full",
    "seed-small",
    "seed-two",
    "kuzu-char-rec",
    "adapt",
    "adapt-kaggle",
    "dense-kaggle",
}


def test_they_are_there() -> None:
    assert set(preset_names()) == EXPECTED


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_every_preset_is_settings_of_its_command(name: str) -> None:
    commands = {
        "detector": HeatmapTraining(),
        "dense": DenseTraining(),
        "column": ColumnTraining(),
        "adapt": AdaptConfig(),
    }
    default = commands.get(name.partition("-")[0], RecognizerTraining())
    assert read_settings(default, name) != default
    assert read_settings(default, str(PRESETS / f"{name}.toml")) == read_settings(default, name)


@pytest.mark.parametrize("name", [DEFAULT_PRESET, "reader-real"])
def test_the_default_is_the_recognizer_that_ships(name: str) -> None:
    settings, shipped = read_settings(RecognizerTraining(), name), read_metadata(RECOGNIZER_WEIGHTS)
    assert settings.model == shipped.model
    assert settings.crop == shipped.crop
    assert settings.ink == shipped.ink
    shown = (settings.preprocess.context, settings.preprocess.input_size)
    assert shown == (shipped.preprocess.context, shipped.preprocess.input_size)


def test_the_detector_s_preset_is_the_detector_that_ships() -> None:
    assert read_settings(HeatmapTraining(), "detector").network == HeatmapTraining().network
    record = read_record(DETECTOR_WEIGHTS)
    assert (record.kind, record.architecture, record.settings["pyramid"]) == ("detector", "heatmap_fpn", 48)


@pytest.mark.parametrize("name", ["dense", "dense-real"])
def test_a_dense_reader_can_start_from_the_detector_that_ships(name: str) -> None:
    assert to_plain(read_settings(DenseTraining(), name).network.body) == read_record(DETECTOR_WEIGHTS).settings


def test_on_kaggle_the_dense_reader_stands_on_the_pyramid_of_that_detector() -> None:
    body = read_settings(HeatmapTraining(), "detector-kaggle").network
    assert read_settings(DenseTraining(), "dense-kaggle").network.body == body


@pytest.mark.parametrize(
    ("name", "context", "resize"),
    [("reader", 1.5, "context"), ("reader-kaggle", 1.5, "context"), ("seed-full", 0.0, "squish")],
)
def test_what_must_agree_is_derived(name: str, context: float, resize: str) -> None:
    values = read_preset(name)
    assert "context" not in values.get("preprocess", {})
    settings = read_settings(RecognizerTraining(), name)
    assert (settings.preprocess.context, settings.crop.resize) == (context, resize)


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["crop.resize=squish"], r"crop\.resize=squish does not suit reader, which is shown a box in its context"),
        (["crop.context=1.2"], r"crop\.context=1\.2 holds less than preprocess\.context=1\.5"),
        (["model=kuzu_char_rec", "crop.resize=context"], "which is shown the box alone: set fit or squish"),
        (["model=kuzu_char_rec", "preprocess.context=2"], r"leave preprocess\.context at 0"),
    ],
)
def test_what_does_not_agree_is_refused(overrides: list[str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        read_settings(RecognizerTraining(), "reader", overrides)


def test_another_network_takes_its_own_settings() -> None:
    settings = read_settings(RecognizerTraining(), "reader", ["model=kuzu_char_rec"])
    assert (settings.preprocess.context, settings.crop.resize) == (0.0, "fit")


def test_a_wrong_name_lists_them() -> None:
    with pytest.raises(ConfigError, match=r"raeder: no such preset: did you mean reader\? the presets are adapt, "):
        read_preset("raeder")
    with pytest.raises(ConfigError, match=r"cannot be read \(No such file"):
        read_preset("no/such/file.toml")


def test_a_file_extends_a_preset_or_a_file_beside_it(tmp_path) -> None:
    (tmp_path / "base.toml").write_text('extends = "reader"\nepochs = 9\n[crop]\nsize = 64\n')
    (tmp_path / "mine.toml").write_text('extends = "base.toml"\n[crop]\nmargin = 0.1\n')
    settings = read_settings(RecognizerTraining(), str(tmp_path / "mine.toml"))
    assert (settings.epochs, settings.crop.size, settings.crop.margin, settings.crop.context) == (9, 64, 0.1, 2.2)


def test_a_file_of_windows_may_have_a_byte_order_mark_and_its_line_ends(tmp_path) -> None:
    path = tmp_path / "mine.toml"
    path.write_bytes('\ufeffepochs = 9\r\nmodel = "reader"\r\n'.encode())
    assert read_preset(str(path)) == {"epochs": 9, "model": "reader"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('extends = "itself.toml"\n', "extends itself"),
        ("extends = 3\n", "extends must be the name of a preset"),
        ('extends = "reder"\n', "reder: no such preset: did you mean reader"),
        ("epochs = ", "not TOML"),
    ],
)
def test_faults_of_files(tmp_path, content: str, message: str) -> None:
    path = tmp_path / "itself.toml"
    path.write_text(content)
    with pytest.raises(ConfigError, match=message):
        read_preset(str(path))


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ({}, {}, {}),
        ({"a": 1}, {}, {"a": 1}),
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": 3}}, {"a": {"b": 3, "c": 2}}),
        ({"a": {"b": 1}}, {"a": 2}, {"a": 2}),
        ({"m": {"architecture": "x", "w": 1}}, {"m": "y"}, {"m": {"architecture": "y"}}),
        ({"m": {"architecture": "x", "w": 1}}, {"m": "x"}, {"m": {"architecture": "x", "w": 1}}),
        ({"m": {"architecture": "x", "w": 1}}, {"m": {"w": 2}}, {"m": {"architecture": "x", "w": 2}}),
        ({"m": "x"}, {"m": {"w": 2}}, {"m": {"architecture": "x", "w": 2}}),
    ],
)
def test_merging(old: dict, new: dict, expected: dict) -> None:
    assert merge(old, new) == expected
