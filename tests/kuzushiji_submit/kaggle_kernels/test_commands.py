"""Commands in processes of their own."""

import os
import sys
import time
from pathlib import Path

import pytest

from kuzushiji_submit.kaggle_kernels.commands import Command, count_gpus, run_command


@pytest.fixture
def package(tmp_path, monkeypatch) -> Path:
    """A stand-in for the packages, so that a command is a line of Python."""
    folder = tmp_path / "packages" / "kuzushiji_submit"
    folder.mkdir(parents=True)
    (folder / "__init__.py").touch()
    (folder / "__main__.py").write_text("import sys\nexec(sys.argv[1])\n")
    monkeypatch.setenv("PYTHONPATH", str(folder.parent))
    return tmp_path


@pytest.mark.parametrize(
    ("source", "code", "last"), [("", 0, ""), ("print('a\\n\\nb')", 0, "b"), ("sys.exit(3)", 3, "")]
)
def test_code_and_last_line(package, source, code, last):
    outcome = run_command("name", [source], package / "logs" / "one.log", limit=60)
    assert (outcome.code, outcome.last_line, outcome.overdue) == (code, last, False)
    assert outcome.message == last
    assert 0 <= outcome.seconds < 60  # whole hundredths: a short one may be 0


def test_both_streams_go_to_the_log_and_to_stdout(package, capsys):
    source = "sys.stdout.write('out\\n'); sys.stdout.flush(); sys.stderr.write('1/2\\r2/2\\nüber\\n')"
    log = package / "one.log"
    log.write_text("before\n")
    run_command("two", [source], log, limit=60)
    assert log.read_text(encoding="utf-8") == "before\nout\n1/2\n2/2\nüber\n"
    assert capsys.readouterr().out == "[two] out\n[two] 1/2\n[two] 2/2\n[two] über\n"


def test_arguments_and_environment(package, monkeypatch):
    monkeypatch.setenv("GIVEN", "before")
    source = "import os; print(sys.argv[2:], os.environ['GIVEN'])"
    outcome = run_command("name", [source, Path("a b"), 3], package / "log", limit=60, environment={"GIVEN": "after"})
    assert outcome.last_line == "['a b', '3'] after"


def test_what_is_overdue_is_ended_with_all_it_started(package):
    marker = package / "pid"
    child = f"import os, time; open({str(marker)!r}, 'w').write(str(os.getpid())); time.sleep(600)"
    source = f"import subprocess; print('on', flush=True); subprocess.run([sys.executable, '-c', {child!r}])"
    command = Command("name", [source], package / "log")
    while not (marker.is_file() and marker.read_text()):
        time.sleep(0.01)
    outcome = command.wait(0)
    assert (outcome.code, outcome.last_line, outcome.overdue) == (-9, "on", True)
    assert outcome.message.endswith("s, past its time: on")
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and is_alive(int(marker.read_text())):
        time.sleep(0.01)
    assert not is_alive(int(marker.read_text()))


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_ending_what_is_over_does_nothing(package):
    command = Command("name", [""], package / "log")
    assert command.wait(60).code == 0
    command.end()


@pytest.mark.parametrize(
    ("script", "count"),
    [
        ("exit 0", 0),
        ("exit 9", 0),
        ("echo 'GPU 0: Tesla T4 (UUID: a)'; echo 'GPU 1: Tesla T4 (UUID: b)'", 2),
        ("echo 'GPU 0: Tesla T4'; exit 1", 0),
    ],
)
def test_gpus_are_asked_of_the_driver(tmp_path, monkeypatch, script, count):
    tool = tmp_path / "nvidia-smi"
    tool.write_text(f"#!/bin/sh\n{script}\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert count_gpus() == count


def test_no_driver_is_no_gpu(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert count_gpus() == 0


def test_the_python_is_this_one(package):
    assert run_command("n", ["print(sys.executable)"], package / "log", limit=60).last_line == sys.executable
