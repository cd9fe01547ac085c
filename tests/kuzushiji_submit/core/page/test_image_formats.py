"""What is an image: content before ending."""

import pytest
from PIL import Image

from kuzushiji_submit.core.page.image_formats import (
    describe_other,
    image_suffixes,
    is_image,
    read_head,
    readable_formats,
)


def test_formats_that_run_programs_or_hold_no_pixels_are_left_out():
    assert not {"EPS", "WMF", "HDF5"} & set(readable_formats())
    assert {"PNG", "TIFF", "JPEG", "BMP", "PPM", "GIF"} <= set(readable_formats())
    assert {".jpg", ".tif", ".tiff", ".bmp", ".webp", ".pgm", ".hdr", ".jp2"} <= image_suffixes()
    assert not {".eps", ".pdf", ".txt", ".csv", ""} & image_suffixes()


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("empty", b"", False),
        ("empty.JPG", b"", True),
        ("text.txt", b"text", False),
        ("page", b"#?RADIANCE\n", True),
        ("page", b"II*\0", True),
        ("page.txt", b"\x89PNG\r\n\x1a\n", False),  # no header follows
        ("table.dat", bytes(range(64)) * 20, False),
    ],
)
def test_is_image(tmp_path, name, content, expected):
    path = tmp_path / name
    path.write_bytes(content)
    assert is_image(path, read_head(path)) is expected


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "BMP", "GIF", "PPM", "WEBP", "SGI", "PCX", "ICO"])
def test_no_ending_is_needed(tmp_path, kind):
    path = tmp_path / "page"
    Image.new("L", (20, 30), 200).save(path, kind)
    assert is_image(path, read_head(path))


def test_other_files_are_explained(tmp_path):
    assert describe_other(b"") == ""
    assert "git lfs pull" in describe_other(b"version https://git-lfs.github.com/spec/v1\noid sha256:1\n")
    assert "unpack" in describe_other(b"PK\3\4\0")
    assert "kuzushiji-submit[pdf]" in describe_other(b"%PDF-1.7")
    assert read_head(tmp_path / "none") == b""
