from collections.abc import Callable

import numpy as np
import pytest

from kuzushiji_submit.core.errors import ConfigError, TrainingError
from recognition.training.balance import BalancedSampler, class_quotas, prior_offsets
from recognition.training.config import BalanceConfig
from recognition.training.crop_store import CropStore
from recognition.training.sources import CropSource, MixedCrops

NATURAL = BalanceConfig(power=1)


@pytest.mark.parametrize(
    ("counts", "config", "quotas"),
    [
        ([], NATURAL, []),
        ([0, 0], NATURAL, [0, 0]),
        ([0, 0], BalanceConfig(power=0, at_least=5), [0, 0]),
        ([3, 0, 5], NATURAL, [3, 0, 5]),
        ([3, 0, 5], BalanceConfig(power=0), [4, 0, 4]),
        ([1, 4], BalanceConfig(power=0.5, epoch_size=30), [10, 20]),
        ([1, 1000], BalanceConfig(power=1, at_least=500, at_most=500), [500, 500]),
        ([1, 1000], BalanceConfig(power=1, at_most=100), [1, 100]),
        ([2, 1000], BalanceConfig(power=1, at_least=10), [10, 1000]),
    ],
)
def test_quotas(counts: list[int], config: BalanceConfig, quotas: list[float]) -> None:
    np.testing.assert_allclose(class_quotas(np.array(counts, np.int64), config), quotas)


@pytest.fixture
def skewed(make_store: Callable[..., CropStore]) -> MixedCrops:
    """One crop of class 0, three of class 1, forty of class 2."""
    return MixedCrops([CropSource(make_store(("p", "b", [0] + [1] * 3 + [2] * 40)))])


def sampler(crops: MixedCrops, config: BalanceConfig, **values: int) -> BalancedSampler:
    return BalancedSampler(crops, np.arange(len(crops)), config, **{"seed": 0, **values})


def drawn(crops: MixedCrops, draws: np.ndarray) -> list[int]:
    return np.bincount(crops.class_ids[draws], minlength=3)[:3].tolist()


def test_natural_epoch_has_every_crop_once(skewed: MixedCrops) -> None:
    assert sorted(sampler(skewed, NATURAL)) == list(range(44))


def test_bounds_hold_exactly(skewed: MixedCrops) -> None:
    balanced = sampler(skewed, BalanceConfig(power=1, at_least=7, at_most=7))
    for epoch in range(5):
        balanced.set_epoch(epoch)
        draws = balanced.draw()
        assert drawn(skewed, draws) == [7, 7, 7]
        # No crop of a class comes again before all others came: 7 draws of 3 crops are 3, 2 and 2.
        assert sorted(np.bincount(draws)[1:4].tolist()) == [2, 2, 3]
        assert np.bincount(draws)[4:].max() == 1


def test_fractions_even_out_over_epochs(skewed: MixedCrops) -> None:
    """sqrt(1, 3, 40) scaled to 44 draws, averaged over 400 epochs; each epoch is within one of its quota."""
    balanced = sampler(skewed, BalanceConfig(power=0.5))
    expected = np.sqrt([1, 3, 40]) * 44 / np.sqrt([1, 3, 40]).sum()
    counts = []
    for epoch in range(400):
        balanced.set_epoch(epoch)
        counts.append(drawn(skewed, balanced.draw()))
    assert {sum(one) for one in counts} == {44}
    assert np.abs(np.array(counts) - expected).max() < 1
    np.testing.assert_allclose(np.mean(counts, axis=0), expected, atol=0.1)


def test_capped_class_shows_other_crops_in_other_epochs(skewed: MixedCrops) -> None:
    balanced = sampler(skewed, BalanceConfig(power=1, at_most=4))
    seen: set[int] = set()
    for epoch in range(60):
        balanced.set_epoch(epoch)
        seen |= set(balanced.draw().tolist())
    assert seen == set(range(44))


def test_order_depends_on_seed_and_epoch_alone(skewed: MixedCrops) -> None:
    first, again, other = (sampler(skewed, NATURAL, seed=seed) for seed in (1, 1, 2))
    assert list(first) == list(again) == list(first)
    assert list(first) != list(other)
    again.set_epoch(1)
    assert list(first) != list(again)


