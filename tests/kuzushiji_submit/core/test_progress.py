"""Bars on a terminal, plain lines elsewhere."""

import io
import sys

import pytest

from kuzushiji_submit.core import progress as module
from kuzushiji_submit.core.progress import counter, describe, end_progress, progress, show_progress, write_line


@pytest.fixture(autouse=True)
def _shown_again():
    yield
    show_progress(True)


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self, monkeypatch):
        self.seconds = 1000.0
        monkeypatch.setattr("tqdm.std.time", lambda: self.seconds)


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def test_lines_come_every_half_minute_and_at_the_end(monkeypatch, capsys):
    clock = Clock(monkeypatch)
    with counter("predict", 1000) as bar:
        for _ in range(100):
            clock.seconds += 1
            bar.update()
    assert capsys.readouterr().err.splitlines() == [
        "predict: 30 of 1000 pages (3 %), 1 pages/s, 16:10 left",
        "predict: 60 of 1000 pages (6 %), 1 pages/s, 15:40 left",
        "predict: 90 of 1000 pages (9 %), 1 pages/s, 15:10 left",
        "predict: 100 of 1000 pages (10 %), 1 pages/s, 15:00 left",
    ]


def test_a_tenth_of_the_work_is_a_line_as_well(monkeypatch, capsys):
    clock = Clock(monkeypatch)
    for _ in progress(range(20), "report"):
        clock.seconds += 4
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "report: 2 of 20 pages (10 %), 0.25 pages/s, 01:12 left"
    assert lines[-1] == "report: 20 of 20 pages (100 %), 0.25 pages/s, 01:20 in all"
    assert len(lines) == 10


def test_what_was_done_before_does_not_count_as_speed(monkeypatch, capsys):
    clock = Clock(monkeypatch)
    with counter("predict", 100, initial=50) as bar:
        clock.seconds += 10
        bar.update(10)
    assert capsys.readouterr().err == "predict: 60 of 100 pages (60 %), 1 pages/s, 00:40 left\n"


def test_no_work_is_no_line(capsys):
    assert list(progress([], "report")) == []
    assert list(progress([1, 2], None)) == [1, 2]
    show_progress(False)
    assert list(progress([1, 2], "report")) == [1, 2]
    with counter("predict", 2) as bar:
        bar.update()
    assert capsys.readouterr().err == ""


def test_short_work_with_a_delay_is_not_told(monkeypatch, capsys):
    clock = Clock(monkeypatch)
    assert list(progress([1, 2], "look", delay=3.0)) == [1, 2]
    assert capsys.readouterr().err == ""
    for _ in progress([1, 2], "look", delay=3.0):
        clock.seconds += 3
    assert capsys.readouterr().err.endswith("look: 2 of 2 pages (100 %), 0.333 pages/s, 00:06 in all\n")


def test_log_files_hold_no_carriage_return(monkeypatch, capsys):
    clock = Clock(monkeypatch)
    with counter("predict", 5) as bar:
        for _ in range(5):
            clock.seconds += 40
            bar.set_postfix(loss=0.5, refresh=True)
            bar.update()
            write_line("b_1: no image")
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "\r" not in captured.err
    assert captured.err.count("b_1: no image\n") == 5
    assert captured.err.splitlines()[-1].endswith("in all, loss=0.5")


@pytest.mark.parametrize(
    ("unit", "scale", "total", "line"),
    [
        ("B", True, 5_000_000, "a: 2.50MB of 5.00MB (50 %), 1.25MB/s, 00:02 left"),
        ("batch", False, 5_000_000, "a: 2500000 of 5000000 batches (50 %), 1,250,000 batches/s, 00:02 left"),
        ("page", False, None, "a: 2500000 pages, 1,250,000 pages/s, 00:02 in all"),
    ],
)
def test_units(unit, scale, total, line):
    state = {"n": 2_500_000, "total": total, "unit": unit, "unit_scale": scale, "prefix": "a", "elapsed": 2.0}
    assert describe({**state, "initial": 0, "postfix": None}) == line


def test_a_terminal_has_a_bar(monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    list(progress([1, 2], "report"))
    assert "\rreport: 100%" in terminal.getvalue()
    monkeypatch.setenv("TERM", "dumb")
    assert not module.on_terminal()


def test_a_bar_that_an_error_left_is_ended(capsys):
    bar = counter("predict", 3)
    bar.update()
    end_progress()
    assert capsys.readouterr().err.startswith("predict: 1 of 3 pages")
    bar.close()
    assert capsys.readouterr().err == ""
