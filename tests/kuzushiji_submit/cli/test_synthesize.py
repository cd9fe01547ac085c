import json
from pathlib import Path

import matplotlib
import pytest

from kuzushiji_submit.cli import main
from kuzushiji_submit.synthetic import fonts
from tests.kuzushiji_submit.synthetic.conftest import greek_page, write_real_folder

FONT = str(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf")


def test_summary_on_stdout_and_progress_on_stderr(tmp_path, capsys):
    out = tmp_path / "data"
    argv = ["synthesize", "--out", str(out), "--pages", "2", "--test-pages", "1", "--height", "120", "--fonts", FONT]
    assert main(argv) == 0
    captured = capsys.readouterr()
    assert captured.out.startswith(f"{out}: 2 train and 1 test pages, ")
    assert captured.out.count("\n") == 1
    assert captured.err.startswith("synthesize: 3 of 3 pages (100 %)")
    assert main(argv) == 0
    assert "3 of them from an earlier run" in capsys.readouterr().out


def test_what_is_made_passes_the_check(tmp_path, capsys):
    out = tmp_path / "data"
    assert main(["synthesize", "--out", str(out), "--pages", "1", "--height", "120", "--clean", "--fonts", FONT]) == 0
    assert "1 train and 1 test pages" in capsys.readouterr().out
    assert main(["check", str(out)]) == 0


def test_real_characters_of_the_books_that_are_not_left_out(tmp_path, capsys):
    real = write_real_folder(tmp_path / "real", [greek_page("100000001_00002_2"), greek_page("brsk001-004", seed=1)])
    out = tmp_path / "data"
    argv = ["synthesize", "--out", str(out), "--pages", "1", "--height", "120", "--fonts", FONT, "--real-data"]
    assert main([*argv, str(real), "--real-share", "1", "--without-books", "brsk004"]) == 0
    assert list(json.loads((out / "synthesis.json").read_text())["real"]["books"]) == ["100000001"]
    capsys.readouterr()
    assert main([*argv, str(real), "--without-books", "100000011"]) == 1
    assert "no page of 100000011: the books are 100000001, brsk" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        (["--pages", "-1", "--fonts", FONT], "pages"),
        (["--pages", "1", "--workers", "0", "--fonts", FONT], "--workers"),
        (["--pages", "1", "--fonts", "absent.ttf"], "absent.ttf"),
        (["--pages", "1", "--fonts", FONT, "--layout", "absent.csv"], "absent.csv"),
        (["--pages", "1", "--fonts", FONT, "--real-share", "0.5"], "--real-data"),
        (["--pages", "1", "--fonts", FONT, "--real-books", "1"], "--real-data"),
        (["--pages", "1", "--fonts", FONT, "--real-data", "absent", "--real-share", "2"], "--real-share"),
        (["--pages", "1", "--fonts", FONT, "--real-data", "absent"], "absent"),
        (["--pages", "1"], "fonts-kouzan-mouhitsu"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_1(tmp_path, monkeypatch, capsys, extra, message):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(fonts, "FONT_FOLDERS", ())
    assert main(["synthesize", "--out", str(tmp_path / "data"), *extra]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert message in captured.err
    assert captured.err.count("\n") == 1


def test_missing_options_are_wrong_usage(capsys):
    with pytest.raises(SystemExit) as raised:
        main(["synthesize"])
    assert raised.value.code == 2
    assert "--out" in capsys.readouterr().err
