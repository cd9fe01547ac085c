import pytest
import torch

from kuzushiji_submit.core.errors import ConfigError
from recognition.models.reader import Reader, ReaderConfig
from recognition.models.registry import build_model
from tests.recognition.conftest import count_parameters

SMALL = ReaderConfig(widths=(4, 6, 8), blocks=(1, 2), embedding=16)


@pytest.mark.parametrize("size", [48, 64, 96, 128])
@pytest.mark.parametrize("scale", [0.0, 16.0])
def test_one_logit_more_than_classes_at_every_size(size: int, scale: float) -> None:
    model = Reader(ReaderConfig(widths=(4, 6, 8), blocks=(1, 2), embedding=16, scale=scale), 7).eval()
    crops, shape = torch.rand(3, 2, size, size), torch.zeros(3, 2)
    logits = model(crops, shape)
    assert logits.shape == (3, 8)
    maps = model.forward_features(crops)
    torch.testing.assert_close(model.forward_head(maps, shape), logits)
    if scale:
        assert logits.abs().max() <= scale + 1e-4


def test_the_mark_and_the_shape_of_the_box_matter() -> None:
    torch.manual_seed(0)
    model = Reader(SMALL, 7).eval()
    crops, shape = torch.rand(1, 2, 64, 64), torch.zeros(1, 2)
    unmarked = crops.clone()
    unmarked[:, 1] = 0
    assert not torch.allclose(model(crops, shape), model(unmarked, shape))
    assert not torch.allclose(model(crops, shape), model(crops, shape + 1))


def test_the_default_fits_into_twelve_megabytes_in_half_precision() -> None:
    model = build_model(ReaderConfig(), 4212)
    assert 2 * count_parameters(model) < 12e6


@pytest.mark.parametrize(
    "values",
    [
        {"widths": (8,), "blocks": ()},
        {"widths": (8, 8), "blocks": (1, 1)},
        {"widths": (8, 0), "blocks": (1,)},
        {"widths": (8, 8), "blocks": (0,)},
        {"embedding": 0},
        {"dropout": 1.0},
        {"scale": -1.0},
    ],
)
def test_shapes_that_cannot_be_are_refused(values: dict) -> None:
    with pytest.raises(ConfigError, match="a reader needs"):
        ReaderConfig(**values)
