"""One stand-in server and one worker process for all tests of the folder: importing `kaggle` takes a second."""

import contextlib
import os
from collections.abc import Callable, Iterator
from types import SimpleNamespace

import pytest
from kaggle_server import KaggleServer

from kuzushiji_submit.cli import main
from kuzushiji_submit.kaggle_client import client as client_module
from kuzushiji_submit.kaggle_client import waiting
from kuzushiji_submit.kaggle_client.client import Client


@pytest.fixture(scope="package")
def _running(tmp_path_factory) -> Iterator[tuple[KaggleServer, Client, dict[str, str]]]:
    with KaggleServer() as server, Client() as client:
        yield server, client, server.environment(tmp_path_factory.mktemp("home"))


@pytest.fixture
def kaggle(_running, monkeypatch) -> KaggleServer:
    """The stand-in, empty; every command of the test talks to it through the one worker."""
    server, client, environment = _running
    server.reset()
    for name in list(os.environ):
        if name.startswith("KAGGLE_") or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(client_module, "Client", lambda: contextlib.nullcontext(client))
    return server


@pytest.fixture
def client(_running, kaggle) -> Client:
    return _running[1]


@pytest.fixture(autouse=True)
def pauses(monkeypatch) -> list[float]:
    """The pauses that were asked for: they pass at once, on a clock of their own."""
    slept: list[float] = []
    clock = SimpleNamespace(sleep=slept.append, monotonic=lambda: sum(slept))
    monkeypatch.setattr(waiting, "time", clock)
    return slept


@pytest.fixture
def run(capsys) -> Callable[..., tuple[int, str, str]]:
    """Runs one command: exit code, stdout, and the last line of stderr without its prefix."""

    def run_command(*argv: object) -> tuple[int, str, str]:
        code = main([str(arg) for arg in argv])
        captured = capsys.readouterr()
        last = captured.err.splitlines()[-1] if captured.err else ""
        return code, captured.out, last.removeprefix("kuzushiji: error: ")

    return run_command
