"""The report on a data folder, from files to HTML."""

import re

import pytest

from kuzushiji_submit.cli import main
from kuzushiji_submit.competition.data_folder import DataFolder
from kuzushiji_submit.core.errors import CompetitionFileError, ConfigError, OutputError
from kuzushiji_submit.stats.build_statistics import StatsSettings, build_statistics


@pytest.fixture
def data(tmp_path, write_csv, draw_page, save_drawn_page):
    pixels, boxes = draw_page(1)
    labels = " ".join(f"U+306E {x0} {y0} {x1 - x0} {y1 - y0}" for x0, y0, x1, y1 in boxes)
    rows = [f"a_1,{labels}", f"a_2,{labels} U+306F 5000 5000 9 9", "a_3,", "b_1,U+306F 1 1 5 5", "b_2,U+306F 1 1 5 5"]
    write_csv("data/train.csv", ["image_id,labels", *rows])
    write_csv("data/unicode_translation.csv", ["Unicode,char", "U+306E,の"])
    for name in ("a_1", "a_2", "a_3"):
        save_drawn_page(tmp_path / "data" / "train_images" / f"{name}.jpg", pixels)
    (tmp_path / "data" / "train_images" / "b_1.jpg").write_bytes(b"no image")
    return DataFolder(tmp_path / "data")


def sources(index):
    return set(re.findall(r'src="([^"]+)"', index.read_text(encoding="utf-8")))


def test_report_is_whole_and_every_picture_is_there(data, tmp_path):
    made = build_statistics(data, tmp_path / "out", StatsSettings(samples=9, steps=2))
    assert (made.figures.pages, made.figures.characters) == (5, 15)
    html = made.index.read_text(encoding="utf-8")
    assert "15</dd>" in html
    assert "b_1.jpg: not an image" in html
    pictures = sources(made.index)
    assert {"pictures/frequencies.png", "pictures/sizes.png"} <= pictures
    assert sum(re.fullmatch(r"crops/page-\d+\.jpg", picture) is not None for picture in pictures) == 2
    assert all((tmp_path / "out" / source).is_file() for source in pictures)
    assert html.count("step by step") == 2
    again = build_statistics(data, tmp_path / "out", StatsSettings(samples=9, steps=2))
    assert again.index.read_text(encoding="utf-8") == html


def test_single_character_is_shown_step_by_step(data, tmp_path):
    made = build_statistics(data, tmp_path / "out", samples=[("a_2", 3)])
    html = made.index.read_text(encoding="utf-8")
    assert "a_2 box 3</small>" in html
    assert html.count("step by step") == 1
    assert "a_1 with boxes" not in html


@pytest.mark.parametrize("sample", [("none", 0), ("a_1", 99), ("a_3", 0), ("b_2", 0)])
def test_sample_that_is_not_there_is_refused(data, tmp_path, sample):
    with pytest.raises(ConfigError, match="no such box"):
        build_statistics(data, tmp_path / "out", samples=[sample])


def test_pages_with_a_character(data, tmp_path, capsys):
    out = tmp_path / "out"
    assert main(["stats", str(data.root), "--out", str(out), "--contains", "は", "--set", "samples=1"]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[1] == "5 pages (1 without text) of 2 books, 15 characters of 2 classes"
    assert printed[2:] == ["U+306F on 3 pages", "a_2  1", "b_1  1", "b_2  1"]
    assert "a_2 with boxes" in (out / "index.html").read_text(encoding="utf-8")


def test_nothing_to_count_and_a_folder_of_others(data, tmp_path, write_csv):
    write_csv("empty/train.csv", ["image_id,labels", "a_1,"])
    (tmp_path / "empty" / "train_images").mkdir()
    with pytest.raises(CompetitionFileError, match="no character is annotated"):
        build_statistics(DataFolder(tmp_path / "empty"), tmp_path / "out")
    with pytest.raises(OutputError, match="holds files"):
        build_statistics(data, data.root)


@pytest.mark.parametrize("value", ["a_1", ":3", "a_1:x"])
def test_sample_argument_is_checked(data, tmp_path, value, capsys):
    with pytest.raises(SystemExit):
        main(["stats", str(data.root), "--out", str(tmp_path / "out"), "--sample", value])
    assert "is not IMAGE_ID:INDEX" in capsys.readouterr().err
