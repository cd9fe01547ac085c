"""The process in which the `kaggle` package runs: calls come in on stdin, answers go out on stdout, one JSON a line.

A call is {"call": name, "arguments": {...}, "timeout": seconds}; its answer is {"result": ...} or {"error": {...}}.
Between two lines the client stays imported and authenticated. When stdin closes, the process ends in the midst of
whatever it does: nothing goes on downloading behind the back of a command that was killed.
"""

import contextlib
import io
import json
import os
import queue
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TextIO
from urllib.parse import urlsplit

from kuzushiji_submit.core.progress import own_bar, show_progress
from kuzushiji_submit.kaggle_client.veil import VeiledStream
from kuzushiji_submit.kaggle_client.worker_calls import CALLS, veil_of

if TYPE_CHECKING:
    from kaggle.api.kaggle_api_extended import KaggleApi
    from requests import PreparedRequest, Response
    from requests.adapters import HTTPAdapter

QUIET = "TQDM_DISABLE"  # a variable that tqdm knows as well
_CONNECT_SECONDS = 20.0  # the client knows no time limit at all; reading has the call's own


class _Traffic:
    """Gives every request of the process a time limit, and remembers the last one: it tells which step failed."""

    def __init__(self) -> None:
        from requests.adapters import HTTPAdapter

        self.timeout = 60.0
        self.step = ""
        plain: Callable[..., Response] = HTTPAdapter.send

        def send(adapter: "HTTPAdapter", request: "PreparedRequest", **options: object) -> "Response":
            self.step = _step_of(request)
            options["timeout"] = (_CONNECT_SECONDS, self.timeout)
            return plain(adapter, request, **options)

        HTTPAdapter.send = send  # type: ignore[method-assign, assignment]


def _step_of(request: "PreparedRequest") -> str:
    parts = urlsplit(str(request.url)).path.split("/")
    return parts[-1] if len(parts) > 3 and parts[-3] == "v1" else str(request.method)


def main() -> None:
    """Answers calls until stdin closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the command, which ends this process
    incoming, answers = os.fdopen(os.dup(0), encoding="utf-8"), os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    # The client ends with exit(), which closes stdin first and would wait for ever for the thread that reads from it.
    sys.stdin = io.StringIO()
    stream = VeiledStream(sys.stderr)
    sys.stderr = stream
    stream.veil = veil_of(None)
    calls: queue.SimpleQueue[str] = queue.SimpleQueue()
    threading.Thread(target=_read_calls, args=(incoming, calls), daemon=True).start()
    show_progress(QUIET not in os.environ)
    session = _Session()
    while True:
        answer = session.answer(json.loads(calls.get()))
        stream.veil = veil_of(session.api)
        answers.write(json.dumps(stream.veil.values(answer)) + "\n")
        answers.flush()


def _read_calls(incoming: TextIO, calls: "queue.SimpleQueue[str]") -> None:
    for line in incoming:
        calls.put(line)
    os._exit(0)


class _Session:
    """The client, imported and authenticated by the first call."""

    def __init__(self) -> None:
        self.api: KaggleApi | None = None
        self._traffic: _Traffic | None = None

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        printed = io.StringIO()
        try:
            with contextlib.redirect_stdout(printed):
                return {"result": self._perform(request)}
        except SystemExit:
            return {"error": {"type": "SystemExit", "message": "the client found no credentials it could use"}}
        except Exception as error:  # noqa: BLE001 - whatever the client raises is the caller's to name
            return {"error": {**_describe(error), "step": self._step, "printed": printed.getvalue()[-2000:]}}

    @property
    def _step(self) -> str:
        return self._traffic.step if self._traffic else ""

    def _perform(self, request: dict[str, Any]) -> object:
        if self._traffic is None:
            self._traffic = _Traffic()
        self._traffic.timeout, self._traffic.step = request["timeout"], ""
        if self.api is None:
            import kaggle
            from kaggle.api import kaggle_api_extended

            vars(kaggle_api_extended)["tqdm"] = own_bar
            kaggle.api.authenticate()
            self.api = kaggle.api
        return CALLS[request["call"]](self.api, **request["arguments"])


def _describe(error: Exception) -> dict[str, Any]:
    """Type, text, errno and, of an answer of the server, its status and its wish to be called later."""
    from requests.exceptions import RequestException

    record: dict[str, Any] = {"type": type(error).__name__, "message": str(error), "network": False}
    # Some errors of the client hide the server's: "cannot access kernel" stands for 401 and 403 alike.
    for cause in _chain(error):
        if isinstance(cause, RequestException):
            record["network"] = True
            if cause.response is not None:
                record["status"] = _status_of(cause.response)
                record["reply"] = str(cause)
                record["retry_after"] = cause.response.headers.get("Retry-After")
            break
        if isinstance(cause, OSError) and cause.errno is not None:
            record["errno"] = cause.errno
            break
    return record


def _status_of(response: "Response") -> int:
    """The status; an answer that looks well may still hold an error's code in its body."""
    if response.status_code < 400:
        with contextlib.suppress(ValueError, TypeError, KeyError):
            return int(response.json()["code"])
    return response.status_code


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


if __name__ == "__main__":
    main()
