"""Exit codes and error lines that all commands share."""

import subprocess
import sys

import pytest

from kuzushiji_submit.cli import main
from kuzushiji_submit.cli.command_groups import COMMAND_GROUPS, COMMANDS, command_name
from kuzushiji_submit.cli.main import build_parser


def test_usage_errors_exit_2(capsys):
    for argv in ([], ["nonsense"], ["score"], ["predict", "--images", "x", "--out", "y", "--shard", "3/2"]):
        with pytest.raises(SystemExit) as caught:
            main(argv)
        assert caught.value.code == 2
        assert "usage: kuzushiji" in capsys.readouterr().err


def test_every_command_has_help(capsys):
    for command in COMMANDS:
        with pytest.raises(SystemExit) as caught:
            main([command_name(command), "--help"])
        assert caught.value.code == 0
        assert f"usage: kuzushiji {command_name(command)}" in capsys.readouterr().out


def test_the_help_lists_every_command_once_under_its_heading(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    with pytest.raises(SystemExit):
        main(["--help"])
    lines = capsys.readouterr().out.splitlines()
    for heading, commands in COMMAND_GROUPS.items():
        start = lines.index(f"{heading}:") + 1
        listed = [line.split()[0] for line in lines[start : start + len(commands)]]
        assert listed == [command_name(command) for command in commands]
        assert all(len(line.split()) > 2 for line in lines[start : start + len(commands)])
    for command in COMMANDS:
        assert sum(line.startswith(f"  {command_name(command)} ") for line in lines) == 1


def test_the_help_is_as_wide_as_the_terminal(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    with pytest.raises(SystemExit):
        main(["--help"])
    listed = capsys.readouterr().out.split("read pages:")[1].split("`kuzushiji COMMAND")[0]
    assert max(map(len, listed.splitlines())) <= 58


def test_a_named_error_is_one_line_and_exit_1(capsys, tmp_path):
    assert main(["check", str(tmp_path / "none")]) == 1
    captured = capsys.readouterr()
    assert captured.err == f"kuzushiji: error: {tmp_path}/none: no such folder: check the path\n"
    assert captured.out == ""


@pytest.mark.parametrize(
    "argv",
    [
        ["predict", "--images", "LONG", "--out", "s.csv"],
        ["predict", "--images", "x", "--out", "LONG"],
        ["export", "--submission", "x", "--characters", "LONG", "--images", "x", "--out", "y"],
        ["train", "detector", "--data", "x", "LONG", "--out", "y"],
        ["check", "LONG"],
    ],
)
def test_a_path_that_is_too_long_is_named(argv, capsys, tmp_path):
    assert (
        main(
            [
                str(tmp_path / (part if part != "LONG" else "x" * 256)) if part in ("LONG", "x", "y", "s.csv") else part
                for part in argv
            ]
        )
        == 1
    )
    assert "the path is too long (a name of 256 bytes): choose a shorter one" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("length", [242, 246, 251])
def test_what_lies_beside_a_long_name_must_fit_as_well(length, capsys, tmp_path):
    (tmp_path / "a.png").touch()
    argv = ["predict", "--images", tmp_path, "--out", tmp_path / f"{'x' * length}.csv", "--detector", "ink"]
    assert main([*map(str, argv)]) == 1
    assert "beside --out: the path is too long (a name of 2" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]


def test_verbose_adds_the_traceback(capsys, tmp_path):
    assert main(["--verbose", "check", str(tmp_path / "none")]) == 1
    assert "Traceback" in capsys.readouterr().err


def test_what_nobody_foresaw_is_one_line_too(monkeypatch, capsys, tmp_path):
    def divide(*args, **kwargs):
        raise ZeroDivisionError("oops")

    monkeypatch.setattr("kuzushiji_submit.competition.check.check_data", divide)
    assert main(["check", str(tmp_path)]) == 1
    line = "kuzushiji: unexpected error: ZeroDivisionError: oops: run again with --verbose and report what it prints\n"
    assert capsys.readouterr().err == line
    assert main(["--verbose", "check", str(tmp_path)]) == 1
    assert "Traceback" in capsys.readouterr().err


def test_an_interrupt_is_130(monkeypatch, capsys, tmp_path):
    def interrupt(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr("kuzushiji_submit.competition.check.check_data", interrupt)
    assert main(["check", str(tmp_path)]) == 130
    assert capsys.readouterr().err == "kuzushiji: interrupted\n"


def test_a_reader_that_leaves_is_no_traceback(write_csv):
    rows = [f"page_{n},U+3042 1" for n in range(5000)]
    broken = write_csv("broken.csv", ["image_id,labels", *rows])
    sample = write_csv("sample.csv", ["image_id,labels", *[f"page_{n}," for n in range(5000)]])
    command = f"{sys.executable} -m kuzushiji_submit validate {broken} --sample {sample} | head -1"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert done.stdout.count("\n") == 1
    assert "Traceback" not in done.stderr


def test_light_commands_never_load_torch(write_csv, tmp_path):
    truth = write_csv("truth.csv", ["image_id,labels", "a,U+3042 1 1 9 9"])
    submission = write_csv("submission.csv", ["image_id,labels", "a,U+3042 5 5"])
    for argv in (
        ["score", "--truth", str(truth), "--submission", str(submission)],
        ["validate", str(submission), "--sample", str(submission)],
        ["check", str(tmp_path)],
    ):
        code = f"import sys; from kuzushiji_submit.cli import main; main({argv!r}); sys.exit('torch' in sys.modules)"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


def test_version(capsys):
    with pytest.raises(SystemExit) as caught:
        build_parser().parse_args(["--version"])
    assert caught.value.code == 0
    assert capsys.readouterr().out.startswith("kuzushiji ")
