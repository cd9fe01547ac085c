"""Ray's tasks behind the interface of `concurrent.futures`: on this machine, or on a cluster that is already there."""

import importlib
import logging
import uuid
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future
from typing import Any

from kuzushiji_submit.core.errors import WorkerError

# A task whose process or machine died is begun anew so often before it counts as lost.
RETRIES = 2


class RayExecutor(Executor):
    """Runs calls as Ray tasks, each with an equal share of the processors and GPUs.

    A task whose worker dies is begun anew elsewhere by Ray; one whose workers die again and again ends with
    `BrokenExecutor`, which, other than that of a process pool, says nothing of the other tasks.
    """

    def __init__(self, workers: int, initializer: Callable[[], None] | None = None) -> None:
        """Joins the cluster of this machine or of `RAY_ADDRESS`, or starts Ray here for as long as this lives.

        Args:
            workers: tasks at once.
            initializer: called in every process before its first task.

        Raises:
            WorkerError: if Ray is not installed, or its cluster cannot be reached.
        """
        self._ray = _join()
        resources = self._ray.cluster_resources()
        self._task = self._ray.remote(
            num_cpus=max(1, int(resources.get("CPU", 1)) // workers),
            num_gpus=_share(resources.get("GPU", 0.0), workers),
            max_retries=RETRIES,
        )(_run)
        self._start = (uuid.uuid4().hex, initializer)
        self._running: dict[Future[Any], Any] = {}

    def submit(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:  # noqa: ANN401
        """Hands a call over; it and its result are pickled."""
        reference = self._task.remote(self._start, function, args, kwargs)
        future: Future[Any] = Future()
        self._running[future] = reference
        reference.future().add_done_callback(lambda done: self._finish(future, done))
        return future

    def _finish(self, future: "Future[Any]", done: "Future[Any]") -> None:
        self._running.pop(future, None)
        error = done.exception()
        if error is None:
            future.set_result(done.result())
        elif isinstance(error, self._ray.exceptions.RayTaskError):
            future.set_exception(error.cause)  # what the function itself raised
        elif isinstance(error, self._ray.exceptions.RayError):
            future.set_exception(BrokenExecutor(str(error)))
        else:
            future.set_exception(error)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: FBT001, FBT002 - as its base
        """Waits for what runs, or calls it off: a call is begun anew without harm, so nothing is lost by that."""
        running = list(self._running.values())
        if cancel_futures:
            for reference in running:
                self._ray.cancel(reference)
        elif wait and running:
            self._ray.wait(running, num_returns=len(running))


def ray_processors() -> int:
    """The processors of the cluster, which is joined or started as `RayExecutor` does.

    Raises:
        WorkerError: as `RayExecutor`.
    """
    return max(1, int(_join().cluster_resources().get("CPU", 1)))


def _join() -> Any:  # noqa: ANN401 - an optional library
    try:
        ray = importlib.import_module("ray")
    except ImportError:
        raise WorkerError("ray is missing: pip install 'kuzushiji-submit[ray]', or choose another --engine") from None
    if not ray.is_initialized():
        try:
            ray.init(include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR)
        except Exception as error:  # a start that takes too long raises nothing more special
            what = str(error).partition("\n")[0]
            raise WorkerError(f"Ray cannot be reached or started ({what}): see `ray status` and RAY_ADDRESS") from error
    return ray


def _share(gpus: float, workers: int) -> float:
    """GPUs of each of several workers: whole ones, or a part of one that several share."""
    if gpus < workers:
        return gpus / workers
    return float(gpus // workers)


_started: set[str] = set()


def _run(
    start: tuple[str, Callable[[], None] | None],
    function: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> Any:  # noqa: ANN401 - whatever the function gives
    """What a worker does with a task."""
    name, initializer = start
    if initializer is not None and name not in _started:
        initializer()
    _started.add(name)
    return function(*args, **kwargs)
