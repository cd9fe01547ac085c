import pytest
import torch
from torch import Tensor, nn

from detection.dense.network import PLACES, DenseReader, DenseReaderConfig
from detection.heatmap.network import COARSEST, UNIT
from tests.detection.dense.conftest import CHARSET, TINY

BOX = (40.0, 60.0, 100.0, 120.0)


def boxes_of(*pages: list[tuple[float, ...]]) -> tuple[Tensor, Tensor]:
    """Boxes (N, P, 4) and which of them there are (N, P), of pages with boxes of their own."""
    most = max(map(len, pages), default=0)
    boxes, present = torch.zeros(len(pages), most, 4), torch.zeros(len(pages), most, dtype=torch.bool)
    for page, own in enumerate(pages):
        boxes[page, : len(own)] = torch.tensor(own).reshape(-1, 4)
        present[page, : len(own)] = True
    return boxes, present


@pytest.mark.parametrize(
    "values", [{"hidden": 0}, {"embedding": 0}, {"dropout": -0.1}, {"dropout": 1.0}, {"dropout": float("nan")}]
)
def test_a_shape_that_is_none_is_refused(values: dict) -> None:
    with pytest.raises(ValueError, match=r"sizes of 1 or more and a dropout in \[0, 1\)"):
        DenseReaderConfig(**values)


@pytest.mark.parametrize("pages", [[[]], [[], []], [[BOX]], [[BOX], []], [[BOX, BOX], [BOX]], [[], [BOX] * 3, [BOX]]])
def test_every_box_that_there_is_is_read(network: DenseReader, pages: list) -> None:
    logits = network(torch.rand(len(pages), 3, 128, 160), *boxes_of(*pages))
    assert logits.shape == (sum(map(len, pages)), len(CHARSET))
    assert logits.dtype == torch.float32
    assert bool(torch.isfinite(logits).all())


def test_boxes_are_read_page_by_page_and_each_by_itself(network: DenseReader) -> None:
    pages, other = torch.rand(2, 3, 128, 160), (8.0, 8.0, 30.0, 50.0)
    together = network(pages, *boxes_of([BOX, other], [other]))
    alone = [network(pages[[page]], *boxes_of([box])) for page, box in ((0, BOX), (0, other), (1, other))]
    torch.testing.assert_close(together, torch.cat(alone), rtol=1e-4, atol=1e-4)
    assert not torch.allclose(together[1], together[2])


@pytest.mark.parametrize(
    "box", [(50, 50, 50, 50), (50, 50, 50, 90), (90, 90, 50, 50), (-900, -900, -800, -800), (0, 0, 1e6, 1e6)]
)
def test_odd_boxes_have_finite_answers(network: DenseReader, box: tuple[float, ...]) -> None:
    assert bool(torch.isfinite(network(torch.rand(1, 3, 128, 160), *boxes_of([box]))).all())


def test_it_looks_at_the_middles_of_the_box_s_ninths_and_at_its_own(
    network: DenseReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Maps that say which pixel their cells lie on, and a head that passes on what is seen."""

    def pixels(stride: int) -> Tensor:
        y, x = (torch.arange(side // stride) * stride + (stride - 1) / 2 + 0.5 for side in (256, 192))
        return torch.stack([x.expand(len(y), -1), y[:, None].expand(-1, len(x))])[None]

    maps = [pixels(stride) for stride in (4, 8, 16, 32)]
    monkeypatch.setattr(network, "look", lambda pages: (maps, maps))
    monkeypatch.setattr(network, "embed", nn.Identity())
    monkeypatch.setattr(network, "classifier", nn.Identity())
    (seen,) = network(torch.zeros(1, 3, 256, 192), *boxes_of([BOX]))
    columns, rows = [50.0, 70.0, 90.0] * PLACES, [row for row in (70.0, 90.0, 110.0) for _ in range(PLACES)]
    expected = [*columns, *rows] * 3 + [70.0, 90.0] * 4
    torch.testing.assert_close(seen[:-2], torch.tensor(expected))
    torch.testing.assert_close(seen[-2:], torch.log(torch.tensor([60.0, 60.0]) / UNIT))


def test_what_is_far_away_does_not_matter(network: DenseReader) -> None:
    page = torch.rand(1, 3, COARSEST, 20 * COARSEST)
    other = page.clone()
    other[..., 10 * COARSEST :] = 0
    near, far = boxes_of([(8, 4, 30, 28)]), boxes_of([(600, 4, 630, 28)])
    assert torch.equal(network(page, *near), network(other, *near))
    assert not torch.equal(network(page, *far), network(other, *far))


def test_the_pyramid_has_the_detector_s_names() -> None:
    names = {name.partition(".")[0] for name in DenseReader(TINY, 3).state_dict()}
    assert names == {"stem", "levels", "lateral", "smooth", "embed", "classifier"}


def test_the_default_is_small_beside_its_classes() -> None:
    network = DenseReader(DenseReaderConfig(), 4212)
    classes = sum(weight.numel() for weight in network.classifier.parameters())
    assert classes == 257 * 4212
    assert sum(weight.numel() for weight in network.parameters()) - classes < 3e6
