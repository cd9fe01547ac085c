"""From annotation files to a train.csv."""

import re
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from kuzushiji_submit.competition.truth import read_truth
from kuzushiji_submit.core.errors import AnnotationError, OutputError
from kuzushiji_submit.export.formats import FORMATS
from kuzushiji_submit.export.text_columns import lay_out
from kuzushiji_submit.reading.characters import Alternative, Character
from kuzushiji_submit.training_data.annotations.import_truth import ImportJob, import_truth

CREATED = datetime(2026, 1, 1, tzinfo=UTC)
SIZE_HW = (400, 300)


def character(codepoint="U+306F", box=(10, 20, 50, 60)):
    return Character(box, codepoint, 0.5, 0.5, (Alternative(codepoint, 0.6), Alternative("U+4E00", 0.3)))


@pytest.fixture
def put(tmp_path):
    """Writes a page of characters as an annotation file."""

    def write(image_id, *read, kind="page", size_hw=SIZE_HW):
        page = lay_out(image_id, f"{image_id}.jpg", size_hw, 1, read)
        path = tmp_path / "annotations" / f"{image_id}{FORMATS[kind].suffix}"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(FORMATS[kind].render(page, CREATED))
        return path

    return write


@pytest.fixture
def job(tmp_path):
    return lambda **changes: ImportJob([tmp_path / "annotations"], tmp_path / "train.csv", **changes)


def test_pages_of_both_kinds_become_rows(put, job, tmp_path):
    put("b_1", character(), character("U+304B", (10, 80, 40, 120)))
    put("c_1", character("U+1B001"), kind="coco")
    put("d_1")
    result = import_truth(job())
    assert (result.pages, result.characters, result.left_out, result.notes) == (3, 3, (), ())
    assert (tmp_path / "train.csv").read_text(encoding="utf-8").splitlines() == [
        "image_id,labels",
        "b_1,U+306F 10 20 40 40 U+304B 10 80 30 40",
        "c_1,U+1B001 10 20 40 40",
        "d_1,",
    ]


boxes = st.tuples(st.integers(0, 290), st.integers(0, 390), st.integers(1, 200), st.integers(1, 200)).map(
    lambda box: (box[0], box[1], min(box[0] + box[2], 300), min(box[1] + box[3], 400))
)
codes = st.sampled_from(["U+306F", "U+304B", "U+1B001", "U+0026", "U+003C", "U+20089"])


@given(st.lists(st.builds(character, codes, boxes), max_size=20), st.sampled_from(["page", "coco"]))
@settings(max_examples=40, deadline=None, derandomize=True)
def test_what_is_exported_is_imported_as_it_was(tmp_path_factory, read, kind):
    folder = tmp_path_factory.mktemp("round")
    path = folder / f"annotations{FORMATS[kind].suffix}"
    path.write_bytes(FORMATS[kind].render(lay_out("b_1", "b_1.jpg", SIZE_HW, 1, read), CREATED))
    result = import_truth(ImportJob([path], folder / "train.csv"))
    assert (result.left_out, result.notes) == ((), ())
    (truth,) = read_truth(folder / "train.csv")
    found = sorted(zip(truth.codepoints, map(tuple, truth.boxes.astype(np.int64).tolist()), strict=True))
    assert found == sorted((one.codepoint, tuple(map(int, one.box))) for one in read)


def test_an_incomplete_page_is_left_out_or_kept_in_part(put, job, tmp_path):
    put("a_1", character())
    path = put("b_1", character())
    whole = path.read_text(encoding="utf-8")
    line = '<TextLine id="more"><Coords points="0,0 1,1"/><TextEquiv><Unicode>はか</Unicode></TextEquiv></TextLine>'
    path.write_text(whole.replace('<TextLine id="line_0"', f'{line}<TextLine id="line_0"'), encoding="utf-8")
    result = import_truth(job())
    assert (result.pages, result.left_out) == (1, ("b_1",))
    assert result.notes == (f"{path}: b_1: line more has no boxes for 2 of its characters",)
    result = import_truth(job(partial=True, overwrite=True))
    assert (result.pages, result.characters, result.left_out) == (2, 2, ())
    assert len(result.notes) == 1


