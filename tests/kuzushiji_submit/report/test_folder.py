"""Where a report may be written, and under which names."""

import pytest

from kuzushiji_submit.core.errors import OutputError
from kuzushiji_submit.report.folder import ASSETS, MARKER, prepare_folder, safe_names


@pytest.mark.parametrize("make", [lambda path: None, lambda path: path.mkdir()], ids=["new", "empty"])
def test_new_folder_gets_marker_and_assets(make, tmp_path):
    root = tmp_path / "out"
    make(root)
    prepare_folder(root)
    assert (root / MARKER).is_file()
    assert {path.name for path in (root / "assets").iterdir()} == set(ASSETS)


def test_foreign_files_are_never_touched(tmp_path):
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "thesis.html").write_text("years of work")
    with pytest.raises(OutputError, match="not a report"):
        prepare_folder(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["pages"]
    assert (tmp_path / "pages" / "thesis.html").read_text() == "years of work"


def test_an_earlier_report_is_replaced_and_other_files_in_it_stay(tmp_path):
    root = tmp_path / "out"
    folder = prepare_folder(root)
    stale = [folder.index, folder.page("old"), folder.scan("old"), folder.thumbnail("old"), folder.crop("old")]
    for path in stale:
        path.write_text("old")
    (root / "note.txt").write_text("mine")
    prepare_folder(root)
    assert not any(path.exists() for path in stale)
    assert (root / "note.txt").read_text() == "mine"


def test_a_file_in_the_way_is_named(tmp_path):
    (tmp_path / "out").write_text("a file")
    with pytest.raises(OutputError, match="out"):
        prepare_folder(tmp_path / "out")


@pytest.mark.parametrize("image_id", ["100249376-00017_2", "umgy003-010", "A_1"])
def test_ordinary_ids_are_their_own_names(image_id):
    assert safe_names([image_id]) == {image_id: image_id}


@pytest.mark.parametrize(
    "image_id",
    ["", ".", "..", "../../x", "a b", "a/b", "C:\\x", "頁", "a\x00b", "<x>", "x" * 300, "CON", "nul", "Lpt1"],
)
def test_odd_ids_get_names_any_file_system_takes(image_id):
    (name,) = safe_names([image_id]).values()
    assert name != image_id
    assert name.isascii()
    assert name.replace("-", "").replace("_", "").isalnum()
    assert len(name) < 120


def test_names_differ_even_without_case():
    ids = ["a", "A", "a b", "a_b", "a/b", "頁", "項", *(f"{'x' * 90}{number}" for number in range(3))]
    names = safe_names(ids)
    assert list(names) == ids
    assert len({name.lower() for name in names.values()}) == len(ids)
