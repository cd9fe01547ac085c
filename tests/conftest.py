"""Fixtures that many tests share."""

import logging
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from kuzushiji_submit.competition.submission import PagePoints
from kuzushiji_submit.competition.truth import PageTruth
from tests.load_module import load_module

HERE = Path(__file__).parent
load_module(HERE / "properties.py")
load_module(HERE / "kaggle_http.py")
KaggleServer = load_module(HERE / "kaggle_server.py").KaggleServer
MakeTruth = Callable[..., PageTruth]
MakePoints = Callable[..., PagePoints]


@pytest.fixture(autouse=True)
def _loggers_as_they_were() -> Iterator[None]:
    """Undoes what the command line does to the packages' loggers, which other tests listen to."""
    loggers = [logging.getLogger(name) for name in ("kuzushiji_submit", "detection", "recognition")]
    before = [(one.handlers[:], one.level, one.propagate) for one in loggers]
    yield
    for one, (handlers, level, propagate) in zip(loggers, before, strict=True):
        one.handlers[:], one.propagate = handlers, propagate
        one.setLevel(level)


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


@pytest.fixture
def kaggle_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[KaggleServer]:
    """A stand-in for Kaggle, and this process's environment set so that every `kaggle` client it starts goes there."""
    home = tmp_path / "home"
    home.mkdir()
    for name in list(os.environ):
        if name.startswith("KAGGLE_") or name.lower() in ("http_proxy", "https_proxy", "all_proxy", "xdg_config_home"):
            monkeypatch.delenv(name)
    with KaggleServer() as server:
        for name, value in server.environment(home).items():
            monkeypatch.setenv(name, value)
        yield server
