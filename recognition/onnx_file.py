"""Recognizers as ONNX files, for prediction on a CPU through ONNX Runtime.

The network alone becomes ONNX; cutting, sampling and ranking stay where they are. The file carries the description of
the weights it was made from, so that it is used like a weights file.
"""

import importlib
from pathlib import Path
from types import ModuleType
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn

from kuzushiji_submit.core.errors import WeightsError
from kuzushiji_submit.core.files import atomic_bytes
from kuzushiji_submit.core.weights_record import FORMAT_NAME, parse_header
from recognition.preprocess import model_inputs
from recognition.weights_file import load_weights
from recognition.weights_metadata import WeightsMetadata

SUFFIX = ".onnx"
LOGITS = "logits"
# Largest difference of two logits, of which the largest are about 10, that is put down to another order of sums.
TOLERANCE = 1e-3
PARITY_CROPS = 33


def export_onnx(source: Path, target: Path) -> float:
    """Writes the ONNX file of a weights file, after comparing what both say of random crops.

    Args:
        source: the weights file.
        target: a path that ends in .onnx.

    Returns:
        The largest difference of two logits.

    Raises:
        WeightsError: if the weights cannot be read, a library is missing, the target's name is another, or the two
            differ by more than rounding.
    """
    if target.suffix != SUFFIX:
        raise WeightsError(f"{target}: an ONNX file is known by its name: let it end in {SUFFIX}")
    _library("onnxscript")
    onnx = _library("onnx")
    model, metadata = load_weights(source)
    inputs = _random_inputs(metadata, 2)
    program = torch.onnx.export(
        model,
        inputs,
        input_names=[f"input_{place}" for place in range(len(inputs))],
        output_names=[LOGITS],
        dynamic_shapes=tuple({0: torch.export.Dim.DYNAMIC} for _ in inputs),
        dynamo=True,
        verbose=False,
    )
    if program is None:
        raise WeightsError(f"{source}: cannot be written as ONNX with this version of torch: update it")
    proto = program.model_proto
    onnx.helper.set_model_props(proto, {FORMAT_NAME: metadata.to_record().to_text()})
    content = proto.SerializeToString()
    difference = _difference(model, OnnxNetwork(content), metadata)
    if not difference <= TOLERANCE:
        raise WeightsError(
            f"{source}: its ONNX form differs from it by {difference:g} in a logit: not written; update onnxruntime"
        )
    atomic_bytes(target, content)
    return difference


def load_onnx(path: Path) -> tuple[nn.Module, WeightsMetadata]:
    """A network that ONNX Runtime computes, and what its file says about it.

    Raises:
        WeightsError: if the file is missing, damaged or was not written by `export_onnx`, or ONNX Runtime is missing.
    """
    if not path.is_file():
        raise WeightsError(f"{path}: no such file: make it with kuzushiji export-onnx")
    _library("onnxruntime")
    try:
        network = OnnxNetwork(path.read_bytes())
    except Exception as error:  # ONNX Runtime has no common class for what it raises
        raise WeightsError(f"{path}: no ONNX file that can be computed ({error}): export it again") from error
    return network, WeightsMetadata.from_record(parse_header(path, network.properties), str(path))


class OnnxNetwork(nn.Module):
    """The network of an ONNX file: takes and returns tensors like the one it was made from, and computes on the CPU."""

    def __init__(self, content: bytes) -> None:
        """Opens it with as many threads as torch uses."""
        super().__init__()
        runtime = _library("onnxruntime")
        options = runtime.SessionOptions()
        options.intra_op_num_threads = torch.get_num_threads()
        self._session = runtime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        self._names = [wanted.name for wanted in self._session.get_inputs()]
        self.properties: dict[str, str] = self._session.get_modelmeta().custom_metadata_map

    def forward(self, *inputs: Tensor) -> Tensor:
        """What `recognition.preprocess.model_inputs` gives -> logits."""
        arrays = {
            name: np.ascontiguousarray(given.detach().float().cpu().numpy())
            for name, given in zip(self._names, inputs, strict=True)
        }
        (logits,) = self._session.run([LOGITS], arrays)
        return torch.from_numpy(cast("Any", logits)).to(inputs[0].device)


def _random_inputs(metadata: WeightsMetadata, count: int) -> tuple[Tensor, ...]:
    """What the model is shown of random crops, from numbers of its own."""
    random = torch.Generator().manual_seed(0)
    size = metadata.crop.size
    pixels = torch.randint(0, 256, (count, size, size), generator=random, dtype=torch.uint8)
    geometry = 0.2 + 0.3 * torch.rand(count, 3, generator=random)
    return model_inputs(pixels, geometry, metadata.preprocess)


def _difference(model: nn.Module, network: nn.Module, metadata: WeightsMetadata) -> float:
    inputs = _random_inputs(metadata, PARITY_CROPS)
    with torch.inference_mode():
        return float((model(*inputs) - network(*inputs)).abs().max())


def _library(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ImportError:
        raise WeightsError(f"{name} is missing: pip install 'kuzushiji-submit[onnx]'") from None
