"""Commands that are killed, find the disk full or shut, or are started twice: nothing is lost, and nothing hangs."""

import os
import random
import struct
import subprocess
import zlib
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from kuzushiji_submit.competition.submission import read_submission
from tests.faults.children import Child, run, workshop
from tests.faults.inputs import draw_page, make_data, make_pages, make_weights
from tests.faults.kill_and_resume import trials, try_moments

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

TIMEOUT = 600.0
"""Seconds after which a command counts as hung; on an idle machine they take one or two."""
COMMANDS = ("predict", "export", "detector", "recognizer")


@pytest.fixture(scope="module")
def given():
    """Pages, data, weights, and what predict read."""
    with workshop() as folder:
        make_pages(folder / "given" / "pages", 4)
        make_data(folder / "given" / "data", 4)
        make_weights(folder / "given" / "reader.safetensors")
        (folder / "given" / "read").mkdir()
        run(trials(folder / "given")["predict"].argv(folder / "given" / "read"), folder, TIMEOUT)
        yield folder / "given"


@pytest.fixture(scope="module")
def whole(given):
    """What a command gives that nothing disturbs: by name, and the bytes that it takes."""
    found = {}

    def make(name):
        if name not in found:
            trial, out = trials(given)[name], given.parent / f"whole-{name}"
            out.mkdir()
            ended = run(trial.argv(out), given.parent, TIMEOUT)
            assert (ended.hung, ended.code) == (False, trial.code), ended.err
            size = sum(path.stat().st_blocks * 512 for path in out.rglob("*") if path.is_file())
            found[name] = trial.contents(out), size
        return found[name]

    return make


@contextmanager
def disk(place: Path, size: int):
    """A disk of so many bytes."""
    place.mkdir(exist_ok=True)
    argv = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", place]
    try:
        mounted = subprocess.run(argv, capture_output=True, check=False, timeout=30).returncode == 0
    except OSError:
        mounted = False
    if not mounted:
        pytest.skip("no small disk can be mounted here")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", place], check=True, timeout=30)


def remount(place: Path, options: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{options}", place], check=True, timeout=30)


@pytest.mark.parametrize("name", COMMANDS)
def test_killed_at_any_moment_it_goes_on_to_the_same_end(given, name, tmp_path):
    outcome = try_moments(trials(given)[name], 2, random.Random(0), TIMEOUT, tmp_path)
    assert outcome.faults == []


@pytest.mark.parametrize("name", COMMANDS)
def test_a_full_disk_is_named_and_the_rest_goes_on_once_there_is_room(given, whole, name, tmp_path):
    trial, (expected, size), out = trials(given)[name], whole(name), tmp_path / "disk"
    with disk(out, max(8192, size // 2)):
        ended = run(trial.argv(out), tmp_path, TIMEOUT)
        last = ended.err.strip().splitlines()[-1]
        assert (ended.hung, ended.code) == (False, 1), last
        assert last.startswith("kuzushiji: error: "), last
        assert "free space" in last, last
        remount(out, "size=64m")
        ended = run([*trial.argv(out), *trial.resume], tmp_path, TIMEOUT)
        assert (ended.hung, ended.code) == (False, trial.code), ended.err
        assert trial.contents(out) == expected


@pytest.mark.parametrize("name", COMMANDS)
def test_a_place_that_cannot_be_written_is_named_at_once(given, name, tmp_path):
    trial = trials(given)[name]
    with disk(tmp_path / "disk", 1 << 20):
        remount(tmp_path / "disk", "ro")
        ended = run(trial.argv(tmp_path / "disk"), tmp_path, TIMEOUT)
        assert (ended.hung, ended.code) == (False, 1), ended.err
        assert ended.err.splitlines()[-1].startswith("kuzushiji: error: "), ended.err
        assert "name another place" in ended.err
    ended = run(trial.argv(Path("/proc/none")), tmp_path, TIMEOUT)
    assert (ended.hung, ended.code) == (False, 1), ended.err
    assert ended.err.splitlines()[-1].startswith("kuzushiji: error: "), ended.err


@pytest.mark.parametrize("name", COMMANDS)
def test_two_runs_on_one_output_leave_a_whole_one(given, whole, name, tmp_path):
    trial, (expected, _), out = trials(given)[name], whole(name), tmp_path / "out"
    out.mkdir()
    children = [Child([*trial.argv(out), *trial.resume], tmp_path) for _ in range(2)]
    for ended in [child.wait(TIMEOUT) for child in children]:
        assert not ended.hung
        refused = ended.code == 1 and "kuzushiji: error: " in ended.err.splitlines()[-1]
        assert refused or ended.code == trial.code, ended.err
    assert trial.contents(out) == expected


def predict(given: Path, pages: Path, out: Path, *extra: object):
    argv = ["predict", "--images", pages, "--out", out, "--recognizer-weights", given / "reader.safetensors"]
    quick = ["--detector", "ink", "--device", "cpu", "--set", "min_score=0"]
    return run([*argv, *quick, *extra], out.parent, TIMEOUT)


def white_png(side: int) -> bytes:
    """A square picture of one bit a pixel, made without holding its pixels."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        checked = kind + content
        return struct.pack(">I", len(content)) + checked + struct.pack(">I", zlib.crc32(checked))

    pack = zlib.compressobj()
    row = b"\0" + b"\xff" * -(-side // 8)
    rows = b"".join(pack.compress(row) for _ in range(side)) + pack.flush()
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def test_a_picture_larger_than_any_page_costs_only_its_own_row(given, tmp_path):
    """A file of a few kilobytes that decodes to 400 million pixels."""
    pages = tmp_path / "pages"
    pages.mkdir()
    (pages / "a.png").write_bytes(white_png(20_000))
    Image.fromarray(draw_page(0)[0]).save(pages / "b.png")
    ended = predict(given, pages, tmp_path / "s.csv")
    assert (ended.hung, ended.code) == (False, 1)
    assert "a.png: far too many pixels: scale it below 150000000" in ended.err
    lengths = {page.image_id: len(page) for page in read_submission(tmp_path / "s.csv")}
    assert lengths["a"] == 0 < lengths["b"]


@pytest.mark.parametrize("count", [1_000])
def test_very_many_pictures_of_one_pixel(given, count, tmp_path):
    pages = tmp_path / "pages"
    pages.mkdir()
    Image.fromarray(np.zeros((1, 1, 3), np.uint8)).save(pages / "0.png")
    for number in range(1, count):
        os.link(pages / "0.png", pages / f"{number}.png")
    ended = predict(given, pages, tmp_path / "s.csv")
    assert (ended.hung, ended.code) == (False, 0), ended.err[-500:]
    read = read_submission(tmp_path / "s.csv")
    assert len(read) == count
    assert not any(len(page) for page in read)
