from pathlib import Path

import numpy as np
import pytest
import torch

from detection.heatmap.detector import HeatmapDetectorConfig
from detection.heatmap.network import COARSEST, UNIT
from detection.training.page_match import PageMatcher, ValidationPage, ValidationPages
from detection.training.page_store import EXACT, ROUGH, PageStore, StoredPage
from tests.detection.heatmap.conftest import BlobNet, blob_page
from tests.detection.training.conftest import match

CPU = torch.device("cpu")


def stored(size: int, kinds: list[int], image: np.ndarray | None = None) -> StoredPage:
    page, boxes = blob_page(size=size, columns=1, rows=len(kinds), gap=size)
    return StoredPage("p", "b", page if image is None else image, boxes, np.array(kinds, np.uint8))


def test_only_pages_annotated_exactly_throughout_count() -> None:
    pages = [stored(20, [EXACT, EXACT]), stored(20, [EXACT, ROUGH]), stored(20, [ROUGH])]
    assert len(ValidationPages(pages)) == 1
    assert len(ValidationPages([])) == 0


@pytest.mark.parametrize("size", [64, 32, 20])
def test_pages_are_read_as_predict_reads_them(size: int) -> None:
    """One look to find out how large the characters are, then two at sizes around the network's own."""
    page, boxes = blob_page(size=size, columns=4, rows=6, gap=size)
    network = BlobNet()
    matcher = PageMatcher(match)
    matcher.update(network, ValidationPage(page, boxes), CPU)
    assert matcher.compute()["f1"] == 1
    config = HeatmapDetectorConfig()
    heights = [height for height, _ in network.seen_hw]
    assert len(heights) == 1 + len(config.scales)
    # The first look does not know the truth's size.
    assert max(network.seen_hw[0]) == pytest.approx(config.long_side, abs=COARSEST)
    for height, scale in zip(heights[1:], config.scales, strict=True):
        assert height == pytest.approx(page.shape[0] * UNIT / size * scale, rel=0.1, abs=COARSEST)


def test_a_page_of_a_store_is_not_changed(store: Path) -> None:
    page = PageStore(store).open("page0")
    before = np.array(page.image)
    ValidationPages([page])[0].image[:] = 0
    np.testing.assert_array_equal(page.image, before)


def test_behind_the_last_page_lies_an_empty_one() -> None:
    pages = ValidationPages([stored(20, [EXACT])])
    matcher = PageMatcher(match)
    matcher.update(BlobNet(), pages[1], CPU)
    assert matcher.counts.tolist() == [0, 0, 0]


def test_hits_misses_and_false_alarms_are_summed() -> None:
    matcher = PageMatcher(match)
    page, boxes = blob_page(columns=2, rows=3)
    matcher.update(BlobNet(), ValidationPage(page, boxes), CPU)
    assert matcher.counts.tolist() == [6, 0, 0]
    matcher.update(BlobNet(), ValidationPage(page, boxes[:4]), CPU)
    assert matcher.counts.tolist() == [10, 2, 0]
    blank = np.full_like(page, 255)
    matcher.update(BlobNet(), ValidationPage(blank, boxes), CPU)
    assert matcher.counts.tolist() == [10, 2, 6]
    matcher.reset()
    assert matcher.counts.tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ((0, 0, 0), (0.0, 0.0, 0.0)),
        ((0, 5, 0), (0.0, 0.0, 0.0)),
        ((0, 0, 5), (0.0, 0.0, 0.0)),
        ((3, 0, 0), (1.0, 1.0, 1.0)),
        ((6, 2, 4), (0.75, 0.6, 2 / 3)),
    ],
)
@pytest.mark.filterwarnings("ignore:The ``compute`` method of metric")
def test_ratios(counts: tuple[int, ...], expected: tuple[float, ...]) -> None:
    matcher = PageMatcher(match)
    matcher.counts += torch.tensor(counts)
    found = matcher.compute()
    assert (found["precision"], found["recall"], found["f1"]) == pytest.approx(expected)
