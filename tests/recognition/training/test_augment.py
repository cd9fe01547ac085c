import dataclasses

import pytest
import torch

from recognition.errors import ConfigError
from recognition.preprocess import PreprocessConfig
from recognition.training.augment import augment, change_thickness, change_tone, erase
from recognition.training.config import AugmentConfig

NOTHING = AugmentConfig(**{field.name: 0.0 for field in dataclasses.fields(AugmentConfig)} | {"strength": 1.0})


PLAIN = PreprocessConfig()
AS_IT_IS = torch.tensor([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])


def distort(ink: torch.Tensor, config: AugmentConfig) -> torch.Tensor:
    """What augmentation makes of the crops of a model that is shown them whole."""
    return augment(ink, torch.zeros(len(ink), 3), config, PLAIN)[0]


@pytest.fixture
def glyphs() -> torch.Tensor:
    """Two hundred times an L, which no turn of a few degrees makes like its mirror image."""
    ink = torch.zeros(200, 1, 48, 48)
    ink[..., 8:40, 10:15] = 1
    ink[..., 35:40, 10:38] = 1
    return ink


def test_no_crops() -> None:
    assert distort(torch.zeros(0, 1, 32, 32), AugmentConfig()).shape == (0, 1, 32, 32)


def test_no_strength_changes_nothing(glyphs: torch.Tensor) -> None:
    assert torch.equal(distort(glyphs, AugmentConfig(strength=0)), glyphs)


def test_all_settings_at_0_change_next_to_nothing(glyphs: torch.Tensor) -> None:
    torch.testing.assert_close(distort(glyphs, NOTHING), glyphs, atol=1e-4, rtol=0)


def test_shape_and_range_stay_and_the_input_too(glyphs: torch.Tensor) -> None:
    before = glyphs.clone()
    distorted = distort(glyphs, AugmentConfig(strength=2))
    assert distorted.shape == glyphs.shape
    assert distorted.min() >= 0
    assert distorted.max() <= 1
    assert torch.equal(glyphs, before)


def test_crops_of_a_batch_differ_from_each_other(glyphs: torch.Tensor) -> None:
    distorted = distort(glyphs, AugmentConfig())
    assert (distorted[1:] - distorted[:1]).abs().amax(dim=(1, 2, 3)).min() > 0.05


def test_same_random_state_gives_the_same(glyphs: torch.Tensor) -> None:
    results = []
    for _ in range(2):
        torch.manual_seed(5)
        results.append(distort(glyphs, AugmentConfig()))
    assert torch.equal(*results)


def test_nothing_is_mirrored(glyphs: torch.Tensor) -> None:
    distorted = distort(glyphs, dataclasses.replace(NOTHING, rotate=5, shear=0.15, scale=0.12, elastic=0.02))
    for axis in (2, 3):
        like_itself = (distorted * glyphs).sum((1, 2, 3))
        like_its_mirror = (distorted * glyphs.flip(axis)).sum((1, 2, 3))
        assert (like_itself > like_its_mirror).all()


def test_translation_moves_by_at_most_its_fraction(glyphs: torch.Tensor) -> None:
    moved = distort(glyphs, dataclasses.replace(NOTHING, translate=0.1))
    columns = torch.arange(48.0)
    center = (moved.sum((1, 2)) * columns).sum(1) / moved.sum((1, 2, 3))
    shift = center - (glyphs[0].sum((0, 1)) * columns).sum() / glyphs[0].sum()
    assert 4 < shift.abs().max() <= 4.8 + 1e-3
    assert shift.min() < -3 < 3 < shift.max()


def test_thickness_goes_both_ways_by_a_pixel_at_most(glyphs: torch.Tensor) -> None:
    change = (
        change_thickness(glyphs, dataclasses.replace(NOTHING, thickness=1.0, thicker=1.0, thinner=1.0)).sum((1, 2, 3))
        - glyphs[0].sum()
    )
    thicker = torch.nn.functional.max_pool2d(glyphs[:1], 3, 1, 1).sum() - glyphs[0].sum()
    assert change.min() < -0.5 * glyphs[0].sum() * 0.3
    assert 0.5 * thicker < change.max() <= thicker + 1e-2


def test_tone_keeps_ink_darker_than_paper(glyphs: torch.Tensor) -> None:
    toned = change_tone(glyphs, AugmentConfig(noise=0))
    assert (toned[..., 20, 12] > toned[..., 0, 0] + 0.3).all()
    assert toned[..., 0, 0].max() <= 0.1 + 1e-6


def test_erasing_wipes_some_crops_to_paper(glyphs: torch.Tensor) -> None:
    config = dataclasses.replace(NOTHING, erase=0.3, erase_side=0.5)
    wiped = erase(torch.ones_like(glyphs), config)
    area = (wiped == 0).float().mean((1, 2, 3))
    assert 0.15 < (area > 0).float().mean() < 0.45
    assert 0.1 < area.max() <= 0.27


def test_negative_setting_is_refused() -> None:
    with pytest.raises(ConfigError, match="negative"):
        AugmentConfig(rotate=-1)
