"""The reader trained on crops with context, among them some that hold no character."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from kuzushiji_submit.core.charset import Charset
from kuzushiji_submit.core.errors import ConfigError, TrainingError
from recognition.models.reader import ReaderConfig
from recognition.models.registry import build_model
from recognition.preprocess import PreprocessConfig
from recognition.recognizer import Recognizer
from recognition.training.config import (
    DEFAULT_CONTEXT,
    AugmentConfig,
    BalanceConfig,
    OptimizerConfig,
    TrainConfig,
)
from recognition.training.crop_store import CropStore
from recognition.training.sources import CropSource
from recognition.training.train import train
from recognition.weights_file import load_weights, read_metadata, save_weights
from recognition.weights_metadata import WeightsMetadata


def test_it_learns_characters_and_what_is_none(
    store: CropStore, reader_store: CropStore, reader_config: TrainConfig, tmp_path: Path
) -> None:
    config = dataclasses.replace(
        reader_config,
        epochs=14,
        augment=AugmentConfig(strength=0.3),
        balance=BalanceConfig(at_least=40, negatives=0.2),
        half=False,
    )
    result = train(config, reader_store, tmp_path / "run")
    assert result.scores["val/top1"] > 0.9
    held_out = np.flatnonzero(reader_store.book_index == reader_store.book_ids.index("book0"))
    truth = reader_store.class_ids[held_out]
    recognizer = Recognizer.load(result.weights, "cpu")
    found = recognizer.recognize(reader_store.read(held_out))
    # Boxes without a character do not count in the accuracy, and their characters score low.
    assert (found.class_ids == truth)[truth >= 0].mean() == pytest.approx(result.scores["val/top1"])
    assert found.scores[truth < 0].max() < found.scores[truth >= 0].min()
    assert recognizer.logits(reader_store.read(held_out)).shape == (len(held_out), 7)


def test_a_warm_start_keeps_what_was_learned(
    reader_store: CropStore, make_reader_store: Callable[..., CropStore], reader_config: TrainConfig, tmp_path: Path
) -> None:
    first = train(reader_config, reader_store, tmp_path / "first")
    fewer = Charset(tuple(reversed(reader_store.charset.codepoints[1:4])))
    other = make_reader_store(("q", "book0", [0, 1, 2, -1] * 8), ("r", "book1", [0, 1, 2] * 8), name="o", charset=fewer)
    still = dataclasses.replace(
        reader_config, initial_weights=str(first.weights), optimizer=OptimizerConfig(learning_rate=1e-9), epochs=1
    )
    second = train(still, other, tmp_path / "second")
    before, after = (load_weights(one.weights)[0].state_dict() for one in (first, second))
    # Classes by codepoint; the output for "not a character" stays the last.
    expected = before["classifier.weight"][[3, 2, 1, 6]]
    torch.testing.assert_close(after["classifier.weight"], expected, atol=1e-3, rtol=0)
    described = [read_metadata(one.weights).preprocess for one in (first, second)]
    assert described[0] == described[1]


def test_a_warm_start_goes_on_seeing_the_same_window(
    reader_store: CropStore, reader_config: TrainConfig, tmp_path: Path
) -> None:
    """Crops that show more around it, or are larger, are the same to a reader: its window is sampled from them."""
    model = build_model(reader_config.model, len(reader_store.charset))
    wider = dataclasses.replace(reader_store.crop_config, context=4.0, size=64)
    metadata = WeightsMetadata(reader_config.model, reader_store.charset, wider, reader_config.preprocess)
    initial = tmp_path / "initial.safetensors"
    save_weights(initial, model.state_dict(), metadata)
    config = dataclasses.replace(reader_config, initial_weights=str(initial), epochs=1)
    train(config, reader_store, tmp_path / "run")
    seen = dataclasses.replace(config.preprocess, context=1.25)
    with pytest.raises(TrainingError, match=r"preprocess: context 1\.25, not"):
        train(dataclasses.replace(config, preprocess=seen), reader_store, tmp_path / "other")


def test_a_warm_start_may_ask_for_another_window(
    reader_store: CropStore, reader_config: TrainConfig, tmp_path: Path
) -> None:
    model = build_model(reader_config.model, len(reader_store.charset))
    used_to = dataclasses.replace(reader_config.preprocess, mean=0.25, std=0.5)
    initial = tmp_path / "initial.safetensors"
    metadata = WeightsMetadata(reader_config.model, reader_store.charset, reader_store.crop_config, used_to)
    save_weights(initial, model.state_dict(), metadata)
    stretched = dataclasses.replace(reader_config.preprocess, stretch=0.7)
    config = dataclasses.replace(reader_config, initial_weights=str(initial), epochs=1, preprocess=stretched)
    with pytest.raises(TrainingError, match=r"stretch 0\.7, not 0\.0.*initial_view=other"):
        train(config, reader_store, tmp_path / "refused")
    result = train(dataclasses.replace(config, initial_view="other"), reader_store, tmp_path / "run")
    assert read_metadata(result.weights).preprocess == dataclasses.replace(used_to, stretch=0.7)


@pytest.mark.parametrize("share", [0.0, 0.3])
def test_boxes_without_a_character_get_their_share(
    reader_store: CropStore, reader_config: TrainConfig, share: float
) -> None:
    from recognition.training.balance import BalancedSampler
    from recognition.training.sources import MixedCrops

    crops = MixedCrops([CropSource(reader_store)])
    assert crops.negatives == 16
    draws = BalancedSampler(crops, np.arange(len(crops)), BalanceConfig(negatives=share), seed=0).draw()
    assert (crops.class_ids[draws] == 6).mean() == pytest.approx(share, abs=0.02)


def test_models_without_that_output_refuse_such_crops(
    reader_store: CropStore, config: TrainConfig, tmp_path: Path
) -> None:
    with pytest.raises(TrainingError, match="cannot be shown crops cut with"):
        train(config, reader_store, tmp_path / "run")


def test_the_reader_refuses_crops_without_context(store: CropStore, reader_config: TrainConfig, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"crop\.resize=context"):
        train(reader_config, store, tmp_path / "run")


def test_context_follows_from_the_network(config: TrainConfig) -> None:
    assert TrainConfig().model == ReaderConfig()
    assert TrainConfig().preprocess.context == DEFAULT_CONTEXT
    assert TrainConfig(preprocess=PreprocessConfig(context=2.0)).preprocess.context == 2.0
    assert config.preprocess.context == 0
    with pytest.raises(ConfigError, match=r"kuzu_char_rec is not shown a box .* leave preprocess\.context at 0"):
        dataclasses.replace(config, preprocess=PreprocessConfig(context=1.5))


def test_another_view_is_asked_for_by_its_name(reader_config: TrainConfig) -> None:
    with pytest.raises(ConfigError, match="initial_view must be one of"):
        dataclasses.replace(reader_config, initial_view="any")
