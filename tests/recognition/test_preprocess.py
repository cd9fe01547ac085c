import cv2
import numpy as np
import pytest
import torch

from kuzushiji_submit.core.errors import ConfigError
from recognition.preprocess import PreprocessConfig, binarize, block_size, preprocess, to_unit


@pytest.mark.parametrize(
    ("height", "rule", "block"),
    [(32, "height", 33), (32, "two-thirds", 21), (48, "two-thirds", 33), (64, "two-thirds", 43), (33, "height", 33)],
)
def test_block_is_the_seeds(height: int, rule: str, block: int) -> None:
    assert block_size(height, rule) == block


def crops_of_a_kind(kind: str, size: int) -> np.ndarray:
    random = np.random.default_rng(size)
    if kind == "blank":
        return np.zeros((3, size, size), np.uint8)
    if kind == "black":
        return np.full((3, size, size), 255, np.uint8)
    if kind == "faint":  # all differences lie around the threshold
        return random.integers(0, 6, (30, size, size), dtype=np.uint8)
    noise = random.integers(0, 256, (30, size, size), dtype=np.uint8)
    return noise if kind == "noise" else np.stack([cv2.GaussianBlur(one, (0, 0), 3) for one in noise])


@pytest.mark.parametrize("kind", ["blank", "black", "faint", "noise", "smooth"])
@pytest.mark.parametrize("rule", ["height", "two-thirds"])
@pytest.mark.parametrize("size", [32, 48, 64])
@pytest.mark.parametrize("threshold", [2, 2.5, -1.5])
def test_binarization_is_bit_for_bit_opencvs(kind: str, rule: str, size: int, threshold: float) -> None:
    ink = crops_of_a_kind(kind, size)
    block = block_size(size, rule)
    paper = np.stack(
        [
            cv2.adaptiveThreshold(255 - one, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY, block, threshold)
            for one in ink
        ]
    )
    ours = binarize(to_unit(torch.from_numpy(ink)), block, threshold)
    np.testing.assert_array_equal(ours[:, 0].numpy(), 1 - paper / 255)


def test_no_crops() -> None:
    empty = torch.zeros((0, 32, 32), dtype=torch.uint8)
    assert preprocess(empty, PreprocessConfig()).shape == (0, 1, 32, 32)


@pytest.mark.parametrize("rule", ["none", "height", "two-thirds"])
def test_crops_become_normalized_floats_and_stay_themselves(rule: str) -> None:
    crops = torch.randint(0, 256, (2, 32, 32), dtype=torch.uint8)
    before = crops.clone()
    raw = preprocess(crops, PreprocessConfig(rule))
    normalized = preprocess(crops, PreprocessConfig(rule, mean=0.25, std=0.5))
    assert raw.shape == (2, 1, 32, 32)
    assert raw.dtype == torch.float32
    torch.testing.assert_close(normalized, (raw - 0.25) / 0.5)
    assert torch.equal(crops, before)


def test_paper_is_0_and_ink_1() -> None:
    crops = torch.tensor([[[0, 255], [51, 0]]], dtype=torch.uint8)
    torch.testing.assert_close(preprocess(crops, PreprocessConfig()), torch.tensor([[[[0.0, 1.0], [0.2, 0.0]]]]))


@pytest.mark.parametrize(
    "values", [{"binarize": "otsu"}, {"std": 0.0}, {"std": float("nan")}, {"std": -1.0}, {"mean": float("inf")}]
)
def test_config_out_of_range_is_refused(values: dict) -> None:
    with pytest.raises(ConfigError, match="preprocess"):
        PreprocessConfig(**values)
