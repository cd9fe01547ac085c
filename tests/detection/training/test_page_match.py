from pathlib import Path

import numpy as np
import pytest
import torch

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
    assert len(ValidationPages(pages, 32.0)) == 1
    assert len(ValidationPages([], 32.0)) == 0


@pytest.mark.parametrize(("size", "zoom"), [(64, 0.5), (32, 1.0), (24, 4 / 3), (10, 1.5)])
def test_pages_are_brought_to_the_networks_size(size: int, zoom: float) -> None:
    page = stored(size, [EXACT] * 3)
    shown = ValidationPages([page], 32.0)[0]
    assert shown.image.shape == (round(page.image.shape[0] * zoom), round(page.image.shape[1] * zoom), 3)
    assert shown.image.dtype == np.uint8
    np.testing.assert_allclose(shown.boxes, page.boxes * zoom, rtol=1e-5)
    left, top, right, bottom = shown.boxes[1].round().astype(int)
    assert shown.image[top + 2 : bottom - 2, left + 2 : right - 2].max() < 60


def test_a_page_of_a_store_is_not_changed(store: Path) -> None:
    page = PageStore(store).open("page0")
    before = np.array(page.image)
    ValidationPages([page], 32.0)[0].image[:] = 0
    np.testing.assert_array_equal(page.image, before)


def test_behind_the_last_page_lies_an_empty_one() -> None:
    pages = ValidationPages([stored(20, [EXACT])], 32.0)
    matcher = PageMatcher(match)
    matcher.update(BlobNet(), pages[1], CPU)
    assert matcher.counts == [0, 0, 0]


def test_hits_misses_and_false_alarms_are_summed() -> None:
    matcher = PageMatcher(match)
    page, boxes = blob_page(columns=2, rows=3)
    matcher.update(BlobNet(), ValidationPage(page, boxes), CPU)
    assert matcher.counts == [6, 0, 0]
    matcher.update(BlobNet(), ValidationPage(page, boxes[:4]), CPU)
    assert matcher.counts == [10, 2, 0]
    blank = np.full_like(page, 255)
    matcher.update(BlobNet(), ValidationPage(blank, boxes), CPU)
    assert matcher.counts == [10, 2, 6]
    matcher.reset()
    assert matcher.counts == [0, 0, 0]


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
def test_ratios(counts: tuple[int, ...], expected: tuple[float, ...]) -> None:
    found = PageMatcher.ratios(torch.tensor(counts, dtype=torch.float32))
    assert (found["precision"], found["recall"], found["f1"]) == pytest.approx(expected)
