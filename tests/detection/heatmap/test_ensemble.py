"""The maps of several networks averaged."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from detection.heatmap.detector import HeatmapDetector
from detection.heatmap.ensemble import MeanOfMaps
from detection.heatmap.network import STRIDE
from kuzushiji_submit.core.page.prepared import prepare_page
from tests.detection.heatmap.conftest import BlobNet, blob_page


class Says(nn.Module):
    """The same score and distance everywhere."""

    def __init__(self, score: float, distance: float) -> None:
        super().__init__()
        self.cell = torch.cat([torch.tensor([score]).logit(), torch.tensor([distance] * 4).log()])

    def forward(self, pages: Tensor) -> Tensor:
        shape = len(pages), 5, pages.shape[2] // STRIDE, pages.shape[3] // STRIDE
        return self.cell.view(1, 5, 1, 1).expand(shape)


@pytest.mark.parametrize(
    ("said", "score", "distance"),
    [
        ([(0.3, 2.0)], 0.3, 2.0),
        ([(0.2, 1.0), (0.6, 1.0)], 0.4, 1.0),
        # Who sees three times as much has three times the say in how large it is.
        ([(0.2, 1.0), (0.6, 3.0)], 0.4, 2.5),
        ([(0.0, 9.0), (1.0, 1.0)], 0.5, 1.0),
        ([(1.0, 1.0), (1.0, 1.0)], 1.0, 1.0),
    ],
)
def test_scores_are_averaged_and_distances_where_something_is_seen(
    said: list[tuple[float, float]], score: float, distance: float
) -> None:
    maps = MeanOfMaps([Says(*each) for each in said])(torch.zeros(2, 3, 32, 64))
    assert maps.shape == (2, 5, 8, 16)
    assert torch.isfinite(maps).all()
    assert maps[:, 0].sigmoid().numpy() == pytest.approx(score, abs=1e-5)
    assert maps[:, 1:].exp().numpy() == pytest.approx(distance, rel=1e-4)


def test_twice_the_same_network_finds_what_it_finds_alone() -> None:
    page, boxes = blob_page()
    prepared = prepare_page(page)
    alone = HeatmapDetector(BlobNet(), device="cpu").detect(prepared)
    twice = HeatmapDetector(MeanOfMaps([BlobNet(), BlobNet()]), device="cpu").detect(prepared)
    assert len(alone) == len(boxes)
    np.testing.assert_allclose(twice.boxes, alone.boxes, atol=0.1)
    np.testing.assert_allclose(twice.scores, alone.scores, atol=1e-4)
