from pathlib import Path

from kuzushiji_submit.core.page.fingerprint import PageFingerprint
from kuzushiji_submit.core.page.page_files import PageFile
from kuzushiji_submit.training_data.stored_pages import describe_changes


def test_changes_are_named_and_counted(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"a")
    stored = {name: PageFingerprint.of(tmp_path / "a", "00") for name in "abcdef"}
    images = dict.fromkeys("abcdef", PageFile(tmp_path / "a"))
    same = dict.fromkeys("abcdef", "00")
    assert describe_changes({}, {}, {}) == ""
    assert describe_changes({}, same, images) == ""
    assert describe_changes(stored, same, images) == ""
    assert describe_changes(stored, same, {}) == ""
    assert describe_changes(stored, {**same, "b": "11"}, images) == "b (its truth)"
    assert describe_changes({**stored, "f": None}, same, images) == "f (unknown files)"
    named = "a (no longer annotated), b (no longer annotated), c (no longer annotated) and 3 more"
    assert describe_changes(stored, {}, images) == named
