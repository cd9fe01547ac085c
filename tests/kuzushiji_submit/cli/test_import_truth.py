"""The import command."""

import pytest
from PIL import Image

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


def test_books_that_may_be_hidden_are_left_out_unless_asked_for(tmp_path, capsys):
    folder = tmp_path / "200003803"
    folder.mkdir()
    for name in ("b_1", "200004107_00001_1"):
        (folder / f"{name}.xml").write_text(GLYPH.format(name=name, text="は"), encoding="utf-8")
    argv = ["import", str(folder), "--out", str(tmp_path / "train.csv")]
    assert main(argv) == 1
    captured = capsys.readouterr()
    assert captured.out == f"{tmp_path}/train.csv: 1 character on 1 page\n"
    assert "200004107 may be in the competition's hidden test set: leave it out (--with-hidden-books" in captured.err
    assert main([*argv, "--with-hidden-books", "--overwrite"]) == 0
    assert "2 characters on 2 pages" in capsys.readouterr().out


def test_pages_of_one_name_in_several_folders(tmp_path, capsys):
    for volume in ("vol1", "vol2"):
        for folder, name in (("images", "001.png"), ("annotations", "page/001.xml")):
            (tmp_path / folder / volume / name).parent.mkdir(parents=True)
        Image.new("L", (80, 100)).save(tmp_path / "images" / volume / "001.png")
        xml = tmp_path / "annotations" / volume / "page" / "001.xml"
        xml.write_text(GLYPH.format(name="001", text="は"), encoding="utf-8")
    argv = ["import", tmp_path / "annotations", "--images", tmp_path / "images", "--out", tmp_path / "train.csv"]
    assert main([*map(str, argv)]) == 0
    assert [page.image_id for page in read_truth(tmp_path / "train.csv")] == ["vol1/001", "vol2/001"]
    (tmp_path / "annotations" / "vol1").rename(tmp_path / "annotations" / "other")
    assert main([*map(str, argv), "--overwrite"]) == 1
    named = "vol1/001 and vol2/001 have this name: put the annotations into folders named as those of the images"
    assert named in capsys.readouterr().err


def test_it_can_be_trained_on(annotations, tmp_path, capsys):
    assert main(["import", str(annotations), "--partial", "--out", str(tmp_path / "train.csv")]) == 0
    (tmp_path / "submission.csv").write_text("image_id,labels\nb_1,U+306F 5 9\nb_2,\n")
    argv = ["score", "--truth", str(tmp_path / "train.csv"), "--submission", str(tmp_path / "submission.csv")]
    assert main(argv) == 0
    assert "F1 0.6667" in capsys.readouterr().out
