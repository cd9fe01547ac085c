"""One function over many pages: here, in threads, in processes, or on a cluster, in the pages' order."""

import logging
import os
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sized
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import Generic, Literal, TypeVar

from kuzushiji_submit.core.errors import KuzushijiError, PageReadError, WorkerError
from kuzushiji_submit.core.files import is_full_disk
from kuzushiji_submit.core.memory import AGAINST_LACK, lacks_memory
from kuzushiji_submit.core.page.page_files import PageFile
from kuzushiji_submit.core.progress import counter
from kuzushiji_submit.core.ray_executor import RayExecutor, ray_processors

Kind = Literal["serial", "threads", "processes", "ray"]
Item = TypeVar("Item")
Result = TypeVar("Result")

logger = logging.getLogger(__name__)

# Pages submitted ahead, for each worker: one to work on and one to go on with; more would only fill the memory.
_AHEAD = 2


@dataclass(frozen=True)
class Failure(Generic[Item]):
    """An item that gave no result, in the result's place.

    Attributes:
        item: what the function was given.
        error: why: the named error that it raised, a WorkerError, or a PageReadError of what nobody foresaw.
    """

    item: Item
    error: Exception

    @property
    def reason(self) -> str:
        """The error in words, without the file's name before it."""
        return str(self.error).removeprefix(f"{_name_of(self.item)}: ")


@dataclass(frozen=True)
class Engine:
    """How work is spread.

    Attributes:
        workers: threads, processes or Ray tasks at once.
        kind: where the function runs.
        initializer: called once in every process before its first item, or once in this one.
    """

    workers: int = 1
    kind: Kind = "processes"
    initializer: Callable[[], None] | None = None

    def executor(self) -> Executor:
        """A pool of these workers."""
        if self.kind == "threads":
            return ThreadPoolExecutor(self.workers)
        if self.kind == "ray":
            return RayExecutor(self.workers, self.initializer)
        # Forking a process in which torch or OpenCV has threads can hang it.
        return ProcessPoolExecutor(self.workers, mp_context=get_context("spawn"), initializer=self.initializer)


def available_workers(kind: Kind) -> int:
    """How many workers keep every processor busy that this process may use, or for Ray the cluster has."""
    if kind == "ray":
        return ray_processors()
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS, nor on Windows
        return os.cpu_count() or 1


def map_pages(
    function: Callable[[Item], Result],
    items: Iterable[Item],
    workers: int = 1,
    kind: Kind = "processes",
    *,
    catch: tuple[type[Exception], ...] = (PageReadError,),
    progress: str | None = None,
    initializer: Callable[[], None] | None = None,
) -> Iterator[Result | Failure[Item]]:
    """Results in the items' order, each as soon as it and those before it are there.

    A page that fails stops no other, whatever it raises (see `attempt`). Where the iterator is closed or an error
    leaves it, what has not begun is canceled and what runs is waited for.

    Args:
        function: what to do with an item; for processes and Ray it and the items are pickled, and it must bear being
            called again, because an item is done anew if its process died, or another one killed their pool.
        items: pages, jobs; read no further than a few items ahead.
        workers: how many run at once. One process would only be slower than this one, which then does the work itself;
            one thread works ahead of whoever takes the results.
        kind: "threads" for work that waits or releases the interpreter's lock, "processes" for all other, "ray" for
            that on many machines (or on this one, see `RayExecutor`).
        catch: named errors that become a Failure; any other named error is raised here and ends the work.
        progress: what a progress bar is called; None for no bar.
        initializer: called in every process before its first item.

    Yields:
        for every item the function's result, or a Failure.
    """
    total = len(items) if isinstance(items, Sized) else None
    helpers = {"serial": 0, "processes": workers if workers > 1 else 0}.get(kind, workers)
    # A machine that only hands work out may lack what the work needs.
    alone = helpers < 1 or (total is not None and total < 2 and kind != "ray")
    engine = Engine(min(workers, total or workers), kind, initializer)
    results = _here(function, items, catch, initializer) if alone else _ahead(function, items, catch, engine)
    # A bar that is left by an error must be closed as well, and the pool with it.
    try:
        with counter(progress, total) as bar:
            for result in results:
                yield result
                bar.update()
    finally:
        results.close()


