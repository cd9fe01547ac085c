"""One function over many pages: here, in threads, or in processes, in the pages' order."""

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sized
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from multiprocessing import get_context
from typing import Generic, Literal, TypeVar

from tqdm import tqdm

from kuzushiji_submit.core.errors import PageReadError, WorkerError
from kuzushiji_submit.core.memory import AGAINST_LACK, lacks_memory

Kind = Literal["serial", "threads", "processes"]
Item = TypeVar("Item")
Result = TypeVar("Result")

# Pages submitted ahead, for each worker: one to work on and one to go on with; more would only fill the memory.
_AHEAD = 2


@dataclass(frozen=True)
class Failure(Generic[Item]):
    """An item that gave no result, in the result's place.

    Attributes:
        item: what the function was given.
        error: why: the named error that it raised, or a WorkerError.
    """

    item: Item
    error: Exception


@dataclass(frozen=True)
class Engine:
    """How work is spread.

    Attributes:
        workers: threads or processes at once.
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
        # Forking a process in which torch or OpenCV has threads can hang it.
        return ProcessPoolExecutor(self.workers, mp_context=get_context("spawn"), initializer=self.initializer)


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

    A page that fails stops no other. Where the iterator is closed or an error leaves it, what has not begun is
    canceled and what runs is waited for.

    Args:
        function: what to do with an item; for processes it and the items are pickled, and it must bear being called
            again, because an item is done anew if another one killed their pool.
        items: pages, jobs; read no further than a few items ahead.
        workers: how many run at once; with one, everything runs in this process.
        kind: "threads" for work that waits or releases the interpreter's lock, "processes" for all other.
        catch: errors that become a Failure, as a lack of memory does; any other is raised here and ends the work.
        progress: what a progress bar is called; None for no bar.
        initializer: called in every process before its first item.

    Yields:
        for every item the function's result, or a Failure.
    """
    total = len(items) if isinstance(items, Sized) else None
    alone = kind == "serial" or workers <= 1 or (total is not None and total < 2)
    engine = Engine(min(workers, total or workers), kind, initializer)
    results = _here(function, items, catch, initializer) if alone else _ahead(function, items, catch, engine)
    # A bar that is left by an error must be closed as well, and the pool with it.
    bar = tqdm(total=total, desc=progress, unit="page", disable=progress is None)
    try:
        with bar:
            for result in results:
                yield result
                bar.update()
    finally:
        results.close()


def _here(
    function: Callable[[Item], Result],
    items: Iterable[Item],
    catch: tuple[type[Exception], ...],
    initializer: Callable[[], None] | None,
) -> Generator[Result | Failure[Item], None, None]:
    if initializer is not None:
        initializer()
    for item in items:
        try:
            result: Result | Failure[Item] = function(item)
        except _caught(catch) as error:
            result = _failure(item, error, catch)
        yield result


def _ahead(
    function: Callable[[Item], Result], items: Iterable[Item], catch: tuple[type[Exception], ...], engine: Engine
) -> Generator[Result | Failure[Item], None, None]:
    """A queue of futures, as long as the workers need.

    items ── submit ──▶ [ 7 running │ 6 running │ 5 done │ 4 running ] ── wait for the oldest ──▶ 3, 2, 1
    """
    rest = iter(items)
    queue: deque[tuple[Item, Future[Result]]] = deque()
    pool = engine.executor()
    try:
        while True:
            for item in islice(rest, _AHEAD * engine.workers - len(queue)):
                queue.append((item, _submit(pool, function, item)))
            if not queue:
                return
            item, future = queue.popleft()
            try:
                result: Result | Failure[Item] = future.result()
            except BrokenExecutor:
                # A dead process takes the whole pool along and does not say which item it had: one by one, then.
                pool.shutdown()
                broken = [item, *(other for other, _ in queue)]
                queue.clear()
                for other in broken:
                    yield _on_its_own(function, other, catch, engine)
                pool = engine.executor()
                continue
            except _caught(catch) as error:
                result = _failure(item, error, catch)
            yield result
    finally:
        pool.shutdown(cancel_futures=True)


def _caught(catch: tuple[type[Exception], ...]) -> tuple[type[Exception], ...]:
    """What is looked at: torch calls a lack of memory a RuntimeError."""
    return (*catch, MemoryError, RuntimeError)


def _failure(item: Item, error: Exception, catch: tuple[type[Exception], ...]) -> Failure[Item]:
    """The failure of an item; a lack of memory is one whatever is caught.

    Raises:
        Exception: the error, if it is not one that becomes a failure.
    """
    if isinstance(error, catch):
        return Failure(item, error)
    if lacks_memory(error):
        return Failure(item, PageReadError(f"does not fit the memory: {AGAINST_LACK}"))
    raise error


def _submit(pool: Executor, function: Callable[[Item], Result], item: Item) -> Future[Result]:
    try:
        return pool.submit(function, item)
    except BrokenExecutor as error:  # it broke while it was being filled
        future: Future[Result] = Future()
        future.set_exception(error)
        return future


def _on_its_own(
    function: Callable[[Item], Result], item: Item, catch: tuple[type[Exception], ...], engine: Engine
) -> Result | Failure[Item]:
    with Engine(1, engine.kind, engine.initializer).executor() as pool:
        try:
            return pool.submit(function, item).result()
        except BrokenExecutor:
            return Failure(item, WorkerError("its process died, most often for lack of memory: use fewer workers"))
        except _caught(catch) as error:
            return _failure(item, error, catch)
