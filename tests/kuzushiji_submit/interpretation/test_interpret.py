"""The interpretation's report, from pages and weights to HTML."""

import csv
import dataclasses
import re

import numpy as np
import pytest

from kuzushiji_submit.cli import main
from kuzushiji_submit.competition.data_folder import DataFolder
from kuzushiji_submit.core.errors import CompetitionFileError, ConfigError
from kuzushiji_submit.interpretation.drawing import Findings
from kuzushiji_submit.interpretation.interpret import InterpretSettings, choose_books, interpret
from recognition.interpretation.interpretation import Interpretation
from recognition.recognizer import Recognizer

SMALL = InterpretSettings(losses=4, suspects=3, hits=2, examples=2, heatmaps=1)


@pytest.fixture
def data(tmp_path, write_csv, draw_page, save_drawn_page):
    pixels, boxes = draw_page(1)
    texts = [f"{x0} {y0} {x1 - x0} {y1 - y0}" for x0, y0, x1, y1 in boxes]
    marked = " ".join(f"{('U+306E', 'U+306F')[place % 2]} {box}" for place, box in enumerate(texts))
    rows = [
        f"a_1,{marked}",
        f"b_1,U+3042 {texts[0]} U+306E {texts[1]} U+306E 9000 9000 5 5",
        "b_2,U+306E 1 1 5 5",
        "c_1,",
    ]
    write_csv("data/train.csv", ["image_id,labels", *rows])
    for name in ("a_1", "b_1", "c_1"):
        save_drawn_page(tmp_path / "data" / "train_images" / f"{name}.jpg", pixels)
    (tmp_path / "data" / "train_images" / "b_2.jpg").write_bytes(b"no image")
    return DataFolder(tmp_path / "data")


@pytest.fixture
def recognizer(weights):
    return Recognizer.load(weights, "cpu", batch_size=4)


def test_report_is_whole_and_every_picture_is_there(data, recognizer, tmp_path):
    made = interpret(data, recognizer, tmp_path / "out", SMALL, books=[])
    assert (made.pages, made.crops) == (3, 7)  # one box is outside, one character unknown, one page unreadable
    assert set(made.unreadable) == {"b_2"}
    html = made.index.read_text(encoding="utf-8")
    assert "1 character left out that the weights do not know" in html
    assert "All books are read" in html
    assert all(f'id="{anchor}"' in html for anchor in re.findall(r'href="#([^"]+)"', html))
    pictures = set(re.findall(r'src="([^"]+)"', html))
    assert "pictures/matrix.png" in pictures
    assert any(re.fullmatch(r"pictures/\d+\.png", picture) for picture in pictures)
    assert all((tmp_path / "out" / picture).is_file() for picture in pictures)
    classes = list(csv.DictReader((tmp_path / "out" / "classes.csv").read_text().splitlines()))
    assert {row["codepoint"]: (row["annotated"], row["crops"]) for row in classes} == {
        "U+306E": ("6", "4"),
        "U+306F": ("3", "3"),
    }
    assert sum(int(row["right"]) for row in classes) == pytest.approx(made.figures["top1"] * 7)


def test_figures_are_those_of_reading_the_boxes(data, recognizer, tmp_path):
    """Whatever the batches and threads are, the report says what the recognizer says."""
    first = interpret(data, recognizer, tmp_path / "one", SMALL, books=["a"])
    wide = dataclasses.replace(SMALL, matrix=0)
    second = interpret(data, recognizer, tmp_path / "two", wide, books=["a"], workers=2)
    assert first.figures == pytest.approx(second.figures)
    assert "matrix.png" not in second.index.read_text(encoding="utf-8")


def test_books(make_truth):
    truth = [make_truth(image_id=name) for name in ("a_1", "b_1", "c_1")]
    assert choose_books(truth, "by book; held out: b, z", None) == ({"b"}, [])
    assert choose_books(truth, "by book; held out: b", ["a", "c"]) == ({"a", "c"}, [])
    for split, books in (("by book; held out: none", None), ("", None), ("by book; held out: b", [])):
        chosen, notes = choose_books(truth, split, books)
        assert chosen == {"a", "b", "c"}
        assert "look better" in notes[0]
    with pytest.raises(ConfigError, match="book z is not in the data"):
        choose_books(truth, "", ["z"])


def test_places_are_found_on_their_pages(make_truth, tmp_path):
    findings = Findings(Interpretation(2), [(make_truth(), tmp_path)] * 3, starts=[0, 4, 4, 9])
    assert findings.by_page([8, 0, 3, 4, 8]) == {0: [0, 3], 2: [0, 4]}


def test_nothing_to_look_at_is_an_error(data, recognizer, tmp_path):
    with pytest.raises(CompetitionFileError, match="no annotated page of these books"):
        interpret(data, recognizer, tmp_path / "out", SMALL, books=["c"])


def test_command_prints_the_figures_and_names_unreadable_pages(data, weights, tmp_path, capsys):
    argv = ["interpret", "--data", str(data.root), "--weights", str(weights), "--out", str(tmp_path / "out")]
    argv += ["--device", "cpu", "--set", "heatmaps=0"]
    assert main([*argv, "--books", "a"]) == 0
    assert "6 characters on 1 pages: top1 " in capsys.readouterr().out
    assert main([*argv, "--all"]) == 1
    assert "1 page images could not be read" in capsys.readouterr().err


def test_suspects_name_page_and_box(data, weights, tmp_path):
    """A network that is sure of one class finds every other label doubtful."""
    recognizer = Recognizer.load(weights, "cpu")
    recognizer.model.head[2].weight.data.zero_()
    recognizer.model.head[2].bias.data.copy_(recognizer.model.head[2].bias.data.new_tensor([9.0, 0.0, 0.0]))
    interpret(data, recognizer, tmp_path / "out", SMALL, books=["a"])
    rows = list(csv.DictReader((tmp_path / "out" / "suspects.csv").read_text().splitlines()))
    assert {row["label"] for row in rows} == {"U+306F"}
    assert sorted(int(row["index"]) for row in rows) == [1, 3, 5]
    assert np.mean([float(row["read_score"]) for row in rows]) > 0.99
