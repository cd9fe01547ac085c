"""From a submission and its characters file, or from readings, to files."""

import os
from dataclasses import replace

import pytest
from PIL import Image

from kuzushiji_submit.competition.submission import settings_path, write_rows
from kuzushiji_submit.core.errors import CompetitionFileError, OutputError
from kuzushiji_submit.core.page.page_files import PageFile
from kuzushiji_submit.export.export import ExportJob, export_readings, export_submission
from kuzushiji_submit.export.export_folder import MARKER, Earlier, ExportFolder
from kuzushiji_submit.export.formats import FORMATS
from kuzushiji_submit.reading.characters import Alternative, Character, write_characters
from kuzushiji_submit.reading.view import View
from tests.kuzushiji_submit.export.conftest import column_of
from tests.page_readings import page_reading


def readings():
    """Three pages: two columns, none, one of characters with alternatives."""
    top = tuple(Alternative(code, score) for code, score in (("U+306F", 0.6), ("U+304B", 0.3)))
    sure = [Character((10.2, 10 + 30 * n, 31.7, 35 + 30 * n), "U+306F", 0.3, 0.5, top) for n in range(3)]
    return [
        page_reading("b_1", [*column_of(200, "いろはに"), *column_of(80, "ほへと")], (300, 260)),
        page_reading("b_2", [], (300, 260)),
        page_reading("b_3", sure, (300, 260)),
    ]


@pytest.fixture
def job(tmp_path):
    """A run's files, and a job that exports them as everything there is."""
    (tmp_path / "images").mkdir()
    for reading in readings():
        Image.new("RGB", (260, 300), "white").save(tmp_path / "images" / f"{reading.image_id}.jpg")
    write_rows(tmp_path / "s.csv", ((reading.image_id, reading.to_points()) for reading in readings()))
    write_characters(tmp_path / "c.jsonl", readings())
    return ExportJob(tmp_path / "s.csv", tmp_path / "c.jsonl", tmp_path / "images", tmp_path / "out", tuple(FORMATS))


def contents(root):
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file() and path.name != MARKER
    }


def test_every_page_has_a_file_in_every_format(job):
    result = export_submission(job)
    assert (result.pages, result.characters, result.resumed, result.failures) == (3, 10, 0, {})
    suffixes = {"page": "xml", "alto": "xml", "hocr": "html", "text": "txt", "coco": "json"}
    assert set(contents(job.out)) == {
        f"{name}/b_{number}.{suffix}" for name, suffix in suffixes.items() for number in (1, 2, 3)
    }
    assert (job.out / "text" / "b_1.txt").read_text(encoding="utf-8") == "いろはに\nほへと\n"
    assert (job.out / "text" / "b_2.txt").read_bytes() == b""


def test_pages_in_folders_and_halves_of_spreads_find_their_images_and_keep_their_folders(job, tmp_path):
    ids = {"b_1": "vol1/b_1", "b_2": "vol1/b_2_1r", "b_3": "vol1/b_2_2l"}
    (job.images / "vol1").mkdir()
    for name in ("b_1", "b_2"):
        (job.images / f"{name}.jpg").rename(job.images / "vol1" / f"{name}.jpg")
    moved = [replace(reading, image_id=ids[reading.image_id]) for reading in readings()]
    write_rows(job.submission, ((reading.image_id, reading.to_points()) for reading in moved))
    write_characters(job.characters, moved)
    text = replace(job, formats=("text", "page"))
    assert export_submission(text).failures == {}
    wanted = {f"{kind}/{name}{end}" for kind, end in (("text", ".txt"), ("page", ".xml")) for name in ids.values()}
    assert set(contents(job.out)) == wanted
    xml = (job.out / "page" / "vol1" / "b_2_2l.xml").read_text(encoding="utf-8")
    assert 'imageFilename="b_2.jpg"' in xml
    # Again, of other pages: nothing of the earlier export is left, nor its folders.
    write_rows(job.submission, [("b_3", None)])
    export_submission(replace(text, earlier=Earlier.REPLACE))
    assert set(contents(job.out)) == {"text/b_3.txt", "page/b_3.xml"}
    assert not (job.out / "text" / "vol1").exists()


