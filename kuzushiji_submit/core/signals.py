"""Long work that is told to stop: by Ctrl+C (SIGINT), or by `docker stop`, `timeout` or Slurm (SIGTERM)."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_WORDS = {signal.SIGINT: "interrupted", signal.SIGTERM: "terminated"}


class StoppedBySignalError(BaseException):
    """Work was told to stop. No `KeyboardInterrupt`, which Lightning would turn into an exit of its own.

    Attributes:
        signum: which signal said so.
    """

    def __init__(self, signum: int) -> None:
        super().__init__(_WORDS[signal.Signals(signum)])
        self.signum = signum

    @property
    def exit_code(self) -> int:
        """128 and the signal's number, as shells have it: 130 or 143."""
        return 128 + self.signum


class _Heard:
    signum: int | None = None


_heard = _Heard()


@contextmanager
def stop_by_signals() -> Iterator[None]:
    """In this block SIGINT and SIGTERM raise `StoppedBySignalError` in the main thread; elsewhere it does nothing.

    A process that was forked inside the block ends by these signals as if there were no block.

    Raises:
        StoppedBySignalError: at the latest at the block's end, once a signal came.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    owner = os.getpid()

    def stop(signum: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the signature of a handler
        if os.getpid() != owner:
            signal.signal(signum, signal.SIG_DFL)
            os.kill(os.getpid(), signum)
            return
        _heard.signum = signum
        raise StoppedBySignalError(signum)

    _heard.signum = None
    before = {signum: signal.signal(signum, stop) for signum in _WORDS}
    try:
        yield
        raise_if_stopped()
    finally:
        _heard.signum = None
        for signum, handler in before.items():
            signal.signal(signum, handler)


def raise_if_stopped() -> None:
    """Raises once more what a signal raised where nobody could catch it, such as inside a finalizer.

    Raises:
        StoppedBySignalError: if a signal came.
    """
    if _heard.signum is not None:
        raise StoppedBySignalError(_heard.signum)
