import dataclasses

import pytest
import torch

from kuzushiji_submit.core.errors import ConfigError
from recognition.preprocess import PreprocessConfig
from recognition.training.augment import (
    add_others,
    augment,
    change_sharpness,
    change_thickness,
    change_tone,
    erase,
    jitter_boxes,
)
from recognition.training.config import AugmentConfig
from recognition.views import Window, sample_windows, window_matrices

NOTHING = AugmentConfig(**{field.name: 0.0 for field in dataclasses.fields(AugmentConfig)} | {"strength": 1.0})


PLAIN = PreprocessConfig()
READER = PreprocessConfig(context=1.5, input_size=32)


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


@pytest.fixture
def geometry() -> torch.Tensor:
    """Boxes of 200 crops, twice as high as wide."""
    return torch.tensor([[0.225, 0.45, 0.1]]).repeat(200, 1)


def test_boxes_jitter_by_independent_errors_of_their_sides(geometry: torch.Tensor) -> None:
    boxes, matrices = jitter_boxes(geometry, dataclasses.replace(NOTHING, jitter=0.1), Window(1.5))
    width, height = (boxes[:, :2] / geometry[:, :2]).unbind(1)
    # Two sides of deviation 0.1 each move one extent.
    assert width.std().item() == pytest.approx(0.141, rel=0.25)
    assert abs(torch.corrcoef(torch.stack([width, height]))[0, 1].item()) < 0.25
    assert boxes[:, 2].tolist() == pytest.approx((geometry[:, 2] + (boxes[:, 1] / 0.45).log()).tolist(), abs=1e-4)
    # The middle of the window is the middle of the jittered box, in a crop whose side is 2.
    assert matrices[:, 0, 2].std().item() == pytest.approx(0.141 * 0.225, rel=0.25)
    assert matrices[:, 1, 1].tolist() == pytest.approx((1.5 * boxes[:, 1]).tolist(), abs=1e-5)


def test_windows_stay_within_crops_cut_with_more_context(geometry: torch.Tensor) -> None:
    _, matrices = jitter_boxes(geometry, dataclasses.replace(NOTHING, jitter=0.07, jitter_far=0.1), Window(1.5))
    reach = matrices[:, :, 2].abs() + matrices[:, 0, :1]
    assert (reach > 1).any(dim=1).float().mean() < 0.02


def test_a_reader_without_augmentation_sees_what_it_sees_at_prediction(
    glyphs: torch.Tensor, geometry: torch.Tensor
) -> None:
    ink, boxes = augment(glyphs, geometry, AugmentConfig(strength=0), READER)
    expected = sample_windows(glyphs, window_matrices(geometry, Window(1.5)), 32)
    torch.testing.assert_close(ink, expected)
    torch.testing.assert_close(boxes, geometry)
    torch.testing.assert_close(augment(glyphs, geometry, NOTHING, READER)[0], expected, atol=1e-4, rtol=0)


def test_a_reader_is_shown_windows_of_its_size_in_range(glyphs: torch.Tensor, geometry: torch.Tensor) -> None:
    everything = AugmentConfig(blur=1.0, show_through=1.0, neighbors=1.0, thickness=1.0, thinner=2.0, jitter_far=0.5)
    ink, boxes = augment(glyphs, geometry, everything, READER)
    assert ink.shape == (200, 1, 32, 32)
    assert boxes.shape == (200, 3)
    assert ink.min() >= 0
    assert ink.max() <= 1
    assert (boxes[:, :2] > 0).all()


def test_strokes_lose_more_than_a_pixel_where_asked(glyphs: torch.Tensor) -> None:
    torch.manual_seed(0)
    thinned = change_thickness(glyphs, dataclasses.replace(NOTHING, thickness=1.0, thicker=0.0, thinner=2.0))
    widths = thinned[:, 0, 20].sum(1)  # of a stroke of five pixels
    assert widths.min() < 1.4
    assert widths.max() > 4.5
    assert (thinned <= glyphs + 1e-6).all()


def test_sharpness_goes_both_ways_and_spares_some(glyphs: torch.Tensor) -> None:
    torch.manual_seed(0)
    soft = glyphs * 0.5
    edge = change_sharpness(soft, dataclasses.replace(NOTHING, blur=0.7))[:, 0, 20, 9]  # just left of a stroke
    assert (edge == 0).any()
    assert edge.max() > 0.05
    inside = change_sharpness(soft, dataclasses.replace(NOTHING, blur=0.7))[:, 0, 20, 10]  # its first pixel
    assert inside.max() > 0.53


def test_others_come_mirrored_and_faint_or_at_the_border_only(glyphs: torch.Tensor) -> None:
    blank_but_one = torch.zeros_like(glyphs)
    blank_but_one[::2] = glyphs[::2]
    back = add_others(blank_but_one, dataclasses.replace(NOTHING, show_through=1.0))[1::2]
    assert back.max() <= 0.35
    assert torch.equal(
        back > 0, (blank_but_one[0].flip(-1) > 0).expand_as(back) & (back.amax((1, 2, 3), keepdim=True) > 0)
    )
    full = torch.ones_like(glyphs)
    full[0] = 0
    beside = add_others(full, dataclasses.replace(NOTHING, neighbors=1.0))[0, 0]
    assert beside.max() == 1
    assert not beside[10:38, 10:38].any()
