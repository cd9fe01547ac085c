r"""Standard output and error as every command can use them, whatever the terminal, the pipe or the disk behind them.

- What a stream cannot show (は on an ASCII terminal, bytes in a file's name that are no text) appears as \u306f.
- A stream that is closed is stood in for, so that no file gets its number and is printed into.
- What cannot be printed (full disk, reader gone) is dropped: the work goes on, and its exit code tells of the work.
"""

import codecs
import errno
import io
import os
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TextIO

from kuzushiji_submit.core.output_targets import leads_to_stdout

SPELL_OUT = "kuzushiji.spell_out"
"""What the streams do with characters that they cannot show (an error handler's name, see `codecs`)."""


def _spell_out(error: UnicodeError) -> tuple[str, int]:
    r"""What a stream cannot show, as \u306f; of a file's name a byte that is no text, as the id has it: \x89."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lost = error.object[error.start : error.end]
    content = lost.encode("utf-8", "surrogateescape") if _ESCAPED.fullmatch(lost) else b""
    spelled = "".join(f"\\x{byte:02x}" for byte in content)
    return spelled or lost.encode("ascii", "backslashreplace").decode(), error.end


_ESCAPED = re.compile("[\udc80-\udcff]+")
codecs.register_error(SPELL_OUT, _spell_out)


class PatientStream:
    """A text stream that drops what it cannot write, and remembers why; all else is the stream's own.

    Attributes:
        failure: the first error, or None.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.failure: OSError | None = None

    def write(self, text: str) -> int:
        """Writes the text, or drops it."""
        if self.failure is None:
            with self._noting_failures():
                self._stream.write(text)
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Writes each text, or drops it."""
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Brings out what was written, or drops it."""
        if self.failure is None:
            with self._noting_failures():
                self._stream.flush()

    @contextmanager
    def _noting_failures(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self.failure = error
            _discard_the_rest(self._stream)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the stream has
        return getattr(self._stream, name)


def _discard_the_rest(stream: TextIO) -> None:
    """Lets what is still in the stream's buffer go nowhere; Python would try once more at its end, and complain."""
    with suppress(OSError, ValueError):
        number = stream.fileno()
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, number)
        os.close(nowhere)
        stream.flush()


@contextmanager
def patient_streams() -> Iterator[None]:
    """In this block sys.stdout and sys.stderr fail at nothing; at its end a word says what could not be printed."""
    _open_missing()
    before = sys.stdout, sys.stderr
    for stream in before:
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=SPELL_OUT)
    out, errors = PatientStream(sys.stdout), PatientStream(sys.stderr)
    sys.stdout, sys.stderr = out, errors
    try:
        yield
    finally:
        out.flush()
        # A reader that left, as `| head` does, and who closed it on purpose need not be told.
        if out.failure is not None and out.failure.errno not in (errno.EPIPE, errno.EBADF):
            errors.write(f"kuzushiji: standard output cannot be written ({out.failure.strerror}): part of it is lost\n")
        errors.flush()
        sys.stdout, sys.stderr = before


def _open_missing() -> None:
    """Gives the streams that were closed when the process began (`>&-`) something to be."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            # The lowest free number is taken. Standard output is opened for reading, so that writing a result to it
            # is an error; what is merely printed is dropped.
            os.open(os.devnull, os.O_WRONLY if number == 2 else os.O_RDONLY)
        if getattr(sys, name) is None:
            mode = "r" if number == 0 else "w"
            setattr(sys, name, open(number, mode, encoding="utf-8", errors=SPELL_OUT, closefd=False))  # noqa: SIM115 - for good


def summary_stream(*outputs: Path | None) -> TextIO:
    """Where a command tells what it did: standard output, or error where one of its outputs comes out of the first."""
    return sys.stderr if any(map(leads_to_stdout, outputs)) else sys.stdout
