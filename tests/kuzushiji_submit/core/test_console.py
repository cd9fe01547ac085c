"""Streams that cannot show or take what is printed."""

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from kuzushiji_submit.core.console import PatientStream, patient_streams, summary_stream


class Full(io.StringIO):
    def write(self, text: str) -> int:
        raise OSError(28, "No space left on device")


def run(code: str, *redirections: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    script = f"import os, sys\nfrom kuzushiji_submit.core.console import *\nwith patient_streams():\n    {code}"
    command = ["bash", "-c", f'exec "$@" {" ".join(redirections)}', "bash", sys.executable, "-c", script]
    return subprocess.run(command, capture_output=True, check=False, env={**os.environ, **environment})


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [
        ("utf-8", "は é 𤸰 \\x95\\xc5".encode()),
        ("ascii", b"\\u306f \\xe9 \\U00024e30 \\x95\\xc5"),
        ("cp932", "は ".encode("cp932") + b"\\xe9 \\U00024e30 \\x95\\xc5"),
        ("euc_jp", "は ".encode("euc_jp") + "é".encode("euc_jp") + b" \\U00024e30 \\x95\\xc5"),
        ("latin-1", b"\\u306f \xe9 \\U00024e30 \\x95\\xc5"),
    ],
)
def test_what_a_terminal_cannot_show_is_spelled_out(encoding, shown):
    code = r"text = '\u306f \xe9 \U00024e30 \udc95\udcc5\n'; sys.stdout.write(text); sys.stderr.write(text)"
    done = run(code, PYTHONIOENCODING=encoding)
    assert (done.returncode, done.stdout, done.stderr) == (0, shown + b"\n", shown + b"\n")


def test_a_full_disk_loses_the_printing_alone():
    done = run("[sys.stdout.write('x' * 9999) for _ in range(99)]; sys.exit(7)", ">/dev/full")
    assert done.returncode == 7
    assert done.stderr.count(b"\n") == 1
    assert b"standard output cannot be written (No space left on device)" in done.stderr
    assert run("sys.stderr.write('x'); sys.exit(7)", "2>/dev/full").returncode == 7


def test_a_reader_that_leaves_is_not_told():
    command = "[sys.stdout.write('x' * 9999 + chr(10)) for _ in range(999)]; sys.exit(7)"
    done = run(command, "> >(head -c 1 >/dev/null)")
    assert (done.returncode, done.stderr) == (7, b"")


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_no_file_takes_the_place_of_a_closed_stream(tmp_path: Path, closed):
    out = tmp_path / "out"
    code = f"f = open({str(out)!r}, 'w'); print('out'); print('err', file=sys.stderr); f.write('file'); sys.exit(7)"
    done = run(code, closed)
    assert done.returncode == 7
    assert out.read_text() == "file"
    assert done.stdout == (b"" if " >" in f" {closed}" else b"out\n")
    assert done.stderr == (b"" if "2>" in closed else b"err\n")


def test_the_first_failure_is_remembered_and_the_rest_dropped():
    stream = PatientStream(Full())
    assert stream.write("text") == 4
    stream.writelines(["a", "b"])
    stream.flush()
    assert stream.failure.strerror == "No space left on device"


def test_streams_are_put_back():
    before = sys.stdout, sys.stderr

    def fail() -> None:
        with patient_streams():
            assert sys.stdout is not before[0]
            raise ValueError("oops")

    with pytest.raises(ValueError, match="oops"):
        fail()
    assert (sys.stdout, sys.stderr) == before


def test_a_summary_does_not_mix_with_a_result(tmp_path):
    assert summary_stream(tmp_path / "out", None) is sys.stdout
    assert summary_stream(tmp_path / "out", Path("-")) is sys.stderr