def test_many_faults_of_a_page_are_counted(put, job):
    path = put("b_1", *(character(box=(250 - 60 * place, 20, 290 - 60 * place, 60)) for place in range(5)))
    put("c_1", character())
    path.write_text(path.read_text(encoding="utf-8").replace("<Unicode>は<", "<Unicode>ははは<"), encoding="utf-8")
    notes = import_truth(job()).notes
    assert len(notes) == 4
    assert notes[-1].endswith("b_1: and 2 more of this kind")


def test_files_that_cannot_be_read_stop_no_other(put, job, tmp_path):
    put("b_1", character())
    (tmp_path / "annotations" / "a.xml").write_text("<PcGts>")
    (tmp_path / "annotations" / "c.json").write_text("{}")
    (tmp_path / "annotations" / "mets.xml").write_text("<mets/>")
    (tmp_path / "annotations" / "readme.txt").write_text("not an annotation")
    result = import_truth(job())
    assert (result.pages, result.left_out) == (1, ("a.xml", "c.json"))
    assert "not XML" in result.notes[0]


def test_a_page_of_two_files_is_taken_once(put, job, tmp_path):
    put("b_1", character())
    put("b_1", character("U+304B"), kind="coco")
    result = import_truth(job())
    assert (result.pages, result.left_out) == (1, ("b_1",))
    assert "is in an earlier file too" in result.notes[0]
    assert read_truth(tmp_path / "train.csv")[0].codepoints == ("U+304B",)  # .json comes before .xml


@pytest.mark.parametrize(
    ("size_wh", "note"),
    [
        (None, "no image of this name in the folder of images"),
        ((150, 200), r"annotated size and image differ \(300 x 400 and 150 x 200\)"),
        ("damaged", "not an image"),
    ],
)
def test_names_and_sizes_are_compared_with_the_images(put, job, tmp_path, size_wh, note):
    put("a_1", character())
    put("b_1", character())
    images = tmp_path / "images"
    images.mkdir()
    Image.new("RGB", (300, 400)).save(images / "a_1.png")
    if size_wh == "damaged":
        (images / "b_1.png").write_bytes(b"damaged")
    elif size_wh:
        Image.new("RGB", size_wh).save(images / "b_1.png")
    result = import_truth(job(images=images))
    assert (result.pages, result.left_out) == (1, ("b_1",))
    assert re.search(note, result.notes[0])


def test_a_csv_that_is_there_is_not_replaced_unasked(put, job, tmp_path):
    put("b_1", character())
    (tmp_path / "train.csv").write_text("mine")
    with pytest.raises(OutputError, match="is there already: add --overwrite"):
        import_truth(job())
    assert (tmp_path / "train.csv").read_text() == "mine"
    assert import_truth(job(overwrite=True)).pages == 1


def test_nothing_to_train_on_is_an_error_and_writes_nothing(put, job, tmp_path):
    with pytest.raises(AnnotationError, match="no such file or folder"):
        import_truth(job())
    (tmp_path / "annotations").mkdir()
    with pytest.raises(AnnotationError, match="holds no PAGE XML and no COCO file"):
        import_truth(job())
    path = put("b_1", character(), character(box=(10, 80, 50, 120)))
    path.write_text(path.read_text(encoding="utf-8").replace("Glyph", "Other"), encoding="utf-8")
    with pytest.raises(AnnotationError, match=r"none of 1 files gave a page .* each character needs a box of its own"):
        import_truth(job(partial=True))
    assert not (tmp_path / "train.csv").exists()


def test_other_files_are_named(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("")
    with pytest.raises(AnnotationError, match=r"neither \.xml \(PAGE XML\) nor \.json"):
        import_truth(ImportJob([path], tmp_path / "train.csv"))
