import math

import pytest
import torch

from detection.heatmap.network import UNIT
from detection.training.losses import heat_loss, sides_loss


def maps(*values: float) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float32).reshape(1, 1, -1)


def test_heat_loss_by_hand() -> None:
    # Scores of 0.5 on two marked and two other cells: ln 2, and a Dice overlap of (2 * 1 + 1) / (2 + 2 + 1).
    loss = heat_loss(maps(0, 0, 0, 0), maps(1, 1, 0, 0), maps(1, 1, 1, 1))
    assert loss.item() == pytest.approx(math.log(2) + 1 - 3 / 5)


def test_cells_count_by_their_weight() -> None:
    # 0.5 on a marked cell of weight 0.5; the others are ignored, however wrong.
    loss = heat_loss(maps(0, 50, -50), maps(1, 0, 1), maps(0.5, 0, 0))
    assert loss.item() == pytest.approx(0.5 * math.log(2) + 1 - (2 * 0.25 + 1) / (0.25 + 0.5 + 1))


@pytest.mark.parametrize(
    ("logits", "heat", "weight"),
    [
        (maps(30, -30), maps(1, 0), maps(1, 1)),
        (maps(-30, -30), maps(0, 0), maps(1, 1)),
        (maps(3, -7), maps(0, 1), maps(0, 0)),
        (torch.zeros(0, 2, 2), torch.zeros(0, 2, 2), torch.zeros(0, 2, 2)),
    ],
    ids=["perfect", "no-positives", "all-ignored", "empty"],
)
def test_nothing_wrong_costs_nothing(logits: torch.Tensor, heat: torch.Tensor, weight: torch.Tensor) -> None:
    assert heat_loss(logits, heat, weight).item() == pytest.approx(0, abs=1e-6)


def test_false_alarms_on_an_empty_tile_cost() -> None:
    assert heat_loss(maps(5, 5), maps(0, 0), maps(1, 1)).item() > 5


def sides(*values: float) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float32).reshape(1, 4, 1, 1)


@pytest.mark.parametrize(
    ("predicted", "wanted", "expected"),
    [
        ((1, 1, 1, 1), (1, 1, 1, 1), 0.0),
        ((0.5, 0.5, 0.5, 0.5), (1, 1, 1, 1), 0.75),
        ((1, 1, 1, 1), (1, 1, 3, 1), 0.5),
        # Boxes 2 x 2 and 1 x 1 that share 1 x 1, and fill the hull of the larger one.
        ((1, 1, 1, 1), (0.25, 0.25, 0.75, 0.75), 0.75),
    ],
    ids=["perfect", "half", "half-as-wide", "inside"],
)
def test_sides_loss_by_hand(predicted: tuple[float, ...], wanted: tuple[float, ...], expected: float) -> None:
    loss = sides_loss(sides(*predicted).log(), sides(*wanted), torch.ones(1, 1, 1, dtype=torch.bool))
    assert loss.item() == pytest.approx(expected, abs=1e-5)


def test_sides_are_averaged_over_the_cells_that_have_them() -> None:
    predicted = torch.zeros(2, 4, 1, 2)
    wanted = torch.ones(2, 4, 1, 2)
    wanted[1, :, 0, 1] = 2.0
    wanted[0, :, 0, 0] = 77.0
    has_sides = torch.tensor([[[False, True]], [[False, True]]])
    assert sides_loss(predicted, wanted, has_sides).item() == pytest.approx((0 + 0.75) / 2, abs=1e-5)


def test_no_character_has_no_sides_and_a_gradient_of_nothing() -> None:
    predicted = torch.ones(1, 4, 2, 2, requires_grad=True)
    loss = sides_loss(predicted, torch.zeros(1, 4, 2, 2), torch.zeros(1, 2, 2, dtype=torch.bool))
    loss.backward()
    assert loss.item() == 0
    assert predicted.grad is not None
    assert predicted.grad.abs().sum().item() == 0


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("value", [-60.0, -4.0, 0.0, 4.0, 60.0])
def test_gradients_are_finite(dtype: torch.dtype, value: float) -> None:
    logits = torch.full((1, 4, 4), value, dtype=dtype, requires_grad=True)
    log_sides = torch.full((1, 4, 4, 4), value, dtype=dtype, requires_grad=True)
    heat, weight = torch.zeros(1, 4, 4), torch.ones(1, 4, 4)
    heat[0, 1, 1] = 1
    loss = heat_loss(logits.float(), heat, weight)
    loss = loss + sides_loss(log_sides, torch.full((1, 4, 4, 4), 0.5 / UNIT), heat > 0)
    loss.backward()
    assert math.isfinite(loss.item())
    for tensor in (logits, log_sides):
        assert tensor.grad is not None
        assert bool(torch.isfinite(tensor.grad).all())


def test_a_step_against_the_gradient_helps() -> None:
    torch.manual_seed(0)
    log_sides = torch.randn(1, 4, 3, 3).requires_grad_()
    wanted, where = torch.rand(1, 4, 3, 3) + 0.2, torch.ones(1, 3, 3, dtype=torch.bool)
    before = sides_loss(log_sides, wanted, where)
    before.backward()
    assert log_sides.grad is not None
    after = sides_loss((log_sides - 0.1 * log_sides.grad).detach(), wanted, where)
    assert after.item() < before.item()
