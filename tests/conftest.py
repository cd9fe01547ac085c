"""Fixtures that many tests share."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from kuzushiji_submit.competition.truth import PageTruth
from kuzushiji_submit.submission import PagePoints

MakeTruth = Callable[..., PageTruth]
MakePoints = Callable[..., PagePoints]


@pytest.fixture
def make_truth() -> MakeTruth:
    """A page from (codepoint, x, y, w, h) tuples."""

    def make(*groups: tuple[str, float, float, float, float], image_id: str = "book_1") -> PageTruth:
        boxes = np.array([(x, y, x + w, y + h) for _, x, y, w, h in groups], np.float32).reshape(-1, 4)
        return PageTruth(image_id, tuple(group[0] for group in groups), boxes)

    return make


@pytest.fixture
def make_points() -> MakePoints:
    """A page of predictions from (label, x, y) tuples."""

    def make(*groups: tuple[str, float, float], image_id: str = "book_1") -> PagePoints:
        points = np.array([group[1:] for group in groups], np.float64).reshape(-1, 2)
        return PagePoints(image_id, tuple(group[0] for group in groups), points)

    return make


@pytest.fixture
def write_csv(tmp_path: Path) -> Callable[[str, Sequence[str]], Path]:
    """A file of the given lines."""

    def write(name: str, lines: Sequence[str]) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        return path

    return write