@pytest.mark.parametrize("world_size", [1, 2, 3])
def test_processes_share_an_epoch(skewed: MixedCrops, world_size: int) -> None:
    parts = [list(sampler(skewed, NATURAL, rank=rank, world_size=world_size)) for rank in range(world_size)]
    assert {len(part) for part in parts} == {44 // world_size}
    assert len({place for part in parts for place in part}) == 44 // world_size * world_size
    assert len(sampler(skewed, NATURAL, world_size=world_size)) == 44 // world_size


@pytest.mark.parametrize(("weights", "shares"), [((1, 1), [30, 30]), ((3, 1), [45, 15]), ((1, 2), [20, 40])])
def test_sources_fill_their_shares(
    make_store: Callable[..., CropStore], weights: tuple[float, float], shares: list[int]
) -> None:
    real, made = make_store(("p", "b", [0] * 10)), make_store(("q", "c", [0] * 25 + [1] * 25), name="made")
    mixed = MixedCrops([CropSource(real, weights[0]), CropSource(made, weights[1], validate=False)])
    draws = sampler(mixed, NATURAL).draw()
    assert np.bincount(mixed.source_index[draws]).tolist() == shares


def test_source_that_is_held_out_gives_its_share_to_the_others(make_store: Callable[..., CropStore]) -> None:
    real, made = make_store(("p", "b", [0] * 10)), make_store(("q", "c", [1] * 30), name="made")
    mixed = MixedCrops([CropSource(real), CropSource(made)])
    draws = BalancedSampler(mixed, np.arange(10, 40), NATURAL, seed=0).draw()
    assert sorted(draws.tolist()) == list(range(10, 40))


def test_epoch_without_draws_is_refused(skewed: MixedCrops) -> None:
    with pytest.raises(TrainingError, match="no draw"):
        sampler(skewed, BalanceConfig(at_most=0.01))


@pytest.mark.parametrize("values", [{"power": 1.5}, {"power": -1}, {"at_least": -1}, {"at_least": 5, "at_most": 4}])
def test_config_out_of_range_is_refused(values: dict) -> None:
    with pytest.raises(ConfigError, match="balance"):
        BalanceConfig(**values)


@pytest.fixture
def two_sources(make_store: Callable[..., CropStore]) -> MixedCrops:
    """As many draws of each: one source shows class 0 alone, the other 0 and 1 alike; nobody shows class 2."""
    return MixedCrops(
        [
            CropSource(make_store(("p", "b", [0] * 10), name="real"), name="real"),
            CropSource(make_store(("q", "c", [0] * 5 + [1] * 5), name="drawn"), name="drawn"),
        ]
    )


def test_offsets_tell_what_a_source_shows_against_all(two_sources: MixedCrops) -> None:
    config = BalanceConfig(power=1, negatives=0, adjust=1, adjust_floor=0.1)
    offsets = prior_offsets(two_sources, np.arange(len(two_sources)), config)
    # Together 3/4 and 1/4; with a tenth of it the sources have 0.975 and 0.025, 0.525 and 0.475.
    expected = np.log([[0.975 / 0.75, 0.025 / 0.25], [0.525 / 0.75, 0.475 / 0.25]])
    np.testing.assert_allclose(offsets[:, :2], expected)
    np.testing.assert_array_equal(offsets[:, 2:], 0)


def test_offsets_of_half_are_half_as_large_and_of_one_source_nothing(
    two_sources: MixedCrops, skewed: MixedCrops
) -> None:
    places = np.arange(len(two_sources))
    whole, half = (prior_offsets(two_sources, places, BalanceConfig(adjust=adjust)) for adjust in (1.0, 0.5))
    np.testing.assert_allclose(half, whole / 2)
    np.testing.assert_allclose(prior_offsets(skewed, np.arange(len(skewed)), BalanceConfig(adjust=1)), 0, atol=1e-12)
    assert whole.any()


@pytest.mark.parametrize("values", [{"adjust": -0.1}, {"adjust_floor": 0}, {"adjust_floor": 1.1}])
def test_refuses_adjustments_out_of_range(values: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match="adjust"):
        BalanceConfig(**values)
