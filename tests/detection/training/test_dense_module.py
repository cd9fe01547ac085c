import dataclasses
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from detection.training.data import StoreSource, split_pages
from detection.training.dense_config import DenseTraining
from detection.training.dense_data import CharacterDataModule
from detection.training.dense_module import DenseModule
from detection.training.dense_run import make_module
from detection.training.dense_tiles import CharacterBatch
from kuzushiji_submit.core.errors import TrainingError
from tests.detection.dense.conftest import CHARSET
from tests.detection.training.conftest import tiny_dense_config


@pytest.fixture
def data(glyphs: Path) -> CharacterDataModule:
    config = tiny_dense_config()
    return CharacterDataModule(split_pages([StoreSource(glyphs)], config.split), CHARSET, config)


@pytest.fixture
def batch(data: CharacterDataModule) -> CharacterBatch:
    return tuple(torch.stack(parts) for parts in zip(*(data.tiles[number] for number in range(4)), strict=True))


def quiet(data: CharacterDataModule, **changes: object) -> DenseModule:
    """A module that logs nowhere."""
    config: DenseTraining = dataclasses.replace(tiny_dense_config(), **changes)
    module = make_module(config, data, CHARSET)
    module.log = module.log_dict = lambda *args, **kwargs: None
    module.optimizers = lambda: SimpleNamespace(param_groups=[{"lr": 0.01}])
    return module


def test_the_same_seed_is_the_same_network(data: CharacterDataModule) -> None:
    first, second, other = (quiet(data, seed=seed).state_dict()["model.classifier.weight"] for seed in (0, 0, 1))
    assert torch.equal(first, second)
    assert not torch.equal(first, other)


def test_classes_count_by_how_often_they_are_on_the_pages(data: CharacterDataModule) -> None:
    counts = torch.from_numpy(data.tiles.class_counts(len(CHARSET)))
    assert int(counts.sum()) == 18
    torch.testing.assert_close(quiet(data, power=0.0).class_weights, 1.0 / counts.clamp(min=1))
    assert "class_weights" not in quiet(data).state_dict()


def test_the_loss_is_that_of_its_characters_by_their_weights(data: CharacterDataModule, batch: CharacterBatch) -> None:
    module = quiet(data, power=0.0).eval()
    tiles, boxes, ids = batch
    loss = module.training_step(batch, 0)
    logits = module.model(1.0 - tiles / 255.0, boxes, ids >= 0)
    truth = ids[ids >= 0]
    each = torch.nn.functional.cross_entropy(logits, truth, label_smoothing=0.1, reduction="none")
    weights = module.class_weights[truth]
    torch.testing.assert_close(loss, (each * weights).sum() / weights.sum(), rtol=1e-4, atol=1e-5)
    figures = module.train_figures()
    assert figures["train/loss"] == pytest.approx(loss.item())
    assert figures["train/top1"] == pytest.approx((logits.argmax(dim=1) == truth).float().mean().item())


@pytest.mark.parametrize("kept", [0, 1, 2])
def test_batches_of_next_to_no_character_are_learned_from(
    data: CharacterDataModule, batch: CharacterBatch, kept: int
) -> None:
    module, (tiles, boxes, ids) = quiet(data), batch
    few = torch.full_like(ids, -1)
    few[1, :kept] = ids[1, :kept]
    loss = module.training_step((tiles, boxes, few), 0)
    loss.backward()
    gradients = [value.grad for value in module.model.parameters()]
    assert all(bool(torch.isfinite(gradient).all()) for gradient in gradients)
    assert (loss.item() == 0) == (kept == 0)
    assert any(bool(gradient.any()) for gradient in gradients) == (kept > 0)
    assert all(bool(torch.isfinite(value).all()) for value in module.model.state_dict().values())
    if kept:
        assert module.train_figures()["train/loss"] == pytest.approx(loss.item())


def test_places_without_a_character_change_nothing(data: CharacterDataModule, batch: CharacterBatch) -> None:
    module, (tiles, boxes, ids) = quiet(data).eval(), batch
    scribbled = torch.where((ids >= 0)[..., None], boxes, torch.rand_like(boxes) * 90)
    torch.testing.assert_close(module.training_step((tiles, scribbled, ids), 0), module.training_step(batch, 0))


def test_a_loss_that_is_not_finite_is_named(data: CharacterDataModule, batch: CharacterBatch) -> None:
    module = quiet(data)
    with torch.no_grad():
        module.model.classifier.bias[0] = float("nan")
    with pytest.raises(TrainingError, match=r"the loss is nan in epoch 0, step 7, at learning rate 0\.01: lower"):
        module.training_step(batch, 7)


def test_the_search_for_a_learning_rate_may_diverge(data: CharacterDataModule, batch: CharacterBatch) -> None:
    module = quiet(data)
    module.recorded_losses = []
    with torch.no_grad():
        module.model.classifier.bias[0] = float("inf")
    module.training_step(batch, 0)
    assert len(module.recorded_losses) == 1


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_every_weight_gets_a_finite_gradient(
    data: CharacterDataModule, batch: CharacterBatch, dtype: torch.dtype
) -> None:
    module = quiet(data)
    with torch.autocast("cpu", torch.bfloat16, enabled=dtype == torch.bfloat16):
        module.training_step(batch, 0).backward()
    for name, value in module.model.named_parameters():
        # The coarsest level of the pyramid is looked at by the finer ones alone.
        assert value.grad is not None, name
        assert bool(torch.isfinite(value.grad).all()), name


def test_validation_reads_whole_pages(data: CharacterDataModule) -> None:
    module = quiet(data)
    logged: dict[str, float] = {}
    module.log_dict = lambda figures, **options: logged.update(figures)
    data.trainer = SimpleNamespace(global_rank=2, world_size=3)
    (empty,) = data.val_dataloader()
    data.trainer = None
    module.on_validation_epoch_start()
    for page in [*data.val_dataloader(), empty]:
        module.validation_step(page, 0)
    module.on_validation_epoch_end()
    assert set(logged) == {"val/loss", "val/top1", "val/top5"}
    assert 0 <= logged["val/top1"] <= logged["val/top5"] == 1  # of four characters
    assert logged["val/loss"] > 0


def test_a_page_counts_by_its_characters(data: CharacterDataModule, monkeypatch: pytest.MonkeyPatch) -> None:
    module = quiet(data)
    logged: dict[str, float] = {}
    module.log_dict = lambda figures, **options: logged.update(figures)
    page = next(iter(data.val_dataloader()))
    right = torch.nn.functional.one_hot(torch.from_numpy(page.class_ids), len(CHARSET)).float().numpy()
    said = {True: right, False: 1 - right}
    pages = [(page, True), (page._replace(boxes=page.boxes[:2], class_ids=page.class_ids[:2]), False)]
    module.on_validation_epoch_start()
    for each, is_right in pages:
        answer = said[is_right][: len(each.class_ids)]
        monkeypatch.setattr("detection.training.dense_module.DensePageReader.logits", lambda *_, out=answer: out)
        module.validation_step(each, 0)
    module.on_validation_epoch_end()
    count = len(page.class_ids)
    assert count > 2
    assert logged["val/top1"] == pytest.approx(count / (count + 2))
