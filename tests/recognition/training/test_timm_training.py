"""A body of timm, trained from published weights, reads beside a reader."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from recognition.ensemble import RecognizerEnsemble
from recognition.models.timm_reader import TimmReaderConfig
from recognition.recognizer import Recognizer
from recognition.training.config import AugmentConfig, BalanceConfig, TrainConfig
from recognition.training.crop_store import CropStore
from recognition.training.train import train
from recognition.weights_file import read_metadata

timm = pytest.importorskip("timm")
BODY = "resnet10t"


@pytest.mark.slow
def test_it_learns_and_joins_an_ensemble(reader_store: CropStore, reader_config: TrainConfig, tmp_path: Path) -> None:
    published = tmp_path / "published.pth"
    torch.save(timm.create_model(BODY, pretrained=False).state_dict(), published)
    model = TimmReaderConfig(body=BODY, embedding=16, dropout=0.0)
    config = dataclasses.replace(
        reader_config,
        model=model,
        pretrained=str(published),
        epochs=8,
        augment=AugmentConfig(strength=0.2),
        balance=BalanceConfig(at_least=40, negatives=0.2),
    )
    result = train(config, reader_store, tmp_path / "run")
    assert result.scores["val/top1"] > 0.6  # six classes: chance is 0.17
    assert read_metadata(result.weights).model == model
    reader = train(dataclasses.replace(reader_config, epochs=1), reader_store, tmp_path / "reader")
    members = [Recognizer.load(path, "cpu") for path in (result.weights, reader.weights)]
    held_out = np.flatnonzero(reader_store.book_index == reader_store.book_ids.index("book0"))
    crops = reader_store.read(held_out)
    alone = members[0].recognize(crops)
    truth = reader_store.class_ids[held_out]
    assert (alone.class_ids == truth)[truth >= 0].mean() == pytest.approx(result.scores["val/top1"], abs=0.05)
    together = RecognizerEnsemble(members, ["timm", "reader"]).logits(crops)
    mean = (members[0].logits(crops) + members[1].logits(crops)) / 2
    np.testing.assert_allclose(together, mean, rtol=1e-4, atol=1e-4)
