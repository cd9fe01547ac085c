import math

import pytest
import torch

from kuzushiji_submit.core.training.means import WeightedMeans


@pytest.mark.filterwarnings("ignore:The ``compute`` method of metric")
@pytest.mark.parametrize(
    ("batches", "mean"),
    [
        ([], math.nan),
        ([(7.0, 0)], math.nan),
        ([(0.5, 8)], 0.5),
        ([(0.5, 8), (0.0, 0)], 0.5),
        ([(1.0, 1), (0.0, 3)], 0.25),
        ([(math.nan, 0), (2.0, 1)], 2.0),
        ([(math.nan, 1), (2.0, 1)], math.nan),
        ([(math.inf, 1)], math.inf),
    ],
)
def test_a_batch_counts_by_its_items(batches: list[tuple[float, int]], mean: float) -> None:
    means = WeightedMeans(("loss", "other"))
    for value, items in batches:
        means.update({"loss": torch.tensor(value, requires_grad=True)}, items)
    assert means.compute()["loss"] == pytest.approx(mean, nan_ok=True)
    assert math.isnan(means.compute()["other"])
    means.reset()
    assert math.isnan(means.compute()["loss"])


def test_nothing_of_it_is_stored_with_a_network() -> None:
    assert not WeightedMeans(("loss",)).state_dict()
