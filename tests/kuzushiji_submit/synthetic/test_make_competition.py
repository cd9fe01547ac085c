import hashlib
import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from kuzushiji_submit.competition.books import book_of
from kuzushiji_submit.competition.truth import read_truth, write_truth
from kuzushiji_submit.core.errors import CompetitionFileError, ConfigError, HiddenBookError, OutputError
from kuzushiji_submit.synthetic import make_competition
from kuzushiji_submit.synthetic.fonts import FontError, FontSet
from kuzushiji_submit.synthetic.make_competition import synthesize
from kuzushiji_submit.synthetic.plan import SynthesisSettings, Synthesizer
from kuzushiji_submit.synthetic.real_glyphs import read_real_glyphs
from kuzushiji_submit.synthetic.real_hand import RealHands
from tests.kuzushiji_submit.synthetic.conftest import UNHELD, greek_page, write_real_folder

SETTINGS = SynthesisSettings(pages=4, test_pages=2, seed=3, books=2, height=150)
TABLES = ["train.csv", "test_truth.csv", "unicode_translation.csv", "sample_submission.csv", "synthesis.json"]


def digests(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.fixture
def made(tmp_path, font_path, layout_csv):
    out = tmp_path / "data"
    return out, synthesize(out, SETTINGS, [font_path], layout_csv)


def test_folder_has_the_layout_of_the_competition(made):
    out, report = made
    train, test = read_truth(out / "train.csv"), read_truth(out / "test_truth.csv")
    assert sorted(path.name for path in out.iterdir()) == sorted([*TABLES, "train_images", "test_images"])
    assert (len(train), len(test)) == (report.train_pages, report.test_pages) == (4, 2)
    assert {page.image_id for page in train} == {path.stem for path in (out / "train_images").iterdir()}
    assert {page.image_id for page in test} == {path.stem for path in (out / "test_images").iterdir()}
    assert len({book_of(page.image_id) for page in train}) == 2
    assert not {book_of(page.image_id) for page in train} & {book_of(page.image_id) for page in test}
    assert report.characters == sum(map(len, [*train, *test])) > 0
    sample = (out / "sample_submission.csv").read_text().splitlines()
    assert sample == ["image_id,labels", *(f"{page.image_id},U+003F 1 1 U+FF2F 2 2" for page in test)]
    assert "U+03B1,α" in (out / "unicode_translation.csv").read_text(encoding="utf-8").splitlines()
    assert json.loads((out / "synthesis.json").read_text())["seed"] == 3


def test_truth_lies_within_the_images(made):
    out, _ = made
    for page in read_truth(out / "train.csv"):
        image = cv2.imread(str(out / "train_images" / f"{page.image_id}.jpg"))
        assert image.shape[0] == 150
        if len(page):
            assert page.boxes.min() >= 0
            assert (page.boxes[:, 2:].max(axis=0) <= image.shape[1::-1]).all()
            assert np.array_equal(page.boxes, page.boxes.round())


def test_workers_do_not_change_a_byte(made, tmp_path, font_path, layout_csv):
    out, _ = made
    synthesize(tmp_path / "parallel", SETTINGS, [font_path], layout_csv, workers=2)
    assert digests(tmp_path / "parallel") == digests(out)


def test_another_seed_gives_other_pages(made, font_path, layout_csv):
    out, _ = made
    fonts, layouts = FontSet([font_path]), read_truth(layout_csv)
    other = Synthesizer(SynthesisSettings(pages=4, seed=4, height=150), fonts, layouts)
    assert not {task.image_id for task in other.tasks()} & {path.stem for path in (out / "train_images").iterdir()}


def test_finished_run_is_kept(made, font_path, layout_csv, monkeypatch):
    out, _ = made
    before = digests(out)
    monkeypatch.setattr(make_competition, "_draw_and_write", lambda *_: pytest.fail("a kept page was drawn again"))
    assert synthesize(out, SETTINGS, [font_path], layout_csv).kept == 6
    assert digests(out) == before


def test_killed_run_goes_on_and_ends_the_same(made, tmp_path, font_path, layout_csv, monkeypatch):
    out, _ = made
    resumed = tmp_path / "resumed"
    draw, drawn = make_competition._draw_and_write, []

    def killed_at_the_third(synthesizer, folder, task):
        if len(drawn) == 2:
            raise KeyboardInterrupt
        drawn.append(task.image_id)
        return draw(synthesizer, folder, task)

    with monkeypatch.context() as patch:
        patch.setattr(make_competition, "_draw_and_write", killed_at_the_third)
        with pytest.raises(KeyboardInterrupt):
            synthesize(resumed, SETTINGS, [font_path], layout_csv)
    assert not (resumed / "train.csv").exists()
    half = resumed / "train_images" / ".half.jpg.0.tmp"
    half.mkdir()
    (half / "lock").touch()
    assert synthesize(resumed, SETTINGS, [font_path], layout_csv).kept == 2
    assert not half.exists()
    assert digests(resumed) == digests(out)


def test_a_page_that_cannot_be_drawn_costs_itself_alone(made, tmp_path, font_path, layout_csv, monkeypatch):
    out, _ = made
    other, draw, drawn = tmp_path / "other", make_competition._draw_and_write, []

    def fail_at_the_third(synthesizer, folder, task):
        drawn.append(task.image_id)
        if len(drawn) == 3:
            raise ZeroDivisionError("oops")
        return draw(synthesizer, folder, task)

    with monkeypatch.context() as patch:
        patch.setattr(make_competition, "_draw_and_write", fail_at_the_third)
        with pytest.raises(OutputError, match=r"1 of 6 pages could not be drawn.*ZeroDivisionError: oops.*run again"):
            synthesize(other, SETTINGS, [font_path], layout_csv)
    assert len(drawn) == 6
    assert synthesize(other, SETTINGS, [font_path], layout_csv).kept == 5
    assert digests(other) == digests(out)


def test_image_that_was_lost_is_drawn_again(made, font_path, layout_csv):
    out, _ = made
    before = digests(out)
    next((out / "train_images").iterdir()).unlink()
    assert synthesize(out, SETTINGS, [font_path], layout_csv).kept == 5
    assert digests(out) == before


def test_image_is_whole_or_absent(tmp_path, monkeypatch):
    target = tmp_path / "page.jpg"
    monkeypatch.setattr(Path, "replace", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(OutputError, match="No space left"):
        make_competition.write_image(target, np.zeros((8, 8, 3), np.uint8), 90)
    assert list(tmp_path.iterdir()) == []


def test_other_settings_need_another_folder(made, font_path, layout_csv):
    out, _ = made
    with pytest.raises(OutputError, match="another layout, seed"):
        synthesize(out, SynthesisSettings(pages=4, test_pages=2, seed=9, books=2, height=150), [font_path])
    (out / "synthesis.json").write_text("{")
    with pytest.raises(OutputError, match="cannot be read"):
        synthesize(out, SETTINGS, [font_path], layout_csv)


def test_a_real_competition_is_not_overwritten(tmp_path, font_path):
    (tmp_path / "train.csv").write_text("image_id,labels\n")
    with pytest.raises(OutputError, match="not synthesized"):
        synthesize(tmp_path, SETTINGS, [font_path])
    assert [path.name for path in tmp_path.iterdir()] == ["train.csv"]


def test_no_pages_make_an_empty_competition(tmp_path, font_path):
    report = synthesize(tmp_path / "none", SynthesisSettings(pages=0), [font_path])
    assert (report.train_pages, report.test_pages, report.books, report.characters) == (0, 0, 0, 0)
    assert read_truth(tmp_path / "none" / "train.csv") == []


def test_drawn_layouts_and_empty_pages(tmp_path, font_path):
    settings = SynthesisSettings(pages=3, height=160, empty=1.0, books=9)
    report = synthesize(tmp_path / "empty", settings, [font_path])
    assert (report.train_pages, report.books, report.characters) == (3, 3, 0)
    drawn = synthesize(
        tmp_path / "drawn", SynthesisSettings(pages=1, height=160, empty=0.0, clutter=False), [font_path]
    )
    assert drawn.characters > 0


@pytest.fixture
def real_books(tmp_path):
    """Two made-up real books, in one data folder."""
    pages = [
        greek_page("100000001_00002_2", seed=4),
        greek_page("brsk001-004", seed=5),
        greek_page("brsk002-001", seed=6),
    ]
    return write_real_folder(tmp_path / "real", pages)


def real_hands(folder, **chosen):
    return RealHands(read_real_glyphs([folder], **chosen), 1.0)


def test_real_hands_write_the_same_in_any_process(tmp_path, font_path, layout_csv, real_books):
    for workers, name in ((1, "serial"), (2, "parallel")):
        real = RealHands(read_real_glyphs([real_books], workers=workers), 1.0)
        synthesize(tmp_path / name, SETTINGS, [font_path], layout_csv, workers, real=real)
    synthesize(tmp_path / "fonts", SETTINGS, [font_path], layout_csv)
    real, fonts = digests(tmp_path / "serial"), digests(tmp_path / "fonts")
    assert digests(tmp_path / "parallel") == real
    written = [page.image_id for page in read_truth(tmp_path / "serial" / "train.csv") if len(page)]
    assert written
    assert all(real[name] != fonts[name] for name in (f"train_images/{image_id}.jpg" for image_id in written))
    # Nothing of the real books is in the pages that test.
    tests = [name for name in real if name.startswith("test")]
    assert tests
    assert all(real[name] == fonts[name] for name in tests)


def test_pages_made_without_a_book_are_those_made_where_it_never_was(tmp_path, font_path, layout_csv, real_books):
    without = write_real_folder(tmp_path / "without", [greek_page("100000001_00002_2", seed=4)])
    apart = tmp_path / "layout_without.csv"
    write_truth(apart, [page for page in read_truth(layout_csv) if book_of(page.image_id) != "brsk"])
    left_out = real_hands(real_books, without=["brsk001"])
    synthesize(tmp_path / "a", SETTINGS, [font_path], layout_csv, real=left_out, without_books=["brsk001"])
    synthesize(tmp_path / "b", SETTINGS, [font_path], apart, real=real_hands(without))
    synthesize(tmp_path / "c", SETTINGS, [font_path], layout_csv, real=real_hands(real_books))
    made = [digests(tmp_path / name) for name in "abc"]
    records = [json.loads((tmp_path / name / "synthesis.json").read_text()) for name in "abc"]
    for digest in made:
        del digest["synthesis.json"]
    assert made[0] == made[1] != made[2]
    assert records[0]["without_books"] == ["brsk"]
    assert records[0]["real"] == records[1]["real"]
    assert [list(record["real"]["books"]) for record in records] == [["100000001"]] * 2 + [["100000001", "brsk"]]


def test_glyphs_of_a_book_that_is_left_out_are_refused(tmp_path, font_path, layout_csv, real_books):
    with pytest.raises(ConfigError, match="brsk"):
        synthesize(
            tmp_path / "out", SETTINGS, [font_path], layout_csv, real=real_hands(real_books), without_books=["brsk"]
        )
    assert not (tmp_path / "out").exists()


def test_other_real_glyphs_need_another_folder(made, font_path, layout_csv, real_books):
    out, _ = made
    before = digests(out)
    with pytest.raises(OutputError, match="another real:"):
        synthesize(out, SETTINGS, [font_path], layout_csv, real=real_hands(real_books))
    assert digests(out) == before


def test_folder_begun_with_real_glyphs_does_not_go_on_without(tmp_path, font_path, layout_csv, real_books):
    synthesize(tmp_path / "out", SETTINGS, [font_path], layout_csv, real=real_hands(real_books))
    with pytest.raises(OutputError, match="another real:"):
        synthesize(tmp_path / "out", SETTINGS, [font_path], layout_csv)


def test_layout_of_a_possible_test_book_is_refused(tmp_path, font_path):
    layout = tmp_path / "layout.csv"
    write_truth(layout, [greek_page("200003803_00002_2"), greek_page("100000001_00002_2")])
    with pytest.raises(HiddenBookError, match="200003803"):
        synthesize(tmp_path / "out", SETTINGS, [font_path], layout)
    assert synthesize(tmp_path / "out", SETTINGS, [font_path], layout, without_books=["200003803"]).characters


def test_layout_without_characters_or_drawable_ones_is_a_named_error(tmp_path, font_path):
    page = greek_page("1_1", rows=1, columns=2)
    empty, unheld = tmp_path / "empty.csv", tmp_path / "unheld.csv"
    write_truth(empty, [])
    write_truth(unheld, [type(page)("1_1", (UNHELD, UNHELD), page.boxes)])
    with pytest.raises(CompetitionFileError, match="no annotated page"):
        synthesize(tmp_path / "out", SETTINGS, [font_path], empty)
    with pytest.raises(FontError, match="none of the characters"):
        synthesize(tmp_path / "out", SETTINGS, [font_path], unheld)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "change",
    [
        {"pages": -1},
        {"test_pages": -1},
        {"seed": -1},
        {"books": 0},
        {"height": 10},
        {"jpeg_quality": 0},
        {"empty": 1.5},
        {"tempering": -0.1},
    ],
)
def test_settings_out_of_range_are_named_errors(change):
    with pytest.raises(ConfigError, match=next(iter(change))):
        SynthesisSettings(**{"pages": 1, **change})
