"""The commands as processes, with the real client: killed in the midst, out of space, on Kaggle's own address."""

import shutil
import ssl
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
from kaggle_server import KaggleServer, basic, zip_of

ROOT = Path(__file__).resolve().parents[2]


def kuzushiji(*argv, **options):
    command = [sys.executable, "-m", "kuzushiji_submit", *map(str, argv)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=250, **options)


def image(seed, size):
    page = np.random.default_rng(seed).integers(0, 255, (size, size, 3), np.uint8)
    return cv2.imencode(".png", page)[1].tobytes()


@pytest.fixture
def competition():
    return {
        "train.csv": b"image_id,labels\na_1,U+3042 5 5 9 9\n",
        "unicode_translation.csv": "Unicode,char\nU+3042,あ\n".encode(),
        "sample_submission.csv": b"image_id,labels\nt_1,U+003F 1 1 U+FF2F 2 2\n",
        "train_images.zip": zip_of({"a_1.png": image(1, 900)}),
        "test_images.zip": zip_of({"t_1.png": image(2, 64)}),
    }


@pytest.fixture
def submission(tmp_path):
    (tmp_path / "sample_submission.csv").write_text("image_id,labels\nt_1,U+003F 1 1\n")
    path = tmp_path / "submission.csv"
    path.write_text("image_id,labels\nt_1,U+3042 5 5\n")
    return path


def test_a_download_that_is_killed_goes_on(kaggle_server: KaggleServer, competition, tmp_path):
    kaggle_server.files = competition
    kaggle_server.bytes_per_second = 1_000_000
    out = tmp_path / "data"
    archive = out / "kuzushiji-recognition.zip"
    command = [sys.executable, "-m", "kuzushiji_submit", "download", "--out", str(out)]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as first:
        while not (archive.is_file() and archive.stat().st_size >= 500_000) and first.poll() is None:
            time.sleep(0.02)
        assert first.poll() is None, "the download was over before it could be killed"
        first.kill()
    kaggle_server.bytes_per_second = None
    part = archive.stat().st_size
    kaggle_server.requests.clear()
    done = kuzushiji("download", "--out", out)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, f"{out}: 5 files, complete")
    assert not archive.exists()
    start = int(kaggle_server.calls("GET")[1].headers["Range"].removeprefix("bytes=").removesuffix("-"))
    assert start >= part >= 500_000


def test_a_disk_that_fills_up(kaggle_server: KaggleServer, competition, tmp_path):
    """On a file system of its own that is smaller than the archive, which the listing belittles."""
    kaggle_server.files = competition
    kaggle_server.listed_sizes = dict.fromkeys(competition, 1)
    out = tmp_path / "small"
    out.mkdir()
    mount = f"mount -t tmpfs -o size=1m tmpfs {out} && exec {sys.executable} -m kuzushiji_submit download --out {out}"
    if subprocess.run(["unshare", "-rm", "true"], capture_output=True, check=False).returncode:
        pytest.skip("no mount namespaces here")
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", mount], capture_output=True, text=True, check=False, timeout=250
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines()[-1] == (
        "kuzushiji: error: downloading kuzushiji-recognition: no space left on the disk: free some and run the same "
        "command again"
    )
    assert len(kaggle_server.calls("DownloadDataFiles")) == 1


def test_the_script_submits(kaggle_server: KaggleServer, submission):
    # The environment of the tests stands for the one that the script would make.
    scripts = submission.parent / "scripts"
    scripts.mkdir()
    shutil.copy(ROOT / "scripts" / "submit.sh", scripts)
    (scripts / "setup.sh").write_text("true\n")
    binaries = submission.parent / ".venv" / "bin"
    binaries.mkdir(parents=True)
    (binaries / "kuzushiji").write_text(f'#!/bin/sh\nexec {sys.executable} -m kuzushiji_submit "$@"\n')
    (binaries / "kuzushiji").chmod(0o755)
    command = ["bash", str(scripts / "submit.sh"), submission.name, "-m", "from the script"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=submission.parent, timeout=250)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "public 0.9, private 0.8"
    assert kaggle_server.submissions[0]["description"].startswith("from the script [sha256:")


@pytest.fixture
def production(kaggle_server: KaggleServer, tmp_path, monkeypatch) -> KaggleServer:
    """The stand-in behind a proxy to the unmodified production address, with a certificate of the test's own."""
    if shutil.which("openssl") is None:
        pytest.skip("no openssl here")
    authority, server = tmp_path / "authority", tmp_path / "server"
    names = "subjectAltName=DNS:api.kaggle.com,DNS:www.kaggle.com,DNS:storage.googleapis.com"
    extensions = tmp_path / "extensions"
    extensions.write_text(f"{names}\n")
    openssl(
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-subj",
        "/CN=test authority",
        "-days",
        "2",
        "-keyout",
        f"{authority}.key",
        "-out",
        f"{authority}.pem",
        "-addext",
        "keyUsage=critical,keyCertSign,cRLSign",
    )
    openssl(
        "req",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-subj",
        "/CN=api.kaggle.com",
        "-keyout",
        f"{server}.key",
        "-out",
        f"{server}.csr",
    )
    openssl(
        "x509",
        "-req",
        "-in",
        f"{server}.csr",
        "-CA",
        f"{authority}.pem",
        "-CAkey",
        f"{authority}.key",
        "-CAcreateserial",
        "-days",
        "2",
        "-out",
        f"{server}.pem",
        "-extfile",
        extensions,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{server}.pem", f"{server}.key")
    kaggle_server.tls = context
    monkeypatch.delenv("KAGGLE_API_ENVIRONMENT")
    monkeypatch.setenv("https_proxy", kaggle_server.proxy)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", f"{authority}.pem")
    return kaggle_server


def openssl(*argv):
    subprocess.run(["openssl", *map(str, argv)], check=True, capture_output=True, timeout=100)


def test_the_production_address(production: KaggleServer, competition, submission, tmp_path):
    production.files = competition
    done = kuzushiji("submit", submission, "-m", "by TLS", "--wait")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "public 0.9, private 0.8"
    done = kuzushiji("download", "--out", tmp_path / "data")
    assert done.returncode == 0, done.stderr
    assert list(production.uploads.values()) == [submission.read_bytes()]
    assert {request.headers["Host"] for request in production.requests} == {"api.kaggle.com"}
    rpc = production.calls("CreateSubmission")[0]
    assert rpc.url == "/v1/competitions.CompetitionApiService/CreateSubmission"
    assert rpc.headers["Authorization"] == basic("tester", "secret")


def test_a_certificate_that_is_not_trusted(production: KaggleServer, submission, monkeypatch):
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    done = kuzushiji("submit", submission, "-m", "x")
    assert (done.returncode, done.stdout, production.requests) == (1, "", [])
    assert "the certificate of Kaggle's address is not trusted (" in done.stderr
    assert "Traceback" not in done.stderr
