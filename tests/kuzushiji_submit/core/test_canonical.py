import numpy as np
import pytest

from kuzushiji_submit.core.canonical import canonical_bytes


@pytest.mark.parametrize("kind", [np.int8, np.uint8, np.int32, np.int64, ">i4", np.bool_])
def test_integers_of_any_size_are_the_same(kind):
    assert canonical_bytes(np.array([0, 1], kind)) == bytes(8) + b"\1" + bytes(7)


@pytest.mark.parametrize("kind", [np.float32, np.float64, ">f8"])
def test_real_numbers_of_any_size_are_the_same(kind):
    assert canonical_bytes(np.array([1.0], kind)) == b"\0\0\x80\x3f"


def test_rows_are_in_order_however_they_lie_in_memory():
    rows = np.arange(6).reshape(2, 3)
    assert canonical_bytes(np.asfortranarray(rows)) == canonical_bytes(rows) == canonical_bytes(rows.ravel())


def test_no_numbers_are_no_bytes():
    assert canonical_bytes(np.zeros((0, 4), np.float32)) == b""
