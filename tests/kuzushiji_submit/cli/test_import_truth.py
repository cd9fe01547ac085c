"""The import command."""

import pytest

from kuzushiji_submit.cli import main
from kuzushiji_submit.competition.truth import read_truth

GLYPH = (
    '<PcGts><Page imageFilename="{name}.jpg" imageWidth="80" imageHeight="100"><TextRegion id="r"><TextLine id="l">'
    '<Word id="w"><Glyph id="g"><Coords points="1,2 11,22"/><TextEquiv><Unicode>は</Unicode></TextEquiv></Glyph></Word>'
    "<TextEquiv><Unicode>{text}</Unicode></TextEquiv></TextLine></TextRegion></Page></PcGts>"
)


@pytest.fixture
def annotations(tmp_path):
    """A complete page and one whose text is longer than its boxes are many."""
    folder = tmp_path / "annotations"
    folder.mkdir()
    for name, text in (("b_1", "は"), ("b_2", "はか")):
        (folder / f"{name}.xml").write_text(GLYPH.format(name=name, text=text), encoding="utf-8")
    return folder


def test_result_on_stdout_and_progress_on_stderr(annotations, tmp_path, capsys):
    assert main(["import", str(annotations / "b_1.xml"), "--out", str(tmp_path / "train.csv")]) == 0
    captured = capsys.readouterr()
    assert captured.out == f"{tmp_path}/train.csv: 1 character on 1 page\n"
    assert "import" in captured.err
    (page,) = read_truth(tmp_path / "train.csv")
    assert (page.image_id, page.codepoints, page.boxes.tolist()) == ("b_1", ("U+306F",), [[1, 2, 11, 22]])


def test_incomplete_pages_are_an_error_after_the_rest_is_written(annotations, tmp_path, capsys):
    argv = ["import", str(annotations), "--out", str(tmp_path / "train.csv")]
    assert main(argv) == 1
    captured = capsys.readouterr()
    assert captured.out == f"{tmp_path}/train.csv: 1 character on 1 page\n"
    assert f"{annotations}/b_2.xml: b_2: line l has no boxes for 1 of its characters\n" in captured.err
    assert "1 page left out (b_2): mend what is said above, or add --partial" in captured.err
    assert main([*argv, "--partial", "--overwrite"]) == 0
    assert "2 characters on 2 pages" in capsys.readouterr().out


def test_it_can_be_trained_on(annotations, tmp_path, capsys):
    assert main(["import", str(annotations), "--partial", "--out", str(tmp_path / "train.csv")]) == 0
    (tmp_path / "submission.csv").write_text("image_id,labels\nb_1,U+306F 5 9\nb_2,\n")
    argv = ["score", "--truth", str(tmp_path / "train.csv"), "--submission", str(tmp_path / "submission.csv")]
    assert main(argv) == 0
    assert "F1 0.6667" in capsys.readouterr().out
