"""The orientation in a file's metadata, and nothing else of it."""

import io
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from kuzushiji_submit.core.page.orientation import orientation_of_exif, take_orientation, turn_upright
from kuzushiji_submit.core.page.read import read_page

# As EXIF 2.32 describes them, section 4.6.4.
METHODS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
PIXELS = np.arange(12, dtype=np.uint8).reshape(3, 4) * 20


def exif_block(entries, order="<"):
    """An EXIF block of a single directory of (tag, type, count, four bytes)."""
    mark = b"II" if order == "<" else b"MM"
    block = struct.pack(f"{order}2sHIH", mark, 42, 8, len(entries))
    for tag, kind, count, value in entries:
        block += struct.pack(f"{order}HHI4s", tag, kind, count, value)
    return b"Exif\0\0" + block + bytes(4)


@pytest.mark.parametrize(
    ("block", "orientation"),
    [
        (b"", 0),
        (b"Exif\0\0", 0),
        (b"II*\0", 0),
        (b"II*\0\xff\xff\xff\xff", 0),
        (b"MM\0*\0\0\0\x08\0\x05", 0),
        (exif_block([]), 0),
        (exif_block([(0x0112, 3, 1, struct.pack("<HH", 6, 0))]), 6),
        (exif_block([(0x0112, 3, 1, struct.pack(">HH", 8, 0))], ">"), 8),
        (exif_block([(0x010E, 2, 2**31, b"\xff" * 4), (0x0112, 3, 1, struct.pack("<HH", 3, 0))]), 3),
        (exif_block([(0x0112, 2, 1, b"6\0\0\0")]), 0),
    ],
)
def test_orientation_of_exif(block, orientation):
    assert orientation_of_exif(block) == orientation


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", ["jpg", "png", "tif", "webp"])
def test_every_orientation_is_taken_once(tmp_path, orientation, suffix):
    path = tmp_path / f"page.{suffix}"
    exif = Image.Exif()
    exif[0x0112] = orientation
    image = Image.fromarray(PIXELS.repeat(16, 0).repeat(16, 1))
    image.save(path, exif=exif, **({"lossless": True} if suffix == "webp" else {}))
    with Image.open(path) as stored:
        assert take_orientation(stored) == orientation
    expected = np.asarray(image if orientation == 1 else image.transpose(METHODS[orientation]), int)
    found = read_page(path)[..., 0].astype(int)
    assert found.shape == expected.shape
    assert np.abs(found - expected).max() < 24


def test_pixels_without_area():
    assert turn_upright(np.zeros((0, 5, 3), np.uint8), 6).shape == (5, 0, 3)


ENTRY = st.tuples(
    st.sampled_from([0x010E, 0x011A, 0x0132, 0x8769, 0x8825, 0x927C, 0xA005, 0x0001]),
    st.integers(0, 14),
    st.sampled_from([0, 1, 2, 5, 100, 2**31, 2**32 - 1]),
    st.binary(min_size=4, max_size=4),
)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    entries=st.lists(ENTRY, max_size=6),
    orientation=st.sampled_from([1, 3, 6, 8]),
    order=st.sampled_from("<>"),
    suffix=st.sampled_from(["jpeg", "png", "webp"]),
)
def test_odd_values_beside_the_orientation_change_nothing(tmp_path_factory, entries, orientation, order, suffix):
    path = tmp_path_factory.getbasetemp() / f"odd.{suffix}"
    value = struct.pack(f"{order}HH", orientation, 0)
    block = exif_block(sorted([*entries, (0x0112, 3, 1, value)]), order)
    stream = io.BytesIO()
    Image.fromarray(PIXELS).save(stream, suffix, exif=block)
    path.write_bytes(stream.getvalue())
    assert read_page(path).shape == ((4, 3, 3) if orientation in (6, 8) else (3, 4, 3))
