"""The commands as processes: no failure prints a secret, and none needs a home folder."""

import base64
import json
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import pytest
from kaggle_server import Failure, KaggleServer

TOKEN = "KGAT_+/0123456789abcdef"
ROOT = Path(__file__).resolve().parents[2]
BASIC = base64.b64encode(f"tester:{TOKEN}".encode()).decode()
FORMS = (TOKEN, quote(TOKEN, safe=""), BASIC, base64.b64encode(TOKEN.encode()).decode(), TOKEN.split("/")[1])
COMMANDS = {
    "submit": ("submit", "submission.csv", "-m", "x"),
    "download": ("download", "--out", "data"),
    "push": ("kernel", "push", "train", "--owner", "tester"),
    "status": ("kernel", "status", "tester/kernel"),
    "output": ("kernel", "output", "tester/kernel", "--out", "output"),
}
CALLS = {
    "submit": "ListSubmissions",
    "download": "ListDataFiles",
    "push": "SaveKernel",
    "status": "GetKernelSessionStatus",
    "output": "ListKernelSessionOutput",
}


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    place = tmp_path / "place"
    place.mkdir()
    (place / "sample_submission.csv").write_text("image_id,labels\nt_1,U+003F 1 1\n")
    (place / "submission.csv").write_text("image_id,labels\nt_1,U+3042 5 5\n")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    return place


def run(name: str, folder: Path, *prefix: str) -> tuple[int, str]:
    """Exit code and everything printed, after a look that no secret is in it or in a file."""
    command = [*prefix, sys.executable, "-m", "kuzushiji_submit", "--verbose", *COMMANDS[name]]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=100, cwd=folder)
    printed = done.stdout + done.stderr
    for form in FORMS:
        assert form not in printed
        assert not [path for path in folder.rglob("*") if path.is_file() and form.encode() in path.read_bytes()]
    return done.returncode, printed


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_a_server_that_says_the_secret(kaggle_server: KaggleServer, folder, monkeypatch, name, status):
    monkeypatch.setenv("KAGGLE_KEY", f" {TOKEN}\r\n")
    said = " | ".join((*FORMS[:-1], json.dumps(TOKEN)))
    kaggle_server.fail(CALLS[name], Failure(status, said))
    code, printed = run(name, folder)
    assert code == 1
    assert "***" in printed
    assert kaggle_server.calls(CALLS[name])[0].headers["Authorization"] == f"Basic {BASIC}"


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("token", [f"{TOKEN}\nsecond", f"\ufeff{TOKEN}", f"{TOKEN}\u3042", f'"{TOKEN}"'])
def test_a_token_that_no_request_can_carry(kaggle_server: KaggleServer, folder, monkeypatch, name, token):
    monkeypatch.setenv("KAGGLE_API_TOKEN", token)
    code, printed = run(name, folder)
    assert (code, kaggle_server.requests) == (1, [])
    assert "kuzushiji: error: Kaggle credentials that cannot be used: KAGGLE_API_TOKEN: " in printed


@pytest.mark.parametrize("name", ["status", "output"])
def test_a_token_with_a_line_end_behind_it_works(kaggle_server: KaggleServer, folder, monkeypatch, name):
    monkeypatch.setenv("KAGGLE_API_TOKEN", f"{TOKEN}\r\n")
    kaggle_server.log = json.dumps([{"stream_name": "stdout", "time": 1.0, "data": f"it is {TOKEN}"}])
    code, printed = run(name, folder)
    assert code == 0, printed[-1500:]
    assert kaggle_server.calls(CALLS[name])[0].headers["Authorization"] == f"Bearer {TOKEN}"


@pytest.mark.parametrize("name", COMMANDS)
def test_a_proxy_that_cannot_be(kaggle_server: KaggleServer, folder, monkeypatch, name):
    monkeypatch.setenv("http_proxy", f"http://tester:{TOKEN}@127.0.0.1:port")
    code, printed = run(name, folder)
    assert (code, kaggle_server.requests) == (1, [])
    assert "kuzushiji: error: http_proxy is no address of a proxy" in printed


@pytest.mark.parametrize("home", [None, "/nonexistent"])
@pytest.mark.parametrize("name", COMMANDS)
def test_a_bare_user_number(kaggle_server: KaggleServer, folder, monkeypatch, name, home):
    """As in a container that was started for a user who is nobody there."""
    prefix = ("unshare", "--user", "--map-user=12345", "--map-group=12345")
    if not shutil.which("unshare") or subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode:
        pytest.skip("no user namespaces here")
    kaggle_server.files = {"train.csv": b"image_id,labels\n"}
    monkeypatch.delenv("HOME")
    if home:
        monkeypatch.setenv("HOME", home)
    _, printed = run(name, folder, *prefix)
    assert "home directory" not in printed
    assert kaggle_server.calls(CALLS[name])
    assert not (folder / "~").exists()
    monkeypatch.delenv("KAGGLE_KEY")
    code, printed = run(name, folder, *prefix)
    assert code == 1
    assert "no Kaggle credentials (KAGGLE_API_TOKEN: not set; " in printed
    assert "~/.kaggle: HOME names no folder that may be entered" in printed
