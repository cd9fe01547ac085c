"""Readers of crops and dense readers among the recognizer's weights."""

import pytest

from detection.dense.network import KIND
from kuzushiji_submit.core.errors import WeightsError
from kuzushiji_submit.reading.weights_by_kind import DENSE, split_by_kind


def test_the_kind_is_the_one_that_dense_readers_write():
    assert DENSE == KIND


def test_each_kind_keeps_its_order(weights, dense_weights, tmp_path):
    onnx = tmp_path / "reader.onnx"  # not even looked at: there are no dense readers of that kind
    assert split_by_kind([weights]) == ((weights,), ())
    assert split_by_kind([dense_weights, weights, onnx]) == ((weights, onnx), (dense_weights,))
    assert split_by_kind([onnx, dense_weights, weights, dense_weights]) == (
        (onnx, weights),
        (dense_weights, dense_weights),
    )


@pytest.mark.parametrize("count", [1, 2])
def test_dense_readers_alone_are_refused(dense_weights, count):
    with pytest.raises(WeightsError, match=r"dense\.safetensors: a dense reader joins a recognizer that reads crops"):
        split_by_kind([dense_weights] * count)


@pytest.mark.parametrize("content", [None, b"", b"no weights"])
def test_a_file_that_cannot_be_read_is_named(weights, tmp_path, content):
    path = tmp_path / "odd.safetensors"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(WeightsError, match=r"odd\.safetensors"):
        split_by_kind([weights, path])
