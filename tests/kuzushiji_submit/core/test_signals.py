"""Work that is told to stop by a signal."""

import os
import signal
import threading
import time
from contextlib import suppress

import pytest

from kuzushiji_submit.core import signals
from kuzushiji_submit.core.signals import StoppedBySignalError, raise_if_stopped, stop_by_signals

SIGNALS = [(signal.SIGINT, "interrupted", 130), (signal.SIGTERM, "terminated", 143)]


def signal_to_this_process(signum: int) -> None:
    os.kill(os.getpid(), signum)
    time.sleep(10)


@pytest.mark.parametrize(("signum", "word", "code"), SIGNALS)
def test_a_signal_ends_the_block_with_a_word_and_the_handlers_are_put_back(signum: int, word: str, code: int) -> None:
    before = signal.getsignal(signum)
    with pytest.raises(StoppedBySignalError, match=word) as stopped, stop_by_signals():
        signal_to_this_process(signum)
    assert stopped.value.exit_code == code
    assert signal.getsignal(signum) == before
    raise_if_stopped()


def test_a_block_without_a_signal_changes_nothing() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with stop_by_signals():
        raise_if_stopped()
    assert signal.getsignal(signal.SIGTERM) == before


def lose_a_signal() -> None:
    """As where it comes while a finalizer runs, which must not raise."""
    with suppress(StoppedBySignalError):
        signal_to_this_process(signal.SIGTERM)


def test_a_signal_whose_exception_was_lost_is_raised_at_the_blocks_end() -> None:
    with pytest.raises(StoppedBySignalError), stop_by_signals():
        lose_a_signal()


def test_a_signal_whose_exception_was_lost_is_raised_where_it_is_asked_for() -> None:
    with stop_by_signals():
        lose_a_signal()
        with pytest.raises(StoppedBySignalError):
            raise_if_stopped()
        signals._heard.signum = None


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded")
def test_a_forked_process_ends_as_if_there_were_no_block() -> None:
    with stop_by_signals():
        child = os.fork()
        if child == 0:
            signal_to_this_process(signal.SIGTERM)
            os._exit(0)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGTERM


def test_no_handler_can_be_set_in_another_thread_and_none_is() -> None:
    ran = []

    def work() -> None:
        with stop_by_signals():
            ran.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert ran == [True]


def test_ordinary_handlers_of_errors_do_not_swallow_it() -> None:
    assert not issubclass(StoppedBySignalError, Exception)
    # Lightning ends the process by itself at a KeyboardInterrupt.
    assert not issubclass(StoppedBySignalError, KeyboardInterrupt)
