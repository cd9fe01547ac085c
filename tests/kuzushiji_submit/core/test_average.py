"""The average of weights files."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from kuzushiji_submit.core.average import average_weights
from kuzushiji_submit.core.charset import Charset
from kuzushiji_submit.core.errors import ConfigError, WeightsError
from kuzushiji_submit.core.files import sha256_of
from kuzushiji_submit.core.page.ink import InkConfig
from kuzushiji_submit.core.weights import load_weights, save_weights
from kuzushiji_submit.core.weights_record import Provenance, WeightsRecord
from recognition.models.kuzu_char_rec import KuzuCharRecConfig
from recognition.models.registry import build_model
from recognition.preprocess import PreprocessConfig
from recognition.weights_metadata import WeightsMetadata

SHAPE = KuzuCharRecConfig(stage_widths=(4, 4), convs_per_stage=1)
RECORD = WeightsMetadata(
    SHAPE, Charset(("U+3042", "U+3044")), provenance=Provenance("pages", "MIT", "A", "by book", 3, (("top1", 0.5),))
).to_record()


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Writes the weights of a network of a seed, with a record."""

    def make(seed: int, record: WeightsRecord = RECORD) -> Path:
        torch.manual_seed(seed)
        network = build_model(WeightsMetadata.from_record(record, "").model, 2)
        for buffer in network.buffers():
            if buffer.is_floating_point():
                buffer.copy_(torch.rand_like(buffer) + 0.5)
        path = tmp_path / f"{seed}.safetensors"
        save_weights(path, network.state_dict(), record)
        return path

    return make


@pytest.mark.parametrize("count", [2, 3])
def test_every_array_is_the_mean(write: Callable, count: int) -> None:
    paths = [write(seed) for seed in range(count)]
    states = [load_weights(path, "recognizer")[0] for path in paths]
    network, _ = average_weights(paths)
    assert not network.training
    for name, array in network.state_dict().items():
        expected = torch.stack([state[name].double() for state in states]).mean(0)
        torch.testing.assert_close(array.double(), expected, atol=1e-6, rtol=1e-6)


def test_every_array_has_its_share_of_each_file(write: Callable) -> None:
    paths = [write(seed) for seed in range(3)]
    states = [load_weights(path, "recognizer")[0] for path in paths]
    network, record = average_weights(paths, [1, 2, 5])
    for name, array in network.state_dict().items():
        parts = [share * state[name].double() for share, state in zip((0.125, 0.25, 0.625), states, strict=True)]
        torch.testing.assert_close(array.double(), torch.stack(parts).sum(0), atol=1e-6, rtol=1e-6)
    assert "2.safetensors (share 0.625, " in record.provenance.notes


@pytest.mark.parametrize("shares", [[], [1], [1, 0], [1, -1], [1, float("inf")], [1, float("nan")], [1, 1, 1]])
def test_shares_are_positive_and_as_many_as_files(write: Callable, shares: list[float]) -> None:
    with pytest.raises(ConfigError, match="2 weights files need as many shares, each above 0"):
        average_weights([write(0), write(1)], shares)


def test_the_record_says_what_was_averaged(write: Callable) -> None:
    other = replace(RECORD.provenance, training_data="more pages", license="CC0-1.0", notes="second")
    paths = [write(0), write(1, replace(RECORD, provenance=other))]
    _, record = average_weights(paths)
    assert record.provenance == Provenance(
        training_data="pages; more pages",
        license="MIT AND CC0-1.0",
        attribution="A",
        split="by book",
        seed=3,
        notes=f"average of the weights of 0.safetensors (share 0.5, sha256 {sha256_of(paths[0])}), "
        f"1.safetensors (share 0.5, sha256 {sha256_of(paths[1])}); second",
    )


def test_a_calibration_is_kept_only_where_all_have_the_same(write: Callable) -> None:
    fitted = replace(RECORD, calibration={"temperature": 1.5, "min_score": 0.2})
    assert average_weights([write(0, fitted), write(1, fitted)])[1].calibration == fitted.calibration
    assert average_weights([write(2, fitted), write(3)])[1].calibration == {}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("charset", Charset(("U+3044", "U+3042"))),
        ("ink", InkConfig(floor=0.7)),
        ("settings", {**RECORD.settings, "stage_widths": [4, 8]}),
        (
            "preprocessing",
            WeightsMetadata(SHAPE, Charset(("U+3042",)), preprocess=PreprocessConfig(mean=0.3))
            .to_record()
            .preprocessing,
        ),
    ],
)
def test_other_networks_charsets_inks_and_preprocessing_are_refused(write: Callable, name: str, value: object) -> None:
    with pytest.raises(WeightsError, match=rf"1\.safetensors: has not the {name} of .*0\.safetensors"):
        average_weights([write(0), write(1, replace(RECORD, **{name: value}))])


def test_one_file_has_no_average(write: Callable) -> None:
    with pytest.raises(WeightsError, match="1 weights files have no average"):
        average_weights([write(0)])
