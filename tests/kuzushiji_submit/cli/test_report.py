"""The report command."""

import pytest
from PIL import Image

from kuzushiji_submit.cli.main import build_parser
from kuzushiji_submit.core.errors import PageReadError


@pytest.fixture
def parser():
    return build_parser()


@pytest.fixture
def arguments(tmp_path):
    images = tmp_path / "images"
    images.mkdir()
    for name in ("a", "b"):
        Image.new("RGB", (60, 80), "white").save(images / f"{name}.png")
    (tmp_path / "submission.csv").write_text("image_id,labels\na,U+306F 20 20\nb,\n")
    (tmp_path / "truth.csv").write_text("image_id,labels\na,U+306F 10 10 20 20\n")
    return [
        "report",
        *("--images", str(images)),
        *("--submission", str(tmp_path / "submission.csv")),
        *("--out", str(tmp_path / "out")),
    ]


def test_result_on_stdout_and_progress_on_stderr(parser, arguments, tmp_path, capsys):
    args = parser.parse_args([*arguments, "--truth", str(tmp_path / "truth.csv")])
    assert args.run(args) == 0
    captured = capsys.readouterr()
    assert captured.out.splitlines() == [
        str(tmp_path / "out" / "index.html"),
        "2 pages, 1 character",
        "F1 1.0000 (precision 1.0000, recall 1.0000), detection F1 1.0000",
    ]
    assert "report" in captured.err
    assert (tmp_path / "out" / "index.html").is_file()


def test_without_truth_no_score(parser, arguments, capsys):
    args = parser.parse_args([*arguments, "--max-pages", "1"])
    assert args.run(args) == 0
    assert capsys.readouterr().out.splitlines()[1:] == ["1 page, 1 character"]


def test_unreadable_images_are_an_error_after_a_complete_report(parser, arguments, tmp_path, capsys):
    (tmp_path / "images" / "a.png").write_bytes(b"not an image")
    args = parser.parse_args(arguments)
    with pytest.raises(PageReadError, match=r"1 page image could not be read, first .*a\.png"):
        args.run(args)
    assert str(tmp_path / "out" / "index.html") in capsys.readouterr().out
    assert {path.name for path in (tmp_path / "out" / "pages").iterdir()} == {"a.html", "b.html"}
    assert (tmp_path / "out" / "index.html").is_file()


@pytest.mark.parametrize("value", ["0", "-1", "many"])
def test_max_pages_is_one_or_more(value, parser, arguments, capsys):
    with pytest.raises(SystemExit) as caught:
        parser.parse_args([*arguments, "--max-pages", value])
    assert caught.value.code == 2
    assert "--max-pages" in capsys.readouterr().err
