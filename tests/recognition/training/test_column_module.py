import dataclasses
from types import SimpleNamespace

import pytest
import torch
from torch.nn import functional as F

from kuzushiji_submit.core.errors import TrainingError
from recognition.training.column_config import ColumnOptimizer, TextLossConfig
from recognition.training.column_module import EMBEDDING, ColumnModule
from recognition.training.column_run import make_module
from recognition.training.column_texts import split_texts
from recognition.training.column_windows import NOWHERE, Windows
from tests.recognition.training.column_text import CHARSET, TINY_TRAINING, sources


def quiet(**changes: object) -> ColumnModule:
    """A module that logs nowhere."""
    config = dataclasses.replace(TINY_TRAINING, **changes)
    module = make_module(config, split_texts(sources(), CHARSET, config.split), CHARSET)
    module.log = module.log_dict = lambda *args, **kwargs: None
    module.optimizers = lambda: SimpleNamespace(param_groups=[{"lr": 0.01}])
    return module


@pytest.fixture
def batch() -> Windows:
    """Two windows of which some places count, and some truths are not among the candidates."""
    torch.manual_seed(0)
    ids = torch.rand(2, 6, len(CHARSET)).argsort(dim=-1)[..., :4]
    logs = torch.randn(2, 6, 4).sort(dim=-1, descending=True).values.log_softmax(dim=-1)
    places = torch.tensor([[0, 1, NOWHERE, 3, 0, NOWHERE], [NOWHERE, 2, 0, 0, NOWHERE, 1]])
    truth = ids.gather(2, places.clamp(min=0)[..., None])[..., 0]
    truth = torch.where(places >= 0, truth, torch.tensor([[0, 0, 5, 0, 0, NOWHERE], [7, 0, 0, 0, NOWHERE, 0]]))
    return Windows(ids, logs, places, truth)


def test_a_network_begins_with_what_stands_near_what_and_how_often() -> None:
    first, second, other = (quiet(seed=seed).model for seed in (0, 0, 1))
    assert torch.equal(first.vectors.weight, second.vectors.weight)
    assert not torch.equal(first.vectors.weight, other.vectors.weight)
    torch.testing.assert_close(first.bias.exp().sum(), torch.tensor(1.0))
    torch.testing.assert_close(first.eye_bias, -0.5 * first.bias)


def test_the_losses_are_of_eye_and_text_together_and_of_the_text(batch: Windows) -> None:
    """Negatives without end tell as much as all classes."""
    module = quiet(text_loss=TextLossConfig(weight=0.25, negatives=60_000)).eval()
    loss = module.training_step(batch, 0)
    context = module.model(batch.ids, batch.logs)
    known, judged = batch.truth >= 0, batch.places >= 0
    logits = context @ module.model.vectors.weight.T / 4 + module.model.bias
    text = F.cross_entropy(logits[known], batch.truth[known])
    together = batch.logs + module.model.support(context, batch.ids)
    joint = F.cross_entropy(together[judged], batch.places[judged])
    eye = F.cross_entropy(batch.logs[judged], batch.places[judged])
    figures = module.train_figures()
    assert figures["train/loss"] == pytest.approx(joint.item(), rel=1e-4)
    assert figures["train/loss_eye"] == pytest.approx(eye.item(), rel=1e-4)
    assert figures["train/loss_text"] == pytest.approx(text.item(), rel=0.03)
    assert loss.item() == pytest.approx(figures["train/loss"] + 0.25 * figures["train/loss_text"], rel=1e-4)
    right = (together[judged].argmax(dim=1) == batch.places[judged]).float().mean()
    assert figures["train/top1"] == pytest.approx(right.item())
    assert figures["train/top1_eye"] == pytest.approx(4 / 8)


def test_places_that_do_not_count_change_nothing(batch: Windows) -> None:
    module = quiet(text_loss=TextLossConfig(weight=0.0)).eval()
    first = module.training_step(batch, 0)
    other = batch._replace(truth=torch.where(batch.places < 0, 3, batch.truth))
    torch.testing.assert_close(module.training_step(other, 0), first)


