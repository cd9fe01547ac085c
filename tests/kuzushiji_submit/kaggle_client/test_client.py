"""The worker process: how it is started, what it survives, and that it never outlives its command."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from kaggle_server import Failure, basic

from kuzushiji_submit.core.errors import CredentialsError, KaggleBusyError, KaggleError
from kuzushiji_submit.kaggle_client import client as client_module
from kuzushiji_submit.kaggle_client.credentials import HOW_TO_GIVE

Client = client_module.Client  # the fixtures put the shared one in its place


def user_name(client):
    return client.call(str, "user_name", "asking")


def listing(client, **more):
    return client.call(list, "list_submissions", "listing", competition="c", page=1, **more)


def test_nothing_is_started_without_credentials(kaggle, monkeypatch):
    monkeypatch.delenv("KAGGLE_KEY")
    with Client() as fresh, pytest.raises(CredentialsError) as caught:
        user_name(fresh)
    assert str(caught.value).startswith("no Kaggle credentials (KAGGLE_API_TOKEN: not set; ")
    assert str(caught.value).endswith(f"): {HOW_TO_GIVE}")
    assert kaggle.requests == []


def test_a_broken_kaggle_json_is_named(kaggle, monkeypatch):
    monkeypatch.delenv("KAGGLE_KEY")
    path = Path(os.environ["HOME"], ".config", "kaggle", "kaggle.json")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("{")
    try:
        with Client() as fresh, pytest.raises(CredentialsError) as caught:
            user_name(fresh)
    finally:
        path.unlink()
    assert f"{path}: is no JSON" in str(caught.value)


def test_a_read_only_home_is_no_hindrance(kaggle, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("HOME", str(tmp_path / "file" / "home"))
    with Client() as fresh:
        assert user_name(fresh) == "tester"
        listing(fresh)
    assert kaggle.requests[-1].headers["Authorization"] == basic("tester", "secret")


def test_a_token_comes_before_a_key_and_a_stale_one_is_named(kaggle, monkeypatch, tmp_path):
    monkeypatch.setenv("KAGGLE_API_TOKEN", "KGAT_stale")
    with Client() as fresh:
        listing(fresh)
        assert kaggle.requests[-1].headers["Authorization"] == "Bearer KGAT_stale"
        kaggle.fail("ListSubmissions", Failure(401, "Unauthenticated"))
        with pytest.raises(CredentialsError) as caught:
            listing(fresh)
    assert str(caught.value) == (
        "listing: Kaggle refuses the credentials from KAGGLE_API_TOKEN, which come before those from KAGGLE_USERNAME "
        f"and KAGGLE_KEY (Unauthenticated): remove them if they are stale, or {HOW_TO_GIVE}"
    )


@pytest.mark.parametrize(("status", "kind"), [(401, CredentialsError), (503, KaggleBusyError)])
def test_a_token_that_cannot_be_looked_up(kaggle, monkeypatch, status, kind):
    monkeypatch.setenv("KAGGLE_API_TOKEN", "KGAT_1")
    kaggle.fail("IntrospectToken", *[Failure(status, "no")] * 2)
    with Client() as fresh:
        with pytest.raises(kind):
            listing(fresh)
        assert listing(fresh) == []  # the worker still lives, and authenticates anew


def test_a_token_that_is_no_longer_active_and_nothing_else(kaggle, monkeypatch):
    monkeypatch.delenv("KAGGLE_KEY")
    monkeypatch.setenv("KAGGLE_API_TOKEN", "KGAT_1")
    kaggle.token_active = False
    with Client() as fresh, pytest.raises(CredentialsError) as caught:
        listing(fresh)
    assert str(caught.value).startswith("listing: Kaggle refuses the credentials from KAGGLE_API_TOKEN (")


def test_a_call_that_takes_too_long_ends_the_worker(kaggle, client):
    kaggle.fail("ListSubmissions", Failure(delay=1.0))
    with pytest.raises(KaggleBusyError, match=r"listing: no end after 0 s: run the same command again later"):
        listing(client, limit=0.2)
    kaggle.failures.clear()  # a slow machine may not have come to ask
    assert listing(client) == []


def test_a_worker_that_dies_is_an_error_and_not_the_end(kaggle, client):
    user_name(client)
    client._process.kill()
    with pytest.raises(KaggleError, match="the process of the kaggle client ended: run the command again"):
        user_name(client)
    assert user_name(client) == "tester"


@pytest.mark.parametrize(("module", "text"), [("six", "No module named 'six'"), ("kaggle", "No module named 'kaggle'")])
def test_a_missing_package_is_named(kaggle, monkeypatch, tmp_path, module, text):
    hidden = f"import sys\nsys.modules[{module!r}] = None\n"
    (tmp_path / "sitecustomize.py").write_text(hidden)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with Client() as fresh, pytest.raises(KaggleError) as caught:
        user_name(fresh)
    assert str(caught.value).startswith("asking: the kaggle client cannot be loaded (")
    assert str(caught.value).endswith("): pip install kaggle six")
    assert module in str(caught.value), text


def test_a_command_that_is_killed_takes_its_worker_along(kaggle, tmp_path):
    """The download in the background would otherwise write into the same file as the next command's."""
    kaggle.fail("ListSubmissions", Failure(delay=30.0))
    script = (
        "from kuzushiji_submit.kaggle_client.client import Client\n"
        "client = Client()\n"
        "client.call(str, 'user_name', 'asking')\n"
        "print(client._process.pid, flush=True)\n"
        "client.call(list, 'list_submissions', 'listing', competition='c', page=1)\n"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as command:
        worker = int(command.stdout.readline())
        command.kill()
    for _ in range(400):
        if not running(worker):
            break
        time.sleep(0.05)
    assert not running(worker)


def running(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_importing_the_commands_loads_neither_kaggle_nor_torch():
    code = (
        "import sys\nfrom kuzushiji_submit.cli.main import build_parser\nbuild_parser()\n"
        "import kuzushiji_submit.kaggle_client.submit, kuzushiji_submit.kaggle_client.download\n"
        "import kuzushiji_submit.kaggle_client.kernels, kuzushiji_submit.kaggle_client.worker\n"
        "sys.exit(bool({'kaggle', 'kagglesdk', 'torch', 'requests'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
