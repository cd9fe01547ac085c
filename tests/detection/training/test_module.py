import dataclasses
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from detection.heatmap.network import HeatmapNet
from detection.training.config import HeatmapTraining
from detection.training.module import HeatmapModule
from detection.training.page_store import PageStore
from detection.training.run import make_module
from detection.training.tiles import PageSource, TileBatch, TileDataset
from kuzushiji_submit.core.errors import TrainingError
from tests.detection.training.conftest import match


@pytest.fixture
def batch(store: Path, config: HeatmapTraining) -> TileBatch:
    opened = PageStore(store)
    pages = [opened.open(page_id) for page_id in opened.page_ids()]
    tiles = TileDataset([PageSource(pages)], config.tile_size, config.augment, 0)
    return tuple(torch.stack(parts) for parts in zip(*(tiles[number] for number in range(4)), strict=True))


def test_the_same_seed_is_the_same_network(config: HeatmapTraining) -> None:
    first, second = make_module(config, match), make_module(config, match)
    other = make_module(dataclasses.replace(config, seed=1), match)
    name = "model.head.1.weight"
    assert torch.equal(first.state_dict()[name], second.state_dict()[name])
    assert not torch.equal(first.state_dict()[name], other.state_dict()[name])


def test_only_the_network_itself_learns(config: HeatmapTraining) -> None:
    module = make_module(config, match)
    learning = {name for name, value in module.named_parameters() if value.requires_grad}
    assert learning == {f"model.{name}" for name, _ in HeatmapNet(config.network).named_parameters()}


def test_a_loss_that_is_not_finite_is_named(config: HeatmapTraining, batch: TileBatch) -> None:
    module = make_module(config, match)
    module.optimizers = lambda: SimpleNamespace(param_groups=[{"lr": 0.01}])
    with torch.no_grad():
        module.model.head[-1].bias[0] = float("nan")
    with pytest.raises(
        TrainingError, match=r"the loss is nan in epoch 0, step 7, at learning rate 0\.01: lower optimizer\.learning"
    ):
        module.training_step(batch, 7)


def test_the_search_for_a_learning_rate_may_diverge(config: HeatmapTraining, batch: TileBatch) -> None:
    module = make_module(config, match)
    module.recorded_losses = []
    module.log = module.log_dict = lambda *args, **kwargs: None
    with torch.no_grad():
        module.model.head[-1].bias[0] = float("inf")
    module.training_step(batch, 0)
    assert len(module.recorded_losses) == 1
    assert not torch.isfinite(torch.tensor(module.recorded_losses[0]))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_every_weight_gets_a_finite_gradient(config: HeatmapTraining, batch: TileBatch, dtype: torch.dtype) -> None:
    module: HeatmapModule = make_module(config, match)
    module.log = module.log_dict = lambda *args, **kwargs: None
    with torch.autocast("cpu", torch.bfloat16, enabled=dtype == torch.bfloat16):
        loss = module.training_step(batch, 0)
    loss.backward()
    for name, value in module.model.named_parameters():
        assert value.grad is not None, name
        assert bool(torch.isfinite(value.grad).all()), name
