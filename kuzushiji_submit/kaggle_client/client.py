"""Calls to the worker process, answered or turned into a named error."""

import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import IO, TypeVar

from kuzushiji_submit.core.errors import KaggleError
from kuzushiji_submit.core.progress import is_shown
from kuzushiji_submit.core.scratch import scratch_folder
from kuzushiji_submit.kaggle_client.credentials import CREDENTIAL_VARIABLES, find_credentials, home_folder
from kuzushiji_submit.kaggle_client.failures import missing_credentials, name_failure, unanswered
from kuzushiji_submit.kaggle_client.proxies import check_proxy
from kuzushiji_submit.kaggle_client.veil import Veil

Value = TypeVar("Value")
SECONDS = 60.0  # how long the server may keep silent


class Client:
    """The `kaggle` package in a process of its own, started by the first call.

    Use it as a context manager: leaving it ends the process, whatever it is doing.
    """

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self._answers: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._veil = Veil(())
        self._open = ExitStack()
        self._scratch = Path()

    def __enter__(self) -> "Client":
        self._scratch = self._open.enter_context(scratch_folder("kaggle"))
        return self

    def __exit__(self, *exception: object) -> None:
        self._stop()
        self._open.close()

    def call(
        self,
        kind: type[Value],
        name: str,
        what: str,
        /,
        *,
        advice: Mapping[int, str] | None = None,
        limit: float | None = 300.0,
        **arguments: object,
    ) -> Value:
        """One call of `worker_calls`.

        Args:
            kind: what the function gives back.
            name: the function.
            what: words for error messages, such as "listing the submissions".
            advice: what to do about a status, where it is known better than in general.
            limit: seconds for the whole call, however lively the server; None for none.
            arguments: the function's.

        Raises:
            KaggleError: one of its subclasses, by what the server or the client said.
            OutputError: if there is no space or no right to write.
        """
        process = self._process or self._start()
        assert process.stdin is not None  # noqa: S101 - it was asked for
        request = {"call": name, "arguments": arguments, "timeout": SECONDS}
        try:
            process.stdin.write(json.dumps(request) + "\n")
            process.stdin.flush()
            line = self._answers.get(timeout=limit)
        except queue.Empty:
            self._stop()
            raise unanswered(what, limit or 0) from None
        except BrokenPipeError:
            line = ""
        if not line:
            self._stop()
            raise KaggleError(f"{what}: the process of the kaggle client ended: run the command again")
        answer = self._veil.values(json.loads(line))
        if "error" in answer:
            raise name_failure(what, answer["error"], advice or {})
        result = answer["result"]
        if not isinstance(result, kind):
            raise KaggleError(f"{what}: the kaggle client gave {result!r}: install a version from 2.2.4 on")
        return result

    def _start(self) -> "subprocess.Popen[str]":
        home = home_folder()
        found = find_credentials(os.environ, home)
        # Inside a Kaggle notebook there is a token of the session's own.
        if found.broken or (not found.sources and "KAGGLE_KERNEL_RUN_TYPE" not in os.environ):
            raise missing_credentials(found)
        check_proxy(os.environ)
        self._veil = Veil(found.secrets, found.users)
        # The client would send white space at the ends of a variable, or the path of a file that is not there.
        environ = {name: value for name, value in os.environ.items() if name not in CREDENTIAL_VARIABLES}
        environ |= found.variables
        if home is None:
            environ["HOME"] = str(self._scratch)  # the client would make a folder named "~" in the current one
        # The client makes this folder when it is imported, fails where the home folder is read-only, and needs nothing
        # that stands in the user's: the variables hold it.
        environ["KAGGLE_CONFIG_DIR"] = str(self._scratch)
        # It keeps notes on unfinished uploads, which no later run could use: the files are laid out anew each time.
        environ["TMPDIR"] = str(self._scratch)
        if not is_shown():
            environ["TQDM_DISABLE"] = "1"
        self._answers = queue.SimpleQueue()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "kuzushiji_submit.kaggle_client.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
            env=environ,
        )
        threading.Thread(target=_pass_on, args=(self._process.stdout, self._answers), daemon=True).start()
        return self._process

    def _stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            if self._process.stdin is not None:
                self._process.stdin.close()
            self._process = None


def _pass_on(stream: IO[str], answers: "queue.SimpleQueue[str]") -> None:
    with stream:
        for line in stream:
            answers.put(line)
    answers.put("")
