"""A folder of transcribed pages, and the command."""

import json

import numpy as np
import pytest

from kuzushiji_submit.cli.main import main
from kuzushiji_submit.competition.truth import PageTruth, read_truth, write_truth
from kuzushiji_submit.core.errors import CompetitionFileError
from kuzushiji_submit.training_data.alignment.transcribed_pages import align_folder, read_transcriptions


@pytest.mark.parametrize("content", ["", "[]", '{"p": 3}', "{"])
def test_other_files_are_refused(tmp_path, content):
    path = tmp_path / "t.json"
    path.write_text(content)
    with pytest.raises(CompetitionFileError, match=r"t\.json"):
        read_transcriptions(path)


def test_a_byte_order_mark_is_no_matter(tmp_path):
    path = tmp_path / "t.json"
    path.write_bytes('\ufeff{"p": "の"}\r\n'.encode())
    assert read_transcriptions(path) == {"p": "の"}


def test_pages_without_image_are_refused(pages, pipeline):
    with pytest.raises(CompetitionFileError, match="no image"):
        list(align_folder(pages, {"z_9": "は"}, [], pipeline.recognizer, pipeline))


def test_an_unreadable_page_stops_nothing(pages, pipeline, caplog):
    (pages / "b_1.jpg").write_bytes(b"no image")
    aligned = list(align_folder(pages, {"b_1": "のは", "b_3": "のはののはの"}, [], pipeline.recognizer, pipeline))
    assert [page.truth.image_id for page in aligned] == ["b_3"]
    assert "b_1.jpg" in caplog.text


def test_command_writes_known_and_aligned_boxes(pages, weights, draw_page, tmp_path, capsys):
    boxes = np.array(draw_page(1)[1], np.float32)
    known = [PageTruth("b_3", ("U+306E", "U+306F"), boxes[[0, 5]]), PageTruth("b_9", ("U+306E",), boxes[:1])]
    write_truth(tmp_path / "known.csv", known)
    texts = tmp_path / "texts.json"
    texts.write_text(json.dumps({"b_3": "のはののはは"}))
    out = tmp_path / "out.csv"
    command = ["align", "--images", str(pages), "--transcriptions", str(texts), "--recognizer-weights", str(weights)]
    command += ["--truth", str(tmp_path / "known.csv"), "--detector", "ink", "--device", "cpu", "--out", str(out)]
    assert main(command) == 0
    written = {page.image_id: page for page in read_truth(out)}
    assert set(written) == {"b_3", "b_9"}
    assert written["b_3"].codepoints[:2] == ("U+306E", "U+306F")
    # The recognizer is untrained; the two known ends and the number of boxes decide.
    assert sorted(written["b_3"].codepoints[2:]) == sorted(["U+306F", "U+306E", "U+306E", "U+306F"])
    assert "4 were aligned" in capsys.readouterr().out
