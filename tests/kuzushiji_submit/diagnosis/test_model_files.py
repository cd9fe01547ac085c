"""Weights and their cards."""

import shutil

import pytest

from kuzushiji_submit.core.files import sha256_of
from kuzushiji_submit.diagnosis.finding import Verdict
from kuzushiji_submit.diagnosis.model_files import look_at_model_files, read_card
from kuzushiji_submit.reading import default_weights

NAMES = {"RECOGNIZER_WEIGHTS": 0, "DETECTOR_WEIGHTS": -3, "TEXT_PRIOR": -2, "COLUMN_MODEL": -1}


@pytest.fixture(params=NAMES)
def moved(request, tmp_path, monkeypatch):
    """A copy of one file and its card in place of the original: path, and the line that tells of it."""
    path = getattr(default_weights, request.param)
    for file in (path, path.with_name("README.md")):
        shutil.copy(file, tmp_path)
    monkeypatch.setattr(default_weights, request.param, tmp_path / path.name)
    return tmp_path / path.name, lambda: list(look_at_model_files())[NAMES[request.param]]


def test_what_ships_is_what_its_card_says():
    """After a change of a file: `sha256sum FILE`, into its card."""
    paths = [
        *default_weights.all_recognizer_weights(None),
        default_weights.DETECTOR_WEIGHTS,
        default_weights.TEXT_PRIOR,
        default_weights.COLUMN_MODEL,
    ]
    for path, finding in zip(paths, look_at_model_files(), strict=True):
        assert (finding.verdict, finding.advice) == (Verdict.OK, "")
        assert f"{path}: " in finding.found
        assert f"sha256 {sha256_of(path)} as its card says, license CC-BY-SA-4.0" in finding.found


def test_a_card_tells_of_several_recognizers(tmp_path, monkeypatch):
    first = tmp_path / "recognizer.safetensors"
    second, third = (first.with_name(f"recognizer-{number}.safetensors") for number in (2, 3))
    for path in (first, second):
        shutil.copy(default_weights.RECOGNIZER_WEIGHTS, path)
    monkeypatch.setattr(default_weights, "RECOGNIZER_WEIGHTS", first)
    names = ", ".join(path.name for path in (first, second, third))
    first.with_name("README.md").write_text(f"---\nfile: {names}\nsha256: {sha256_of(first)}, {'0' * 64}\n---\n")
    found = list(look_at_model_files())[:3]
    assert [finding.verdict for finding in found] == [Verdict.OK, Verdict.NOTE, Verdict.NOTE]
    assert f"{first}: " in found[0].found
    assert "as its card says" in found[0].found
    assert f"but its card says {'0' * 64}" in found[1].found
    assert found[2].found == f"{third}: not there: the others read without it"


@pytest.mark.parametrize(
    ("name", "what", "meaning"),
    [
        ("DENSE_WEIGHTS", "dense", "characters are read crop by crop alone"),
        ("COLUMN_MODEL", "column model", "columns are read by the text prior alone"),
    ],
)
def test_what_need_not_be_there_is_looked_at_where_it_is_or_should_be(tmp_path, monkeypatch, name, what, meaning):
    path, card = tmp_path / getattr(default_weights, name).name, tmp_path / "README.md"
    monkeypatch.setattr(default_weights, name, path)

    def found():
        return [finding for finding in look_at_model_files() if finding.what == what]

    assert found() == []
    card.write_text(f"---\nfile: first.safetensors, {path.name}\n---\n")
    (missing,) = found()
    assert (missing.verdict, missing.found) == (Verdict.NOTE, f"{path}: not there: {meaning}")
    shutil.copy(default_weights.DETECTOR_WEIGHTS, path)
    (there,) = found()
    assert there.verdict is Verdict.OK
    assert there.found.startswith(f"{path}: heatmap_fpn, ")


def test_a_card_may_tell_of_recognizers_and_a_column_model(tmp_path, monkeypatch):
    first, column = tmp_path / "recognizer.safetensors", tmp_path / "column.safetensors"
    monkeypatch.setattr(default_weights, "RECOGNIZER_WEIGHTS", first)
    monkeypatch.setattr(default_weights, "COLUMN_MODEL", column)
    (tmp_path / "README.md").write_text("---\nfile: recognizer.safetensors, column.safetensors\n---\n")
    told = [(finding.what, finding.verdict) for finding in look_at_model_files() if str(tmp_path) in finding.found]
    assert told == [("recognizer", Verdict.FAULT), ("column model", Verdict.NOTE)]


def test_a_damaged_file_is_a_fault(moved):
    path, look = moved
    path.write_bytes(path.read_bytes()[:-100])
    assert look().verdict is Verdict.FAULT
    assert str(path) in look().found


def test_another_file_than_the_card_describes_is_noted(moved):
    path, look = moved
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    assert look().verdict is Verdict.NOTE
    assert f"sha256 {sha256_of(path)}, but its card says " in look().found


def test_a_file_without_a_card_is_noted(moved):
    path, look = moved
    path.with_name("README.md").unlink()
    assert (look().verdict, look().found.endswith("no card")) == (Verdict.NOTE, True)


def test_only_a_missing_recognizer_is_a_fault(moved):
    path, look = moved
    path.unlink()
    assert look().verdict is (Verdict.FAULT if path.name.startswith("recognizer") else Verdict.NOTE)
    assert look().found.startswith(f"{path}: not there: ")


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("", {}),
        ("# title\nfile: a\n", {}),
        ("---\nfile: a\n", {}),
        ("---\n---\nfile: a\n", {}),
        ("---\nfile: a b\nno field\nsha256: 12\n---\nfile: c\n", {"file": "a b", "sha256": "12"}),
    ],
)
def test_cards(tmp_path, text, fields):
    (tmp_path / "card").write_text(text)
    assert read_card(tmp_path / "card") == fields
    assert read_card(tmp_path / "none") == {}
