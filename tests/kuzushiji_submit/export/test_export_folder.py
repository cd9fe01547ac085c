"""The folder that pages are exported to."""

import pytest

from kuzushiji_submit.core.errors import OutputError
from kuzushiji_submit.export.export_folder import MARKER, Earlier, ExportFolder
from kuzushiji_submit.export.formats import FORMATS

MADE_OF = {"submission": "a"}


@pytest.fixture
def folder(tmp_path):
    return ExportFolder(tmp_path / "out", [FORMATS["page"], FORMATS["text"]])


def files(folder):
    return sorted(str(path.relative_to(folder.root)) for path in folder.root.rglob("*") if path.is_file())


@pytest.mark.parametrize("earlier", Earlier)
def test_a_new_folder_is_made_with_its_markers(folder, earlier):
    folder.prepare(MADE_OF, earlier)
    assert files(folder) == [f"page/{MARKER}", f"text/{MARKER}"]


def test_a_page_has_a_file_a_format_and_is_held_once_it_has_all(folder):
    folder.prepare(MADE_OF, Earlier.REFUSE)
    folder.write("b_1", [b"<x/>", b"x"])
    assert (folder.root / "page" / "b_1.xml").read_bytes() == b"<x/>"
    assert folder.holds("b_1")
    (folder.root / "text" / "b_1.txt").unlink()
    assert not folder.holds("b_1")


def test_an_earlier_export_is_refused_gone_on_with_or_replaced(folder):
    folder.prepare(MADE_OF, Earlier.REFUSE)
    folder.write("b_1", [b"<x/>", b"x"])
    with pytest.raises(OutputError, match="holds exported pages: add --resume to go on with them, --overwrite"):
        folder.prepare(MADE_OF, Earlier.REFUSE)
    half = folder.root / "page" / "vol1" / ".b_2.xml.0.tmp" / "content"
    half.mkdir(parents=True)
    (half / "b_2.xml").write_bytes(b"cut sh")
    folder.prepare(MADE_OF, Earlier.RESUME)
    assert list((folder.root / "page" / "vol1").iterdir()) == []
    assert files(folder) == [f"page/{MARKER}", "page/b_1.xml", f"text/{MARKER}", "text/b_1.txt"]
    folder.prepare({"submission": "b"}, Earlier.REPLACE)
    assert files(folder) == [f"page/{MARKER}", f"text/{MARKER}"]


@pytest.mark.parametrize("earlier", Earlier)
def test_an_export_that_was_killed_while_it_began_is_begun_again(folder, earlier):
    """Its marker was still beside its place: these are no files of somebody else's."""
    half = folder.root / "page" / f".{MARKER}.0.tmp" / "content"
    half.mkdir(parents=True)
    (half / MARKER).write_text("{")
    folder.prepare(MADE_OF, earlier)
    assert files(folder) == [f"page/{MARKER}", f"text/{MARKER}"]


def test_pages_of_something_else_are_not_gone_on_with(folder):
    folder.prepare(MADE_OF, Earlier.REFUSE)
    folder.write("b_1", [b"<x/>", b"x"])
    with pytest.raises(OutputError, match="another submission or characters file"):
        folder.prepare({"submission": "b"}, Earlier.RESUME)
    (folder.root / "page" / MARKER).write_text("{")
    with pytest.raises(OutputError, match=r"cannot be read .* add --overwrite"):
        folder.prepare(MADE_OF, Earlier.RESUME)


@pytest.mark.parametrize("earlier", Earlier)
def test_files_that_no_export_made_are_never_touched(folder, earlier):
    mine = folder.root / "page" / "my.xml"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")
    with pytest.raises(OutputError, match="holds files that no export made"):
        folder.prepare(MADE_OF, earlier)
    assert mine.read_text() == "mine"


def test_a_further_format_can_join_an_export(folder):
    folder.prepare(MADE_OF, Earlier.REFUSE)
    folder.write("b_1", [b"<x/>", b"x"])
    ExportFolder(folder.root, [FORMATS["coco"]]).prepare(MADE_OF, Earlier.REFUSE)
    assert f"coco/{MARKER}" in files(folder)
    assert "page/b_1.xml" in files(folder)


def test_a_file_in_the_folders_place_is_named(tmp_path):
    (tmp_path / "out").write_text("a file")
    with pytest.raises(OutputError, match="is a file, not a folder"):
        ExportFolder(tmp_path / "out", [FORMATS["page"]]).check(Earlier.REFUSE)