@pytest.mark.parametrize("what", ["nothing known", "nothing among the candidates"])
def test_batches_without_anything_to_learn_are_no_fault(batch: Windows, what: str) -> None:
    module = quiet()
    truth = torch.full_like(batch.truth, NOWHERE) if what == "nothing known" else batch.truth
    loss = module.training_step(batch._replace(truth=truth, places=torch.full_like(batch.places, NOWHERE)), 0)
    loss.backward()
    assert (loss.item() == 0) == (what == "nothing known")
    assert all(bool(torch.isfinite(value.grad).all()) for value in module.model.parameters() if value.grad is not None)


def test_the_truth_is_not_told_from_itself(batch: Windows) -> None:
    """Where there is one class alone, nothing is left to be told from."""
    module = quiet()
    module.chances = torch.zeros(len(CHARSET)).index_fill(0, torch.tensor([5]), 1.0)
    truth = torch.full_like(batch.truth, 5)
    module.training_step(batch._replace(truth=truth), 0)
    assert module.train_figures()["train/loss_text"] == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize("half", [False, True])
def test_every_weight_gets_a_finite_gradient(batch: Windows, half: bool) -> None:
    module = quiet()
    with torch.autocast("cpu", torch.bfloat16, enabled=half):
        module.training_step(batch, 0).backward()
    for name, value in module.model.named_parameters():
        assert value.grad is not None, name
        assert bool(torch.isfinite(value.grad).all()), name


def test_a_loss_that_is_not_finite_is_named(batch: Windows) -> None:
    module = quiet()
    with torch.no_grad():
        module.model.scale.fill_(float("nan"))
    with pytest.raises(TrainingError, match=r"the loss is nan in epoch 0, step 7, at learning rate 0\.01: lower"):
        module.training_step(batch, 7)


def test_validation_counts_what_is_judged(batch: Windows) -> None:
    module = quiet().eval()
    logged: dict[str, float] = {}
    module.log_dict = lambda figures, **options: logged.update(figures)
    empty = batch._replace(places=torch.full_like(batch.places, NOWHERE), truth=torch.full_like(batch.truth, NOWHERE))
    module.on_validation_epoch_start()
    for part in (batch, empty):
        module.validation_step(part, 0)
    module.on_validation_epoch_end()
    assert set(logged) == {"val/loss", "val/loss_eye", "val/top1", "val/top1_eye"}
    assert logged["val/top1_eye"] == pytest.approx(4 / 8)


def test_matrices_decay_and_the_vectors_of_classes_do_not() -> None:
    module = quiet()
    decaying, others = module.parameter_groups()
    named = dict(module.model.named_parameters())
    assert len(decaying["params"]) + len(others["params"]) == len(named)
    assert "weight_decay" not in decaying
    assert others["weight_decay"] == 0
    kept = {id(value) for value in others["params"]}
    for name, value in named.items():
        assert (id(value) in kept) == (value.ndim <= 1 or name == EMBEDDING), name


@pytest.mark.parametrize(
    ("changes", "steps", "expected"),
    [
        ({"warmup": 0.2, "decline": 0.4}, 10, [0.5, 1, 1, 1, 1, 1, 1, 0.75, 0.5, 0.25, 0]),
        ({"warmup": 0.001, "decline": 0.0}, 4, [1, 1, 1, 1, 1]),
        ({"warmup": 0.5, "decline": 0.5}, 4, [0.5, 1, 1, 0.5, 0]),
        ({"warmup": 0.001, "decline": 0.2}, 2, [1, 1, 1]),
    ],
)
def test_the_rate_rises_stays_and_declines(changes: dict, steps: int, expected: list[float]) -> None:
    module = quiet(optimizer=ColumnOptimizer(learning_rate=0.1, **changes))
    optimizer = torch.optim.SGD(module.model.parameters(), lr=0.1)
    schedule = module.schedule(optimizer, steps)
    rates = []
    for _ in range(steps + 1):
        rates.append(optimizer.param_groups[0]["lr"] / 0.1)
        optimizer.step()
        schedule.step()
    assert rates == pytest.approx(expected)
