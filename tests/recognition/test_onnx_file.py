from pathlib import Path

import numpy as np
import pytest

from kuzushiji_submit.core.charset import Charset
from kuzushiji_submit.core.errors import WeightsError
from recognition.crops import CropConfig, Crops
from recognition.models.reader import ReaderConfig
from recognition.models.registry import build_model
from recognition.preprocess import PreprocessConfig
from recognition.recognizer import Recognizer
from recognition.weights_file import save_weights
from recognition.weights_metadata import WeightsMetadata

pytest.importorskip("onnxruntime")
pytest.importorskip("onnxscript")

from recognition.onnx_file import export_onnx, load_onnx

SHAPE = ReaderConfig(widths=(4, 6, 8), blocks=(1, 1), embedding=16)


@pytest.fixture
def reader_weights(tmp_path: Path, charset: Charset) -> Path:
    crop, preprocess = CropConfig(size=96, resize="context"), PreprocessConfig(context=1.5, mean=0.1, std=0.3)
    metadata = WeightsMetadata(SHAPE, charset, crop, preprocess)
    path = tmp_path / "reader.safetensors"
    save_weights(path, build_model(SHAPE, len(charset)).state_dict(), metadata)
    return path


@pytest.mark.parametrize("kind", ["weights", "reader_weights"])
def test_onnx_reads_what_the_weights_read(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    source = request.getfixturevalue(kind)
    target = tmp_path / "folder" / "r.onnx"
    assert export_onnx(source, target) < 1e-4
    one, other = Recognizer.load(source, "cpu"), Recognizer.load(target, "cpu", batch_size=3)
    size = one.crop_config.size
    pixels = np.random.default_rng(0).integers(0, 256, (7, size, size), dtype=np.uint8)
    crops = Crops(pixels, np.tile(np.float32([0.3, 0.45, 0.1]), (7, 1)))
    assert other.metadata == one.metadata
    np.testing.assert_allclose(other.logits(crops), one.logits(crops), atol=1e-4)
    np.testing.assert_array_equal(other.recognize(crops).top_ids, one.recognize(crops).top_ids)
    assert len(other.recognize(Crops.empty(size))) == 0


def test_other_names_are_refused(weights: Path, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"let it end in \.onnx"):
        export_onnx(weights, tmp_path / "r.bin")


@pytest.mark.parametrize("content", [None, b"", b"no model"])
def test_files_that_are_no_network_are_refused(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "r.onnx"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(WeightsError, match=r"r\.onnx"):
        load_onnx(path)


def test_a_network_of_another_kind_is_refused(tmp_path: Path) -> None:
    import onnx

    identity = onnx.helper.make_node("Identity", ["x"], ["y"])
    values = [onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [1]) for name in ("x", "y")]
    graph = onnx.helper.make_graph([identity], "g", values[:1], values[1:])
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 18)], ir_version=9)
    path = tmp_path / "r.onnx"
    path.write_bytes(model.SerializeToString())
    with pytest.raises(WeightsError, match="no weights of this program"):
        load_onnx(path)


def test_a_missing_library_is_named(weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "onnxscript", None)
    with pytest.raises(WeightsError, match=r"onnxscript is missing: pip install"):
        export_onnx(weights, tmp_path / "r.onnx")