def attempt(
    function: Callable[[Item], Result], item: Item, catch: tuple[type[Exception], ...] = (PageReadError,)
) -> Result | Failure[Item]:
    """Does something with a page, so that no error of this page stops the others.

    Args:
        function: what to do.
        item: the page, or what stands for it: a path, a job that has one.
        catch: named errors that are the page's own.

    Returns:
        the result, or a Failure: of a caught error, or of one that nobody foresaw, lack of memory included.

    Raises:
        KuzushijiError: any other named error (settings, weights, outputs): it would meet the next page as well.
        OSError: if the disk is full.
    """
    try:
        return function(item)
    except catch as error:
        return Failure(item, error)
    except KuzushijiError:
        raise
    except Exception as error:
        if is_full_disk(error):
            raise
        return _unforeseen(item, error)


def describe_unforeseen(name: str, error: Exception) -> PageReadError:
    """What is said of a page on which something happened that nobody foresaw, or whose memory did not suffice.

    Args:
        name: the page's file, or its id.
        error: what happened; its traceback goes to the debug log.
    """
    logger.debug("%s", name, exc_info=error)
    if lacks_memory(error):
        return PageReadError(f"{name}: does not fit the memory: {AGAINST_LACK}")
    what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return PageReadError(f"{name}: cannot be worked on ({what}): report this page")


def _unforeseen(item: Item, error: Exception) -> Failure[Item]:
    return Failure(item, describe_unforeseen(_name_of(item), error))


def _name_of(item: object) -> str:
    """A page's file, or its id."""
    for part in (*item, item) if isinstance(item, tuple) else (item,):
        for value in (part, *(getattr(part, name, None) for name in ("file", "path", "image_id"))):
            if isinstance(value, PageFile | Path | str):
                return str(value)
    return repr(item)[:80]


def _here(
    function: Callable[[Item], Result],
    items: Iterable[Item],
    catch: tuple[type[Exception], ...],
    initializer: Callable[[], None] | None,
) -> Generator[Result | Failure[Item], None, None]:
    if initializer is not None:
        initializer()
    for item in items:
        yield attempt(function, item, catch)


def _ahead(
    function: Callable[[Item], Result], items: Iterable[Item], catch: tuple[type[Exception], ...], engine: Engine
) -> Generator[Result | Failure[Item], None, None]:
    """A queue of futures, as long as the workers need.

    items ── submit ──▶ [ 7 running │ 6 running │ 5 done │ 4 running ] ── wait for the oldest ──▶ 3, 2, 1
    """
    rest = iter(items)
    queue: deque[tuple[Item, Future[Result | Failure[Item]]]] = deque()
    pool = engine.executor()
    try:
        while True:
            for item in islice(rest, _AHEAD * engine.workers - len(queue)):
                queue.append((item, _submit(pool, function, item, catch)))
            if not queue:
                return
            item, future = queue.popleft()
            try:
                result = future.result()
            except BrokenExecutor as error:
                if engine.kind == "ray":
                    yield Failure(item, WorkerError(f"{_name_of(item)}: its process died again and again ({error})"))
                    continue
                # A dead process takes the whole pool along and does not say which item it had: one by one, then.
                pool.shutdown()
                broken = [item, *(other for other, _ in queue)]
                queue.clear()
                for other in broken:
                    yield _on_its_own(function, other, catch, engine)
                pool = engine.executor()
                continue
            except KuzushijiError:
                raise
            except Exception as error:  # a result that cannot be handed over
                if is_full_disk(error):
                    raise
                result = _unforeseen(item, error)
            yield result
    finally:
        pool.shutdown(cancel_futures=True)


def _submit(
    pool: Executor, function: Callable[[Item], Result], item: Item, catch: tuple[type[Exception], ...]
) -> Future[Result | Failure[Item]]:
    try:
        return pool.submit(attempt, function, item, catch)
    except BrokenExecutor as error:  # it broke while it was being filled
        future: Future[Result | Failure[Item]] = Future()
        future.set_exception(error)
        return future


def _on_its_own(
    function: Callable[[Item], Result], item: Item, catch: tuple[type[Exception], ...], engine: Engine
) -> Result | Failure[Item]:
    with Engine(1, engine.kind, engine.initializer).executor() as pool:
        try:
            return pool.submit(attempt, function, item, catch).result()
        except BrokenExecutor:
            why = "its process died, most often for lack of memory: use fewer workers"
            return Failure(item, WorkerError(f"{_name_of(item)}: {why}"))
