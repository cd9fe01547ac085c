"""What becomes of what a trial tells, or does not."""

import json
import sys

import pytest

from kuzushiji_submit.diagnosis import reading_trial
from kuzushiji_submit.diagnosis.finding import Verdict

READ = {"characters": 7, "device": "cpu", "seconds": 1.5}
CPU, CARD = "cpu (x86_64, 2 cores)", "cuda:0 (T4, 16 GB)"


@pytest.fixture
def look(monkeypatch, tmp_path):
    """Runs a trial that executes a line of Python; the device is sys.argv[1]."""
    monkeypatch.setattr(reading_trial, "_NVIDIA", tmp_path / "nvidia0")

    def run(source, device="auto"):
        command = [sys.executable, "-c", f"import json, os, signal, sys\n{source}"]
        return [(found.what, found.verdict, found) for found in reading_trial.look_at_reading(device, command)]

    return run


def tells(*said):
    return "\n".join(f"print({json.dumps(one)!r})" for one in said)


def test_a_trial_that_reads(look):
    (devices, reading) = look(tells({"step": "loading"}, {"devices": [CPU]}, READ))
    assert devices[:2] == ("devices", Verdict.OK)
    assert reading[:2] == ("reading", Verdict.OK)
    assert reading[2].found == "part of a sample page on cpu: 7 characters in 1.5 s"


def test_a_page_on_which_nothing_is_found_is_noted(look):
    ((what, verdict, _),) = look(tells({**READ, "characters": 0}))
    assert (what, verdict) == ("reading", Verdict.NOTE)


@pytest.mark.parametrize(
    ("source", "found", "advice"),
    [
        ("", "starting Python: ended with exit code 0:", "run again with --verbose"),
        ("sys.exit('no such thing')", "ended with exit code 1: no such thing", "run again with --verbose"),
        (tells({"step": "loading cv2"}, {"error": "ImportError: libGL.so.1"}), "loading cv2: ImportError", "headless"),
        (tells({"error": "operator torchvision::nms does not exist"}), "torchvision::nms", "of different builds"),
        (f"{tells({'step': 'loading numpy'})}\nsys.exit(1)", "loading numpy: ended with", "scripts/setup.sh"),
    ],
)
def test_a_trial_that_fails_is_a_fault(look, source, found, advice):
    ((what, verdict, finding),) = look(source, "cpu")
    assert (what, verdict) == ("reading", Verdict.FAULT)
    assert found in finding.found
    assert advice in finding.advice


@pytest.mark.parametrize(
    ("name", "advice"), [("SIGILL", "built for a newer processor"), ("SIGKILL", "memory did not suffice")]
)
def test_a_process_that_dies_is_named_by_where_it_was(look, name, advice):
    told = tells({"step": "loading torch"})
    ((_, verdict, finding),) = look(f"{told}\nsys.stdout.flush(); os.kill(os.getpid(), signal.{name})")
    assert (verdict, finding.found) == (Verdict.FAULT, f"loading torch: killed by {name}")
    assert advice in finding.advice


def test_what_never_ends_is_ended(look, monkeypatch):
    monkeypatch.setattr(reading_trial, "LONGEST", 0.5)
    ((_, verdict, finding),) = look("import time; time.sleep(600)")
    assert verdict is Verdict.FAULT
    assert "no end after" in finding.found


def test_a_card_that_fails_is_no_fault_where_the_cpu_reads(look):
    fails = (
        f"{tells({'devices': [CPU, CARD]})}\nprint(json.dumps({READ!r} if sys.argv[1] == 'cpu' else {{'error': 'x'}}))"
    )
    assert [found[:2] for found in look(fails)] == [
        ("devices", Verdict.OK),
        ("accelerator", Verdict.NOTE),
        ("reading", Verdict.OK),
    ]
    assert look(fails, "cuda")[-1][1] is Verdict.FAULT


def test_a_card_that_torch_does_not_see_is_noted(look, tmp_path):
    (tmp_path / "nvidia0").touch()
    devices, _ = look(tells({"devices": [CPU]}, READ))
    assert devices[1] is Verdict.NOTE
    devices, _ = look(tells({"devices": [CPU, CARD]}, READ))
    assert devices[1] is Verdict.OK


def test_a_python_that_cannot_be_started():
    ((finding),) = reading_trial.look_at_reading("cpu", ["/nonexistent/python"])
    assert finding.verdict is Verdict.FAULT
