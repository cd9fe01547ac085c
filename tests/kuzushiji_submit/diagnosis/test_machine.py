"""Memory, disk and terminal."""

import io
import os
import shutil
from collections import namedtuple

import pytest

from kuzushiji_submit.diagnosis import machine
from kuzushiji_submit.diagnosis.finding import Verdict

TABLE = "MemTotal:       16000000 kB\nMemFree:         100 kB\nMemAvailable:    8000000 kB\n"


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "meminfo"
    path.write_text(TABLE)
    return path


def test_memory_of_the_machine(table, tmp_path):
    (finding,) = machine.look_at_memory(table, tmp_path)
    assert (finding.verdict, finding.found) == (Verdict.OK, "16.4 GB, 8.2 GB free")


@pytest.mark.parametrize(
    ("limit", "used", "found", "verdict"),
    [
        ("4000000000", "1000000000", "4.0 GB, 3.0 GB free", Verdict.OK),
        ("4000000000", "3500000000", "4.0 GB, 0.5 GB free", Verdict.NOTE),
        ("max", "3500000000", "16.4 GB, 8.2 GB free", Verdict.OK),
        ("64000000000", "3500000000", "16.4 GB, 8.2 GB free", Verdict.OK),
    ],
)
def test_memory_of_a_container(table, tmp_path, limit, used, found, verdict):
    (tmp_path / "memory.max").write_text(f"{limit}\n")
    (tmp_path / "memory.current").write_text(f"{used}\n")
    (finding,) = machine.look_at_memory(table, tmp_path)
    assert (finding.found, finding.verdict) == (found, verdict)
    assert bool(finding.advice) is (verdict is Verdict.NOTE)


@pytest.mark.parametrize("text", ["", "MemTotal\n", "MemTotal: many kB\n", "MemTotal: 5 kB\n"])
def test_a_table_that_says_nothing(tmp_path, text, monkeypatch):
    path = tmp_path / "meminfo"
    path.write_text(text)
    monkeypatch.setattr(os, "sysconf", lambda name: {"SC_PHYS_PAGES": 1_000_000, "SC_PAGE_SIZE": 4096}[name])
    (finding,) = machine.look_at_memory(path, tmp_path)
    assert finding.found == "4.1 GB"
    monkeypatch.delattr(os, "sysconf")
    (finding,) = machine.look_at_memory(path, tmp_path)
    assert finding.found == "not known here"


def test_the_disk_of_this_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    finding = next(machine.look_at_disk())
    assert finding.what == "disk"
    assert finding.found.startswith(f"{tmp_path}: ")
    assert " GB free" in finding.found


def test_a_disk_without_room_or_inodes(tmp_path, monkeypatch):
    usage = namedtuple("usage", "total used free")
    state = namedtuple("state", "f_files f_favail")
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage(10**10, 10**10 - 10**8, 10**8))
    monkeypatch.setattr(os, "statvfs", lambda folder: state(10**6, 12))
    monkeypatch.chdir(tmp_path)
    finding = next(machine.look_at_disk())
    assert finding.verdict is Verdict.NOTE
    assert finding.found == f"{tmp_path}: 0.1 GB of 10.0 GB free, 12 inodes free"
    assert finding.advice == "make room: less than 1.0 GB is free; delete small files: new ones need inodes"
    monkeypatch.setattr(os, "statvfs", lambda folder: state(0, 0))  # as file systems do that do not count them
    assert "inodes" not in next(machine.look_at_disk()).found + next(machine.look_at_disk()).advice


def test_no_folder_for_temporary_files(monkeypatch):
    def fail():
        raise FileNotFoundError("no usable temporary directory")

    monkeypatch.setattr(machine.tempfile, "gettempdir", fail)
    (last,) = list(machine.look_at_disk())[1:]
    assert (last.what, last.verdict) == ("temporary", Verdict.NOTE)
    assert "TMPDIR" in last.advice


@pytest.mark.parametrize(
    ("encoding", "verdict"), [("utf-8", Verdict.OK), ("ascii", Verdict.NOTE), ("cp932", Verdict.NOTE)]
)
def test_terminals(monkeypatch, encoding, verdict):
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(io.BytesIO(), encoding=encoding))
    (finding,) = machine.look_at_terminal()
    assert finding.verdict is verdict
    assert encoding in finding.found
