"""The example at the end of every command's help, run as it stands there on pages of crosses.

What trains is made small by settings behind the example, what draws or goes on for long by a later option of the same
name; Kaggle is a server of the tests. Nothing is taken out of an example.
"""

import argparse
import json
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from kaggle_server import zip_of

from kuzushiji_submit.cli import main, run_demo
from kuzushiji_submit.cli.help_text import show_example
from kuzushiji_submit.cli.main import build_parser
from kuzushiji_submit.competition.data_folder import DataFolder
from kuzushiji_submit.competition.truth import PageTruth, read_truth, write_truth
from kuzushiji_submit.reading import default_weights
from kuzushiji_submit.synthetic import fonts

FONT = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"  # comes with a declared dependency
IDS = ("a_1", "b_1", "c_1")
COLUMNS = "image_id,labels"


def examples_of(parser: argparse.ArgumentParser) -> Iterator[tuple[str, str]]:
    """Name and example of every command and of their parts."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                yield command.prog.removeprefix("kuzushiji "), command.example
                yield from examples_of(command)


EXAMPLES = dict(examples_of(build_parser()))
KAGGLE = {"download", "submit", "kernel", "kernel push", "kernel status", "kernel output"}


def settings(*assignments: str) -> list[str]:
    return [part for assignment in assignments for part in ("--set", assignment)]


SMALL_TRAINING = settings(
    *("model=kuzu_char_rec", "model.stage_widths=[4, 8]", "model.convs_per_stage=1", "crop.size=32"),
    *("split.folds=2", "epochs=1", "batch_size=4", "runtime.accelerator=cpu", "runtime.progress=false"),
)
SMALL_RUN = ("split.folds=2", "epochs=1", "batch_size=2", "runtime.accelerator=cpu", "runtime.progress=false")
SMALL_PYRAMID = ("widths=[4, 4, 6, 6, 8]", "depths=[1, 1, 1, 1]", "pyramid=4")
SMALL_TILES = (*SMALL_RUN, "tiles_per_epoch=2", "tile_size=64")
SMALL_COLUMN = ("network.width=8", "network.window=8", "network.candidates=2", "windows_per_epoch=4")
SMALL = {
    "predict": settings("min_score=0"),
    "train": SMALL_TRAINING,
    "train recognizer": SMALL_TRAINING,
    "train detector": settings(*SMALL_TILES, *(f"network.{part}" for part in SMALL_PYRAMID)),
    "train dense": settings(*SMALL_TILES, *(f"network.body.{part}" for part in SMALL_PYRAMID), "network.hidden=8"),
    "train column": settings(*SMALL_RUN, *SMALL_COLUMN, "runtime.precision=32-true"),
    "lr-find": SMALL_TRAINING,
    "adapt": settings(
        *("least_score=0.01", "training.epochs=1", "training.balance.epoch_size=8", "training.batch_size=4"),
        *("training.runtime.accelerator=cpu", "training.runtime.progress=false", "training.runtime.precision=32-true"),
        "pipeline.min_score=0.0",
    ),
    "synthesize": ["--pages", "1", "--test-pages", "1", "--height", "120"],
}


def run(name: str, *more: str) -> int:
    """Runs the example of a command in the current folder; what it would redirect is printed."""
    words = shlex.split(EXAMPLES[name].partition(" > ")[0])
    assert words[0] == "kuzushiji"
    return main([*words[1:], *more, *SMALL.get(name, [])])


def outputs_of(name: str) -> list[Path]:
    words = shlex.split(EXAMPLES[name])
    options = ("--out", "--characters") if name == "predict" else ("--out",)
    return [Path(words[index + 1]) for index, word in enumerate(words) if word in options]


@pytest.fixture(scope="module")
def place(tmp_path_factory, draw_page, save_drawn_page, weights) -> Iterator[Path]:
    """A folder with what the examples name; `train` and `predict` have made their part of it by their own examples."""
    place = tmp_path_factory.mktemp("place")
    data = DataFolder(place / "data")
    truths = []
    for image_id in IDS:
        page, boxes = draw_page(1)
        for folder in (data.train_images, data.test_images, place / "pages"):
            save_drawn_page(folder / f"{image_id}.jpg", page)
        codepoints = tuple(("U+306E", "U+306F")[index % 2] for index in range(len(boxes)))
        truths.append(PageTruth(image_id, codepoints, np.array(boxes, np.float32)))
    write_truth(data.train_csv, truths)
    rows = "".join(f"{image_id},U+003F 1 1\n" for image_id in IDS)
    data.sample_csv.write_text(f"{COLUMNS}\n{rows}")
    data.translation_csv.write_text("Unicode,char\nU+306E,の\nU+306F,は\n", encoding="utf-8")
    (data.root / "pages.csv").write_text("image_id,description\n" + "".join(f"{name},crosses\n" for name in IDS))
    for part, ids in (("part1", IDS[:2]), ("part2", IDS[2:])):
        rows = "".join(f"{image_id},U+306F 600 120\n" for image_id in ids)
        (place / f"{part}.csv").write_text(f"{COLUMNS}\n{rows}")
    write_texts(place)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        # Without weights of its own, the ink detector stands in; it finds crosses in no time.
        patch.setattr(default_weights, "DETECTOR_WEIGHTS", place / "none.safetensors")
        patch.setattr(default_weights, "RECOGNIZER_WEIGHTS", weights)
        patch.setattr(default_weights, "DENSE_WEIGHTS", place / "none.safetensors")
        assert run("train") == 0
        for folder in ("run-1", "run-2"):
            (place / folder).mkdir()
            shutil.copy(place / "run" / "recognizer.safetensors", place / folder)
        assert run("predict") == 0
        yield place


def write_texts(place: Path) -> None:
    """Transcriptions, a text and annotations."""
    (place / "texts.json").write_text(json.dumps({"a_1": "のはのはのは"}), encoding="utf-8")
    (place / "texts").mkdir()
    (place / "texts" / "genji.txt").write_text("のはのはのは\n" * 30, encoding="utf-8")
    box = {"id": 1, "image_id": 1, "category_id": 1, "bbox": [554, 84, 83, 83]}
    images = [{"id": 1, "file_name": "a_1.jpg", "width": 700, "height": 900}]
    coco = {"images": images, "annotations": [box], "categories": [{"id": 1, "name": "の"}]}
    (place / "annotations").mkdir()
    (place / "annotations" / "annotations.json").write_text(json.dumps(coco), encoding="utf-8")


@pytest.fixture
def here(place, monkeypatch) -> Path:
    """The folder, for a test that runs in it."""
    monkeypatch.chdir(place)
    monkeypatch.setattr("webbrowser.open", lambda address: True)
    monkeypatch.setattr(fonts, "discover_fonts", lambda: [FONT])
    monkeypatch.setattr(run_demo, "SAMPLE", DataFolder(place / "data"))
    monkeypatch.setattr(run_demo, "SAMPLE_TRUTH", place / "data" / "train.csv")
    monkeypatch.setattr(run_demo, "SAMPLE_PAGES", place / "data" / "pages.csv")
    return place


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_help_ends_with_an_example_of_its_command(name, capsys):
    assert f"{EXAMPLES[name]} ".startswith(f"kuzushiji {name} ")
    with pytest.raises(SystemExit):
        main([*name.split(), "--help"])
    shown = capsys.readouterr().out.partition("\nexample:\n")[2]
    assert " ".join(shown.replace("\\\n", " ").split()) == EXAMPLES[name]
    assert max(map(len, shown.splitlines())) <= 104


def test_an_example_is_broken_before_options():
    long = "kuzushiji export " + " ".join(f"--option{number} value{number}" for number in range(9))
    first, *others = show_example(long).splitlines()[1:]
    assert first.endswith(" \\")
    assert [line.strip()[:8] for line in others] == ["--option"] * len(others)


@pytest.mark.parametrize("name", [name for name in EXAMPLES if name not in KAGGLE | {"train", "predict", "doctor"}])
def test_an_example_runs(name, here):
    if name == "export-onnx":
        pytest.importorskip("onnxruntime")
        pytest.importorskip("onnxscript")
    assert not any(path.exists() for path in outputs_of(name))
    assert run(name) == 0
    assert all(path.exists() for path in outputs_of(name))


def test_the_examples_that_came_first_left_what_they_should(here):
    for name in ("train", "predict"):
        assert all(path.exists() for path in outputs_of(name))
    assert [page.image_id for page in read_truth(here / "data" / "train.csv")] == list(IDS)


@pytest.mark.parametrize("name", sorted(KAGGLE))
def test_an_example_runs_against_a_stand_in_for_kaggle(name, kaggle_server, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("sample_submission.csv").write_text(f"{COLUMNS}\nt_1,U+003F 1 1\n")
    Path("submission.csv").write_text(f"{COLUMNS}\nt_1,U+3042 5 5\n")
    kaggle_server.output = {"weights.txt": b"of the run"}
    kaggle_server.files = {
        "train.csv": b"image_id,labels\na_1,U+3042 5 5 9 9\n",
        "unicode_translation.csv": "Unicode,char\nU+3042,あ\n".encode(),
        "sample_submission.csv": b"image_id,labels\nt_1,U+003F 1 1\n",
        "train_images.zip": zip_of({"a_1.png": image()}),
        "test_images.zip": zip_of({"t_1.png": image()}),
    }
    assert run(name) == 0, capsys.readouterr().err
    assert kaggle_server.requests
    assert all(path.exists() for path in outputs_of(name))


def image() -> bytes:
    import cv2

    return cv2.imencode(".png", np.full((64, 64, 3), 200, np.uint8))[1].tobytes()


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash here")
def test_bash_completes_commands_options_and_choices(capsys, tmp_path):
    assert main(["completion", "bash"]) == 0
    script = tmp_path / "kuzushiji.bash"
    script.write_text(capsys.readouterr().out)
    lines = [
        f"source {script}",
        "complete() { words=($1); COMP_WORDS=(${words[@]} $2); COMP_CWORD=${#words[@]}",
        '_shtab_kuzushiji kuzushiji "$2" "${words[-1]}"; echo "${COMPREPLY[@]}"; }',
    ]
    asked = [("kuzushiji", "pr"), ("kuzushiji predict", "--detector-"), ("kuzushiji kernel", "pu")]
    lines += [f'complete "{words}" "{start}"' for words, start in asked]
    done = subprocess.run(["bash", "-c", "\n".join(lines)], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.stdout.splitlines() == ["predict prior", "--detector-weights", "push"], done.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_shell_knows_every_command(shell, capsys):
    assert main(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert all(name.split()[-1] in script for name in EXAMPLES)


def test_without_the_library_completion_says_so(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "shtab", None)  # as if it were not installed
    assert main(["completion", "bash"]) == 1
    assert capsys.readouterr().err.endswith("shtab, which is not installed: pip install shtab\n")
