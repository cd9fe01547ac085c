import dataclasses

import pytest
import torch

from detection.heatmap.network import COARSEST, STRIDE, UNIT, FeaturePyramid, HeatmapNet, HeatmapNetConfig
from tests.detection.heatmap.conftest import TINY


@pytest.mark.parametrize("shape", [(0, 3, 32, 32), (1, 3, 32, 32), (2, 3, 64, 96), (1, 3, 160, 32)])
def test_five_maps_at_a_quarter_of_the_page(network: HeatmapNet, shape: tuple[int, ...]) -> None:
    out = network(torch.rand(shape))
    assert out.shape == (shape[0], 5, shape[2] // STRIDE, shape[3] // STRIDE)
    assert out.dtype == torch.float32
    assert bool(torch.isfinite(out).all())


def test_the_pyramid_has_a_level_for_every_stride() -> None:
    features, pyramid = FeaturePyramid(TINY).look(torch.rand(2, 3, 64, 96))
    sizes = [(64 // stride, 96 // stride) for stride in (4, 8, 16, 32)]
    assert [tuple(level.shape) for level in features] == [
        (2, width, *size) for width, size in zip(TINY.widths[1:], sizes, strict=True)
    ]
    assert [tuple(level.shape) for level in pyramid] == [(2, TINY.pyramid, *size) for size in sizes]


@pytest.mark.parametrize(
    "values",
    [
        {"widths": ()},
        {"widths": (16, 32, 64, 96)},
        {"widths": (16, 32, 64, 96, 0)},
        {"depths": (2, 3, 3)},
        {"depths": (2, 3, 3, 0)},
        {"pyramid": 0},
    ],
)
def test_a_shape_that_is_none_is_refused(values: dict) -> None:
    with pytest.raises(ValueError, match="5 widths and 4 depths"):
        HeatmapNetConfig(**values)


def test_a_fresh_network_expects_few_characters_of_the_usual_size() -> None:
    torch.manual_seed(0)
    maps = HeatmapNet().eval()(torch.zeros(1, 3, 64, 64)).detach()[0]
    assert maps[0].sigmoid().mean().item() == pytest.approx(0.05, abs=0.03)
    assert (maps[1:].exp() * UNIT).median().item() == pytest.approx(16, rel=0.2)


def test_the_default_has_a_few_million_weights() -> None:
    assert 5e5 < sum(one.numel() for one in HeatmapNet().parameters()) < 3e6


def test_depth_counts_the_halving_convolution() -> None:
    deeper = dataclasses.replace(TINY, depths=(1, 2, 1, 3))
    shallow, deep = HeatmapNet(TINY), HeatmapNet(deeper)
    assert [len(level) for level in deep.levels] == [1, 2, 1, 3]
    added = set(deep.state_dict()) - set(shallow.state_dict())
    assert {name.split(".")[:3][2] for name in added} == {"1", "2"}
    assert all(name.startswith("levels.3.") for name in added)


def test_names_of_the_weights_are_those_of_every_checkpoint() -> None:
    names = set(HeatmapNet().state_dict())
    assert {
        "stem.0.weight",
        "stem.1.running_var",
        "levels.0.0.0.weight",
        "levels.3.2.conv.1.num_batches_tracked",
        "lateral.3.bias",
        "smooth.0.1.weight",
        "head.0.0.weight",
        "head.1.bias",
    } <= names
    assert {name.partition(".")[0] for name in names} == {"stem", "levels", "lateral", "smooth", "head"}


def test_what_the_network_sees_far_away_does_not_matter() -> None:
    """The receptive field is bounded: a page's end says nothing about its beginning."""
    torch.manual_seed(0)
    net = HeatmapNet(TINY).eval()
    page = torch.rand(1, 3, COARSEST, 20 * COARSEST)
    other = page.clone()
    other[..., 10 * COARSEST :] = 0
    first, second = net(page), net(other)
    assert torch.equal(first[..., : 4 * COARSEST // STRIDE], second[..., : 4 * COARSEST // STRIDE])
    assert not torch.equal(first[..., 11 * COARSEST // STRIDE :], second[..., 11 * COARSEST // STRIDE :])
