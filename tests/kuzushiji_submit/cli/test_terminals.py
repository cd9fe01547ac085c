"""Every command on terminals that are not UTF-8, with streams that are closed or full, quietly, and into pipes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from kuzushiji_submit.cli import main
from kuzushiji_submit.cli.command_groups import COMMANDS
from kuzushiji_submit.cli.main import build_parser

ALL_HELP = """
import sys
from kuzushiji_submit.cli.command_groups import COMMANDS
from kuzushiji_submit.cli.main import main
for command in ["", *COMMANDS, "kernel push", "kernel status", "kernel output"]:
    try:
        main([*command.replace("_", "-").split(), "--help"])
    except SystemExit as end:
        if end.code:
            raise
"""


def run(command: list[object], redirections: str = "", **environment: str) -> subprocess.CompletedProcess[bytes]:
    shell = ["bash", "-c", f'exec "$@" {redirections}', "bash", sys.executable, *map(str, command)]
    return subprocess.run(shell, capture_output=True, check=False, env={**os.environ, **environment})


@pytest.fixture
def merge(write_csv, tmp_path):
    """Arguments that write a submission of one page."""
    part = write_csv("part.csv", ["image_id,labels", "b_1,U+306F 1 2"])
    return ["-m", "kuzushiji_submit", "merge", part, "--sample", part, "--out"]


@pytest.fixture
def data(write_csv, tmp_path) -> Path:
    """A data folder in which everything that `check` can name is missing, and a character is beyond all tables."""
    write_csv("data/train.csv", ["image_id,labels", "b_1,U+24E30 1 2 3 4"])
    write_csv("data/unicode_translation.csv", ["Unicode,char", "U+24E30,𤸰"])
    return tmp_path / "data"


@pytest.mark.parametrize("encoding", ["ascii", "cp932", "euc_jp", "latin-1"])
def test_all_help_shows_on_every_terminal(encoding):
    done = run(["-c", ALL_HELP], PYTHONIOENCODING=encoding, LC_ALL="C")
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.count(b"usage: kuzushiji") == len(COMMANDS) + 4


@pytest.mark.parametrize("encoding", ["ascii", "cp932", "euc_jp", "latin-1"])
def test_a_check_says_all_it_finds(data, encoding):
    plain = run(["-m", "kuzushiji_submit", "check", data])
    done = run(["-m", "kuzushiji_submit", "check", data], PYTHONIOENCODING=encoding)
    assert done.returncode == plain.returncode == 1
    assert done.stdout.count(b"\n") == plain.stdout.count(b"\n") > 1
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize(
    "redirections", [">/dev/full", "2>/dev/full", ">&-", "2>&-", ">&- 2>&- <&-", "> >(exit)", ">/dev/full 2>&1"]
)
def test_the_exit_code_tells_of_the_work(merge, tmp_path, redirections):
    out = tmp_path / "out.csv"
    done = run([*merge, out], redirections)
    assert done.returncode == 0
    assert out.read_text() == "image_id,labels\nb_1,U+306F 1 2\n"
    assert b"Traceback" not in done.stderr
    assert run([*merge, tmp_path], redirections).returncode == 1


@pytest.mark.parametrize("name", ["-", "/dev/stdout", "/dev/fd/1", "link"])
def test_a_submission_goes_down_a_pipe_alone(merge, tmp_path, name):
    if name == "link":
        (tmp_path / name).symlink_to("/dev/stdout")
        name = str(tmp_path / name)
    done = run([*merge, name])
    assert done.returncode == 0
    assert done.stdout == b"image_id,labels\nb_1,U+306F 1 2\n"
    assert done.stderr == f"{name}: 1 characters on 1 pages\n".encode()


def test_what_stands_in_a_file_that_is_appended_to_stays(merge, tmp_path):
    out = tmp_path / "out"
    out.write_text("before\n")
    assert run([*merge, "/dev/stdout"], f">>{out}").returncode == 0
    assert out.read_text() == "before\nimage_id,labels\nb_1,U+306F 1 2\n"


@pytest.mark.parametrize(("name", "redirections"), [("-", ">/dev/full"), ("-", ">&-"), ("/dev/full", "")])
def test_a_submission_that_cannot_come_out_is_an_error(merge, name, redirections):
    done = run([*merge, name], redirections)
    assert done.returncode == 1
    assert done.stderr.startswith(f"kuzushiji: error: {name}: cannot be written".encode())
    assert done.stderr.count(b"\n") == 1


def test_process_substitution(merge, tmp_path):
    copy = tmp_path / "copy"
    command = " ".join(map(str, [sys.executable, *merge]))
    done = subprocess.run(["bash", "-c", f"{command} >(cat >{copy}); wait $!"], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert copy.read_text() == "image_id,labels\nb_1,U+306F 1 2\n"


def test_quiet_and_verbose_stand_before_and_behind_every_command():
    parser = build_parser()
    needed = ["check", "data"]
    for argv in (["--quiet", *needed], [*needed, "--quiet"]):
        args = parser.parse_args(argv)
        assert (args.quiet, args.verbose) == (True, False)
    for argv in (["--verbose", *needed], [*needed, "--verbose"]):
        args = parser.parse_args(argv)
        assert (args.quiet, args.verbose) == (False, True)
    push = parser.parse_args(["kernel", "push", "train", "--quiet"])
    assert push.quiet


def test_quiet_shows_no_progress(data, draw_page, save_drawn_page, capsys):
    save_drawn_page(data / "train_images" / "b_1.jpg", draw_page(1)[0])
    code = main(["check", str(data)])
    assert "train_images: 1 of 1 pages" in capsys.readouterr().err
    assert main(["check", str(data), "--quiet"]) == code
    assert capsys.readouterr().err == ""
