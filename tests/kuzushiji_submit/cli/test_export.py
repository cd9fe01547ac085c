"""The export command, and predict's."""

import subprocess
import sys
import time

import pytest
from lxml import etree
from PIL import Image

from kuzushiji_submit.cli import export as export_command
from kuzushiji_submit.cli import main
from kuzushiji_submit.competition.submission import write_rows
from kuzushiji_submit.export import formats
from kuzushiji_submit.reading import default_weights
from kuzushiji_submit.reading.characters import write_characters
from tests.kuzushiji_submit.export.conftest import column_of
from tests.page_readings import page_reading


@pytest.fixture
def predict(pages, tmp_path, weights, monkeypatch):
    """Reads three pages of 12, no and 6 crosses."""
    monkeypatch.setattr(default_weights, "DETECTOR_WEIGHTS", tmp_path / "none.safetensors")

    def run(*extra):
        argv = ["predict", "--images", pages, "--out", tmp_path / "submission.csv", "--recognizer-weights", weights]
        argv += ["--characters", tmp_path / "characters.jsonl", "--device", "cpu", "--set", "min_score=0", *extra]
        return main([*map(str, argv)])

    return run


@pytest.fixture
def export(predict, pages, tmp_path):
    """Exports what was read on them."""
    assert predict() == 0

    def run(*extra):
        argv = ["export", "--submission", tmp_path / "submission.csv", "--characters", tmp_path / "characters.jsonl"]
        return main([*map(str, (*argv, "--images", pages, "--out", tmp_path / "out", *extra))])

    return run


def files(folder, pattern="*/b_*"):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.glob(pattern)}


def test_the_command_names_the_formats_there_are():
    assert tuple(formats.FORMATS) == export_command.FORMATS


def test_page_xml_is_the_default_and_the_result_is_one_line(export, tmp_path, capsys):
    capsys.readouterr()
    assert export() == 0
    captured = capsys.readouterr()
    assert captured.out == f"{tmp_path}/out: 3 pages as page\n"
    assert "export" in captured.err
    assert set(files(tmp_path / "out")) == {f"page/b_{number}.xml" for number in (1, 2, 3)}
    glyphs = [
        len(etree.parse(tmp_path / "out" / "page" / f"b_{number}.xml").findall(".//{*}Glyph")) for number in (1, 2, 3)
    ]
    assert glyphs == [12, 0, 6]


def test_predict_exports_the_same_files(export, predict, tmp_path, capsys):
    formats = ("--format", "page", "alto", "hocr", "text", "coco")
    assert export(*formats) == 0
    assert predict("--export", *formats[1:]) == 0
    named = files(tmp_path / "out")
    assert len(named) == 15
    # Only texts are compared: the other files say when the submission was written, which was twice.
    texts = {name: content for name, content in named.items() if name.endswith(".txt")}
    assert texts == files(tmp_path / "submission.export", "text/b_*")
    assert set(files(tmp_path / "submission.export")) == set(named)


def test_predict_refuses_an_earlier_export_before_it_reads_and_replaces_it_when_told(predict, tmp_path, capsys):
    out = tmp_path / "exported"
    assert predict("--export", "text", "--export-out", out) == 0
    (out / "text" / "b_9.txt").write_text("of an earlier run")
    (tmp_path / "submission.csv").unlink()
    assert predict("--export", "text", "--export-out", out) == 1
    assert "holds exported pages: add --resume to go on with them, --restart to" in capsys.readouterr().err
    assert not (tmp_path / "submission.csv").exists()
    assert predict("--export", "text", "--export-out", out, "--restart") == 0
    assert set(files(out)) == {f"text/b_{number}.txt" for number in (1, 2, 3)}


def test_a_second_export_needs_to_be_told_what_to_do(export, tmp_path, capsys):
    assert export() == 0
    (tmp_path / "out" / "page" / "b_2.xml").unlink()
    before = files(tmp_path / "out")
    assert export() == 1
    assert "holds exported pages" in capsys.readouterr().err
    assert export("--resume") == 0
    assert "3 pages (2 of them before)" in capsys.readouterr().out
    assert before.items() < files(tmp_path / "out").items()
    assert export("--overwrite") == 0
    assert "before" not in capsys.readouterr().out


def test_pages_that_cannot_be_exported_are_said_after_the_rest_is_written(export, pages, tmp_path, capsys):
    (pages / "b_1.jpg").write_bytes(b"no image")
    assert export() == 1
    captured = capsys.readouterr()
    assert captured.out == f"{tmp_path}/out: 2 pages as page\n"
    assert "b_1.jpg: not an image" in captured.err
    assert "1 page could not be exported (b_1): mend what is said above and run again with --resume" in captured.err


@pytest.mark.parametrize("extra", [("--format", "docx"), ("--format",), ("--resume", "--overwrite")])
def test_wrong_usage_is_exit_code_2(extra, tmp_path):
    argv = ["export", "--submission", "s.csv", "--characters", "c.jsonl", "--images", "i", "--out", str(tmp_path)]
    with pytest.raises(SystemExit) as caught:
        main([*argv, *extra])
    assert caught.value.code == 2


@pytest.mark.slow
def test_a_killed_export_loses_nothing_and_leaves_nothing_half_written(tmp_path):
    """Killed twice as soon as some more pages are there, then gone on with: the same as in one go."""
    read = [column_of(10 + 60 * (place % 5), "いろはにほへと") for place in range(60)]
    readings = [page_reading(f"b_{place}", characters, (500, 400)) for place, characters in enumerate(read)]
    (tmp_path / "images").mkdir()
    for reading in readings:
        Image.new("RGB", (400, 500)).save(tmp_path / "images" / f"{reading.image_id}.png")
    write_rows(tmp_path / "s.csv", ((reading.image_id, reading.to_points()) for reading in readings))
    write_characters(tmp_path / "c.jsonl", readings)
    argv = ["export", "--submission", tmp_path / "s.csv", "--characters", tmp_path / "c.jsonl"]
    argv = [*map(str, (*argv, "--images", tmp_path / "images", "--format", "page", "alto", "coco", "--out"))]
    assert main([*argv, str(tmp_path / "whole")]) == 0
    command = [sys.executable, "-m", "kuzushiji_submit", *argv, str(tmp_path / "killed"), "--resume"]
    for wanted in (5, 20):
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        while process.poll() is None and len(files(tmp_path / "killed")) < wanted:
            time.sleep(0.002)
        process.kill()
        process.wait()
        assert files(tmp_path / "killed").items() <= files(tmp_path / "whole").items()
    assert main([*argv, str(tmp_path / "killed"), "--resume"]) == 0
    assert files(tmp_path / "killed") == files(tmp_path / "whole")
    assert [path for path in (tmp_path / "killed").rglob("*.tmp") if path.is_file()] == []
