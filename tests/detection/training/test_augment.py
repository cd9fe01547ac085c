import dataclasses

import cv2
import numpy as np
import pytest

from detection.training.augment import TileAugmentConfig, change_look

NOTHING = TileAugmentConfig(tint=0, contrast=0, gray=0, thickness=0, blur=0, noise=0, shadow=0, show_through=0, seal=0)
WHITE = np.full((64, 64, 3), 255, np.uint8)


def glyph() -> np.ndarray:
    """Something like 卜: a stroke with a side, left of the middle, and a blue dot."""
    tile = WHITE.copy()
    cv2.line(tile, (20, 10), (20, 54), (30, 30, 30), 5)
    cv2.line(tile, (20, 30), (34, 38), (30, 30, 30), 5)
    cv2.circle(tile, (10, 10), 4, (60, 60, 220), cv2.FILLED)
    return tile


def look(tile: np.ndarray, seed: int = 0, back: np.ndarray | None = None, **changes: float) -> np.ndarray:
    config = dataclasses.replace(NOTHING, **changes)
    return change_look(tile, back, config, np.random.default_rng(seed))


def test_without_settings_nothing_changes() -> None:
    np.testing.assert_array_equal(look(glyph()), glyph())
    np.testing.assert_array_equal(look(WHITE), WHITE)


def test_the_tile_given_is_left_alone() -> None:
    tile, back = glyph(), glyph()
    change_look(tile, back, dataclasses.replace(TileAugmentConfig(), seal=1.0), np.random.default_rng(0))
    np.testing.assert_array_equal(tile, glyph())
    np.testing.assert_array_equal(back, glyph())


@pytest.mark.parametrize("tile", [WHITE, np.zeros((32, 32, 3), np.uint8), glyph()], ids=["white", "black", "glyph"])
def test_looks_are_pictures_drawn_by_the_seed(tile: np.ndarray) -> None:
    config = TileAugmentConfig(seal=0.6, show_through=0.5)
    looks = [change_look(tile, tile, config, np.random.default_rng(seed)) for seed in range(12)]
    assert all(one.shape == tile.shape and one.dtype == np.uint8 for one in looks)
    again = [change_look(tile, tile, config, np.random.default_rng(seed)) for seed in range(12)]
    assert all((one == other).all() for one, other in zip(looks, again, strict=True))
    assert sum((one != looks[0]).any() for one in looks) == 11


def test_nothing_is_mirrored_or_moved() -> None:
    darkness = 255.0 - glyph().mean(axis=2)
    for seed in range(25):
        changed = 255.0 - look(glyph(), seed, thickness=1, blur=1, gray=1, contrast=0.35, tint=0.08).mean(axis=2)
        agrees = np.corrcoef(darkness.ravel(), changed.ravel())[0, 1]
        mirrored = np.corrcoef(darkness[:, ::-1].ravel(), changed.ravel())[0, 1]
        assert agrees > 0.8 > 0.5 > mirrored


def test_contrast_changes_ink_and_not_paper() -> None:
    inks = []
    for seed in range(30):
        changed = look(glyph(), seed, contrast=0.35)
        assert (changed[:, 50:] == 255).all()
        inks.append(int(changed[45, 20, 0]))
    assert min(inks) == pytest.approx(0, abs=10)
    assert max(inks) == pytest.approx(255 - 225 * 0.65, abs=12)


def test_tint_darkens_channels_a_little() -> None:
    for seed in range(10):
        changed = look(WHITE, seed, tint=0.1)
        assert changed.min() >= 255 * 0.89
        assert (changed == changed[0, 0]).all()


def test_gray_takes_color_away() -> None:
    changed = look(glyph(), gray=1.0)
    assert (changed[..., 0] == changed[..., 2]).all()
    assert (look(glyph())[10, 10] == (60, 60, 220)).all()


def test_strokes_become_thicker_and_thinner() -> None:
    plain = glyph().astype(int).sum()
    sums = [int(look(glyph(), seed, thickness=1.0).astype(int).sum()) for seed in range(12)]
    assert min(sums) < plain < max(sums)


def test_what_shines_through_is_mirrored_and_faint() -> None:
    back = WHITE.copy()
    back[:, :16] = 0
    for seed in range(10):
        changed = look(WHITE, seed, back)
        assert (changed[:, 4:40] > 250).all()
        assert 255 * 0.55 < changed[:, 56:].mean() < 255 * 0.95
        # Ink in front stays as dark as it was.
        assert look(np.zeros_like(WHITE), seed, back).max() == 0


def test_seals_are_red_and_let_ink_through() -> None:
    red = 0
    for seed in range(20):
        stamped = look(WHITE, seed, seal=1.0).astype(int)
        red = max(red, int((stamped[..., 0] - stamped[..., 1]).max()))
        assert (stamped[..., 0] >= stamped[..., 1]).all()
        assert look(np.zeros_like(WHITE), seed, seal=1.0).max() == 0
    assert red > 60


def test_noise_and_shadow_stay_within_their_size() -> None:
    gray = np.full((64, 64, 3), 128, np.uint8)
    for seed in range(8):
        assert look(gray, seed, noise=8.0).std() < 9
        shaded = look(gray, seed, shadow=25.0).astype(int)
        assert np.abs(np.diff(shaded[..., 0], axis=1)).max() <= 6
    assert look(gray, 1, noise=8.0).std() > 0.5


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"smallest": 0.0}, "smallest"),
        ({"smallest": 60.0}, "smallest"),
        ({"largest": float("nan")}, "smallest"),
        ({"rotate": -1.0}, "no negative value"),
        ({"seal": -0.1}, "no negative value"),
    ],
)
def test_settings_out_of_range_are_refused(values: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        TileAugmentConfig(**values)
