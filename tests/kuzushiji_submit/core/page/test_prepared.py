"""A page is prepared in one place alone."""

import ast
from pathlib import Path

import numpy as np
import pytest

import detection
import kuzushiji_submit
import recognition
from detection.heatmap.page_input import levelled_page
from kuzushiji_submit.core.errors import PageReadError
from kuzushiji_submit.core.page import prepared as module
from kuzushiji_submit.core.page.ink import DEFAULT_INK, InkConfig
from kuzushiji_submit.core.page.prepared import prepare_page, take_levelled
from tests.drawn_pages import DrawnPage

ESTIMATES = {"estimate_paper", "read_ink"}


@pytest.mark.parametrize("shape", [(0, 0, 3), (0, 5, 3), (5, 0, 3)])
def test_a_page_without_pixels_has_no_paper(shape: tuple[int, int, int]) -> None:
    page = prepare_page(np.zeros(shape, np.uint8))
    assert (page.paper, page.lines, page.ink.shape, page.size_hw) == (None, None, shape[:2], shape[:2])


@pytest.mark.parametrize(
    "pixels", [np.zeros((5, 5), np.uint8), np.zeros((5, 5, 4), np.uint8), np.zeros((5, 5, 3), np.float32)]
)
def test_what_is_no_page_is_refused(pixels: np.ndarray) -> None:
    with pytest.raises(PageReadError, match=r"uint8 array of shape \(H, W, 3\), got"):
        prepare_page(pixels)


def test_a_page_keeps_its_pixels_and_what_made_its_ink() -> None:
    pixels = DrawnPage.blank(300, 200).text().image
    config = InkConfig(remove_lines=False)
    page = prepare_page(pixels, config)
    assert page.pixels is pixels
    assert page.config is config
    assert page.size_hw == page.ink.shape == (300, 200)
    assert page.paper is not None
    assert page.paper.color.shape == (38, 25, 3)
    assert prepare_page(pixels).config == DEFAULT_INK


@pytest.mark.parametrize("hw", [(0, 0), (0, 5), (1, 1), (300, 205)])
def test_a_levelled_page_stays_as_it_is(hw: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "estimate_paper", None)
    pixels = np.random.default_rng(0).integers(0, 256, (*hw, 3)).astype(np.uint8)
    page = take_levelled(pixels)
    assert (page.paper is None) == (pixels.size == 0)
    if page.paper is not None:
        assert page.paper.color.shape[:2] == page.paper.on_page.shape == (-(-hw[0] // 8), -(-hw[1] // 8))
        np.testing.assert_array_equal(levelled_page(page, hw), pixels)


def test_paper_is_estimated_and_ink_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    for name in sorted(ESTIMATES):
        made = getattr(module, name)
        monkeypatch.setattr(module, name, lambda *a, name=name, made=made: asked.append(name) or made(*a))
    page = prepare_page(DrawnPage.blank(300, 200).text().image)
    assert asked == ["estimate_paper"]
    assert page.ink is page.ink
    assert page.lines is page.lines
    assert asked == ["estimate_paper", "read_ink"]


@pytest.mark.parametrize("package", [detection, kuzushiji_submit, recognition])
def test_nobody_else_estimates_paper_or_ink(package: object) -> None:
    owners = {module.__file__, *(str(path) for path in Path(module.__file__).parent.glob("*.py"))}
    for path in Path(next(iter(package.__path__))).rglob("*.py"):
        if str(path) in owners:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            named = {alias.name for alias in node.names} if isinstance(node, ast.ImportFrom) else set()
            assert not named & ESTIMATES, path
