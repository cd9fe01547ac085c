"""Pages of PDF files."""

import builtins

import numpy as np
import pytest
from PIL import Image

from kuzushiji_submit.competition.data_folder import left_out, list_images
from kuzushiji_submit.core.errors import CompetitionFileError, PageReadError
from kuzushiji_submit.core.page import pdf
from kuzushiji_submit.core.page.header import header_size_hw
from kuzushiji_submit.core.page.page_files import PageFile, pages_of_file
from kuzushiji_submit.core.page.page_folder import look_through
from kuzushiji_submit.core.page.read import read_image

PIXELS = np.repeat(np.add.outer(np.arange(90), np.arange(60))[..., None].astype(np.uint8), 3, axis=2)


def save(path, *levels, dots=100.0):
    """A PDF file of a picture a page."""
    pages = [Image.fromarray((PIXELS // 2 + level).astype(np.uint8)) for level in levels]
    pages[0].save(path, save_all=True, append_images=pages[1:], resolution=dots)
    return path


@pytest.fixture(autouse=True)
def package(request):
    if "missing" not in request.node.name:
        pytest.importorskip("pypdfium2")


@pytest.fixture
def without_package(monkeypatch):
    monkeypatch.setattr(pdf, "find_spec", lambda name: None)


def test_pages_are_called_as_those_of_a_tiff_file(tmp_path):
    path = save(tmp_path / "book.pdf", 0, 50, 100)
    pages = pages_of_file(path)
    assert [page.image_id for page in pages] == ["book_p0001", "book_p0002", "book_p0003"]
    assert pages_of_file(save(tmp_path / "single.pdf", 7)) == [PageFile(tmp_path / "single.pdf")]
    means = [read_image(page).pixels.mean() for page in pages]
    assert means == pytest.approx([37, 87, 137], abs=3)


@pytest.mark.parametrize("dots", [80, 100, 400])
def test_a_page_is_drawn_as_finely_as_its_scan(dots, tmp_path):
    page = PageFile(save(tmp_path / "book.pdf", 0, dots=dots))
    image = read_image(page)
    assert image.pixels.shape == (90, 60, 3)
    assert header_size_hw(page) == (90, 60)
    assert image.notes == (f"drawn from a PDF file with {dots} dots an inch",)
    assert np.abs(image.pixels.astype(int) - PIXELS // 2).mean() < 3  # JPEG in it


def test_a_page_without_a_scan_has_the_usual_resolution(tmp_path):
    import pypdfium2

    with_text = pypdfium2.PdfDocument.new()
    with_text.new_page(72, 144)
    with_text.save(tmp_path / "text.pdf")
    assert read_image(PageFile(tmp_path / "text.pdf")).pixels.shape == (600, 300, 3)
    endless = pypdfium2.PdfDocument.new()
    endless.new_page(14_400, 14_400)
    endless.save(tmp_path / "endless.pdf")
    height, width = header_size_hw(PageFile(tmp_path / "endless.pdf"))
    assert height * width <= 1.01 * pdf.MOST_PIXELS


def test_files_that_cannot_be_read_are_named(tmp_path):
    path = save(tmp_path / "book.pdf", 0, 50)
    (tmp_path / "cut.pdf").write_bytes(path.read_bytes()[:90])
    assert pages_of_file(tmp_path / "cut.pdf") == [PageFile(tmp_path / "cut.pdf")]
    with pytest.raises(PageReadError, match=r"cut.pdf: a PDF file that is damaged .*: fetch the file again"):
        read_image(tmp_path / "cut.pdf")
    with pytest.raises(PageReadError, match=r"book.pdf, page 10: a PDF file without a page 10"):
        read_image(PageFile(path, 9, 10))
    assert header_size_hw(PageFile(tmp_path / "cut.pdf")) is None


def test_a_folder_with_pdf_files(tmp_path):
    (tmp_path / "vol1").mkdir()
    save(tmp_path / "vol1" / "book.pdf", 0, 50)
    Image.fromarray(PIXELS).save(tmp_path / "cover.png")
    assert list(list_images(tmp_path)) == ["cover", "vol1/book_p0001", "vol1/book_p0002"]


def test_where_the_package_is_missing_the_error_says_how_to_install_it(tmp_path, without_package, monkeypatch):
    imported = builtins.__import__

    def importing(name, *rest):
        assert name != "pypdfium2"
        return imported(name, *rest)

    monkeypatch.setattr(builtins, "__import__", importing)
    path = save(tmp_path / "book.pdf", 0, 50)
    install = r"pip install 'kuzushiji-submit\[pdf\]'"
    with pytest.raises(PageReadError, match=install):
        read_image(path)
    with pytest.raises(CompetitionFileError, match=install):
        list_images(path)
    Image.fromarray(PIXELS).save(tmp_path / "cover.png")
    content = look_through(tmp_path)
    assert [page.image_id for page in content.pages] == ["cover"]
    (line,) = left_out(content)
    assert "kuzushiji-submit[pdf]" in line
