"""One function over many pages: order, failures, killed processes, early ends."""

import errno
import importlib.util
import itertools
import os
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from kuzushiji_submit.core.engine import Failure, attempt, map_pages
from kuzushiji_submit.core.errors import OutputError, PageReadError, WorkerError
from kuzushiji_submit.core.page.page_files import PageFile

KINDS = ("serial", "threads", "processes")
needs_ray = pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="ray is not installed")


def double(number):
    if number == 3:
        raise PageReadError("3: no page")
    if number == 13:
        raise OutputError("disk full")
    return 2 * number


def double_or_fail(number):
    """Fails as nobody foresaw: with an error of any kind, and with a result that cannot be handed over."""
    if number == 2:
        raise ZeroDivisionError("oops")
    if number == 3:
        raise MemoryError
    if number == 4:
        raise UnicodeEncodeError("utf-8", "\udc95", 0, 1, "surrogates not allowed")
    if number == 5:
        return lambda: number
    return 2 * number


def fill_the_disk(number):
    if number == 2:
        raise OSError(errno.ENOSPC, "No space left on device")
    return number


def double_or_die(number):
    if number == 2:
        os._exit(9)  # as a process ends that the system kills for its memory
    return 2 * number


def tell(results):
    return [str(result.error) if isinstance(result, Failure) else result for result in results]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("workers", [0, 1, 2])
@pytest.mark.parametrize(("items", "expected"), [([], []), ([5], [10]), ([3], ["3: no page"])])
def test_nothing_and_one(kind, workers, items, expected):
    assert tell(map_pages(double, items, workers, kind)) == expected


@pytest.mark.parametrize("kind", KINDS)
def test_results_keep_their_order_and_a_failing_item_stops_no_other(kind):
    assert tell(map_pages(double, range(8), 2, kind)) == [0, 2, 4, "3: no page", 8, 10, 12, 14]


def test_the_slowest_comes_first_where_it_was_first():
    waits = [0.2, 0.0, 0.1, 0.0]
    assert list(map_pages(lambda wait: time.sleep(wait) or wait, waits, 4, "threads")) == waits


@pytest.mark.parametrize("kind", KINDS)
def test_other_errors_end_the_work(kind):
    results = map_pages(double, [1, 13, 2], 2, kind)
    assert next(results) == 2
    with pytest.raises(OutputError, match="disk full"):
        next(results)


@pytest.mark.parametrize("kind", KINDS)
def test_what_nobody_foresaw_costs_its_page_alone(kind):
    results = list(map_pages(double_or_fail, range(8), 2, kind))
    assert [results[place] for place in (0, 1, 6, 7)] == [0, 2, 12, 14]
    failed = [result for result in results if isinstance(result, Failure)]
    assert [result.item for result in failed] == ([2, 3, 4, 5] if kind == "processes" else [2, 3, 4])
    assert all(isinstance(result.error, PageReadError) for result in failed)
    assert str(failed[0].error) == "2: cannot be worked on (ZeroDivisionError: oops): report this page"
    assert str(failed[1].error) == "3: does not fit the memory: scale the image down, or use fewer workers"


@pytest.mark.parametrize("kind", KINDS)
def test_a_full_disk_ends_the_work(kind):
    results = map_pages(fill_the_disk, range(1, 9), 2, kind)
    assert next(results) == 1
    with pytest.raises(OSError, match="No space left"):
        next(results)


@dataclass
class Job:
    path: Path


@dataclass
class FileJob:
    file: PageFile
    image_id: str = "other"


@pytest.mark.parametrize(
    "item",
    [
        Path("a/b_1.jpg"),
        Job(Path("a/b_1.jpg")),
        FileJob(PageFile(Path("a/b_1.jpg"))),
        (3, Path("a/b_1.jpg")),
        ("a/b_1.jpg", 3),
    ],
)
def test_a_failure_names_its_page(item):
    def fail(_):
        raise ValueError("oops")

    failure = attempt(fail, item)
    assert str(failure.error).startswith("a/b_1.jpg: cannot be worked on (ValueError: oops)")
    assert failure.reason.startswith("cannot be worked on")


def test_what_becomes_a_failure_can_be_chosen():
    (result,) = map_pages(double, [13], catch=(OutputError,))
    assert isinstance(result, Failure)
    assert (result.item, type(result.error)) == (13, OutputError)


def test_a_killed_process_costs_its_item_alone():
    results = list(map_pages(double_or_die, range(7), 2, "processes"))
    assert [result for result in results if not isinstance(result, Failure)] == [0, 2, 6, 8, 10, 12]
    assert isinstance(results[2], Failure)
    assert results[2].item == 2
    assert isinstance(results[2].error, WorkerError)


@pytest.mark.slow
@needs_ray
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::FutureWarning", "ignore::DeprecationWarning")
def test_ray_is_as_the_others():
    assert list(map_pages(double, [], 2, "ray")) == []
    assert tell(map_pages(double, range(8), 2, "ray")) == [0, 2, 4, "3: no page", 8, 10, 12, 14]
    with pytest.raises(OutputError, match="disk full"):
        list(map_pages(double, [1, 13, 2], 2, "ray"))
    results = list(map_pages(double_or_die, range(7), 2, "ray"))
    assert [result for result in results if not isinstance(result, Failure)] == [0, 2, 6, 8, 10, 12]
    assert isinstance(results[2].error, WorkerError)
    assert "2: its process died again and again" in str(results[2].error)


def test_without_ray_its_name_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(WorkerError, match=r"ray is missing: pip install 'kuzushiji-submit\[ray\]'"):
        list(map_pages(double, [1], 2, "ray"))


@pytest.mark.parametrize("kind", ["serial", "threads"])
def test_endless_items_are_read_a_few_ahead_only(kind):
    read = []
    items = (read.append(number) or number for number in itertools.count(20))
    results = map_pages(double, items, 2, kind)
    assert [next(results) for _ in range(5)] == [40, 42, 44, 46, 48]
    results.close()
    assert len(read) <= 9


def test_one_thread_works_ahead_of_who_takes_the_results():
    threads = list(map_pages(lambda _: threading.get_ident(), range(3), 1, "threads"))
    assert len(set(threads)) == 1
    assert threads[0] != threading.get_ident()
    second = threading.Event()
    results = map_pages(lambda number: number < 1 or second.set(), range(3), 1, "threads")
    next(results)
    assert second.wait(10)  # although nobody has asked for it


def test_closing_cancels_what_has_not_begun():
    begun = []
    gate = threading.Event()

    def wait(number):
        begun.append(number)
        gate.wait(10 if number else 0)
        return number

    results = map_pages(wait, range(100), 2, "threads")
    assert next(results) == 0
    threading.Timer(0.1, gate.set).start()
    results.close()
    assert len(begun) <= 4
    time.sleep(0.05)
    assert len(begun) <= 4


def test_progress_goes_to_stderr_and_counts_every_item(capsys):
    list(map_pages(double, [1, 2, 3], progress="pages"))
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("pages: 3 of 3 pages (100 %)")
    assert captured.err.count("\n") == 1
    list(map_pages(double, [1]))
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("DefaultCPUAllocator: can't allocate memory")])
def test_a_lack_of_memory_costs_its_item_alone(error):
    def fail(_):
        raise error

    (failure,) = map_pages(fail, [PageFile(Path("a/b_1.tif"), 2, 3)], kind="serial")
    assert isinstance(failure, Failure)
    assert (
        str(failure.error) == "a/b_1.tif, page 3: does not fit the memory: scale the image down, or use fewer workers"
    )
    assert failure.reason.startswith("does not fit the memory")