def test_a_run_exports_what_its_files_export_to(job, tmp_path):
    export_submission(job)
    images = {reading.image_id: PageFile(job.images / f"{reading.image_id}.jpg") for reading in readings()}
    folder = ExportFolder(tmp_path / "direct", list(FORMATS.values()))
    assert export_readings(folder, enumerate(readings(), 1), images, job.submission) == 3
    assert contents(tmp_path / "direct") == contents(job.out)


def test_the_same_files_come_of_the_same_run_at_any_time_and_from_several_threads(job, tmp_path):
    export_submission(job)
    export_submission(replace(job, out=tmp_path / "again", workers=3))
    assert contents(tmp_path / "again") == contents(job.out)
    assert b"<Created>" in (job.out / "page" / "b_1.xml").read_bytes()


def test_an_interrupted_export_is_gone_on_with(job):
    export_submission(job)
    whole = contents(job.out)
    (job.out / "page" / "b_2.xml").unlink()
    (job.out / "text" / "b_3.txt").unlink()
    kept = job.out / "page" / "b_1.xml"
    before = kept.stat().st_mtime_ns
    os.utime(kept, ns=(before - 10**9, before - 10**9))
    result = export_submission(replace(job, earlier=Earlier.RESUME))
    assert (result.pages, result.resumed) == (3, 1)
    assert contents(job.out) == whole
    assert kept.stat().st_mtime_ns == before - 10**9


def test_an_earlier_export_is_refused_before_anything_is_read(job):
    export_submission(job)
    job.characters.write_text("damaged\n")
    with pytest.raises(OutputError, match="holds exported pages"):
        export_submission(job)


def test_pages_that_cannot_be_exported_are_named_and_stop_no_other(job):
    (job.images / "b_1.jpg").unlink()
    (job.images / "b_2.jpg").write_bytes(b"no image")
    result = export_submission(job)
    assert result.pages == 1
    assert result.failures["b_1"].startswith(f"b_1: no image in {job.images}: fetch it")
    assert "b_2.jpg: not an image" in result.failures["b_2"]
    assert {name for name in contents(job.out) if name.startswith("page")} == {"page/b_3.xml"}


def test_characters_of_another_run_are_noticed(job):
    write_characters(job.characters, [page_reading("b_1", column_of(200, "いろはに"), (300, 260))])
    result = export_submission(job)
    assert set(result.failures) == {"b_1", "b_3"}
    assert "c.jsonl: lacks 3 of 7 characters of b_1, first U+307B at 100 40" in result.failures["b_1"]
    assert "page/b_2.xml" in contents(job.out)


def test_a_character_that_was_not_submitted_is_not_exported(job):
    reading = readings()[2]
    few = reading.select(reading.order < 2)
    write_rows(job.submission, [("b_3", few.to_points())])
    assert export_submission(job).characters == 2


@pytest.mark.parametrize("missing", ["submission", "characters", "images"])
def test_missing_files_are_named(job, missing, tmp_path):
    with pytest.raises(CompetitionFileError, match="gone"):
        export_submission(replace(job, **{missing: tmp_path / "gone"}))
    assert contents(job.out) == {}


@pytest.mark.parametrize("views", ["", "none", '{"views": []}', '{"views": {"b_1": {"turned": 45}}}'])
def test_a_page_that_lies_on_its_side_has_its_own_columns(job, views):
    """Where the settings beside a submission do not say how pages lie, they lie upright."""
    turned = [reading.in_file(View(90)) for reading in readings()]
    write_rows(job.submission, ((reading.image_id, reading.to_points()) for reading in turned))
    write_characters(job.characters, turned)
    settings_path(job.submission).write_text(views or '{"views": {"b_1": {"turned": 90, "negative": false}}}')
    export_submission(job)
    assert ((job.out / "text" / "b_1.txt").read_text() == "いろはに\nほへと\n") == (not views)
