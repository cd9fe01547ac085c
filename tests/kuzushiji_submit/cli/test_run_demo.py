"""The embedded sample and the demo on it."""

import json
import webbrowser
from dataclasses import replace

import pytest

from kuzushiji_submit.cli import main
from kuzushiji_submit.cli import run_demo as run_demo_module
from kuzushiji_submit.cli.run_demo import SAMPLE, SAMPLE_TRUTH, describe_pages, run_demo
from kuzushiji_submit.competition.check import check_data
from kuzushiji_submit.competition.sample import read_sample_ids
from kuzushiji_submit.competition.scoring import total
from kuzushiji_submit.competition.submission import settings_path
from kuzushiji_submit.competition.truth import read_truth
from kuzushiji_submit.core.charset import to_character
from kuzushiji_submit.core.errors import CompetitionFileError
from kuzushiji_submit.reading.default_weights import RECOGNIZER_WEIGHTS, recognizer_weights
from recognition.weights_file import read_metadata


def test_the_sample_is_a_whole_competition():
    assert check_data(SAMPLE).problems == ()
    assert sum(map(len, read_truth(SAMPLE_TRUTH))) > 400


def test_the_shipped_weights_know_the_real_charset():
    metadata = read_metadata(RECOGNIZER_WEIGHTS)
    assert len(metadata.charset) == 4212
    assert metadata.provenance.license == "CC-BY-SA-4.0"
    assert "10.20676/00000340" in metadata.provenance.attribution


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """A demo, which takes seconds."""
    return run_demo(tmp_path_factory.mktemp("demo") / "demo", "cpu")


def test_every_page_of_the_sample_is_described():
    assert list(describe_pages()) == read_sample_ids(SAMPLE.sample_csv)
    assert all(describe_pages().values())


def test_the_demo(demo):
    # Far above chance, far below what was measured: this falls when detector, crops and weights no longer fit together.
    assert demo.score.counts.f1 > 0.3
    assert demo.score.detection.f1 > 0.6
    assert demo.score.counts.tp + demo.score.counts.fn == sum(map(len, read_truth(SAMPLE_TRUTH)))
    assert demo.score.counts == total(score.counts for score in demo.pages.values())
    assert list(demo.pages) == list(describe_pages())
    assert json.loads(settings_path(demo.submission).read_text())["pages"] == len(demo.pages)


def test_a_page_that_is_hard_is_read_badly(demo):
    assert "hard" in describe_pages()[demo.worst]
    scores = {image_id: score.counts.f1 for image_id, score in demo.pages.items()}
    hard = scores.pop(demo.worst)
    assert hard < 0.5 < min(scores.values())


def test_the_demo_over_an_earlier_one_tells_everything(demo, tmp_path, capsys, monkeypatch):
    opened = []
    monkeypatch.setattr(webbrowser, "open", lambda address: opened.append(address) or True)
    monkeypatch.setattr(run_demo_module, "run_demo", lambda out, device: demo)
    assert main(["demo", "--out", str(tmp_path / "demo"), "--open"]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("Reads 5 pages of different hands")
    rows = printed.splitlines()
    for image_id, score in [*demo.pages.items(), ("all", demo.score)]:
        (row,) = [row for row in rows if row.startswith(f"{image_id} ")]
        assert row.split()[1:3] == [f"{score.counts.f1:.4f}", f"{score.detection.f1:.4f}"]
    assert f"read worst: {demo.worst}, F1 {demo.pages[demo.worst].counts.f1:.2f}" in rows
    first = demo.confusions[0]
    characters = f"{to_character(first.truth)} read as {to_character(first.read)}  ({first.truth}, {first.read})"
    (row,) = [row for row in rows if characters in row]
    assert row.split()[:3] == [str(first.count), "of", str(first.annotated)]
    assert str(demo.report) in printed
    assert str(demo.submission) in printed
    assert opened == [demo.report.resolve().as_uri()]


def test_without_a_browser_the_report_is_named(demo, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(webbrowser, "open", lambda address: False)
    monkeypatch.setattr(run_demo_module, "run_demo", lambda out, device: replace(demo, confusions=()))
    assert main(["demo", "--out", str(tmp_path / "demo"), "--open"]) == 0
    captured = capsys.readouterr()
    assert captured.err == f"no browser was found: open {demo.report} in one\n"
    assert "no character was read as another one" in captured.out


def test_missing_weights_are_named(tmp_path):
    with pytest.raises(CompetitionFileError, match=r"none\.safetensors: no weights file: train one"):
        recognizer_weights(tmp_path / "none.safetensors")
