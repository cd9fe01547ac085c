"""Fixtures of the recognition tests: small charsets, models and weights files."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from kuzushiji_submit.core.charset import Charset
from kuzushiji_submit.core.weights_record import Provenance
from recognition.crops import CropConfig
from recognition.models.kuzu_char_rec import KuzuCharRecConfig
from recognition.models.registry import build_model
from recognition.weights_file import save_weights
from recognition.weights_metadata import WeightsMetadata
from tests.one_thread import one_thread  # noqa: F401 - a fixture of every test here

SHAPE = KuzuCharRecConfig(stage_widths=(4, 8), convs_per_stage=1)


def count_parameters(model: torch.nn.Module) -> int:
    """How many trainable numbers a network has."""
    return sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)


@pytest.fixture
def charset() -> Charset:
    """Six hiragana."""
    return Charset(tuple(f"U+{code:04X}" for code in range(0x3042, 0x3048)))


@pytest.fixture
def metadata(charset: Charset) -> WeightsMetadata:
    provenance = Provenance(training_data="made by a test", license="MIT", seed=3, scores=(("val/top1", 0.5),))
    return WeightsMetadata(SHAPE, charset, CropConfig(size=32), provenance=provenance)


@pytest.fixture
def model(metadata: WeightsMetadata) -> torch.nn.Module:
    torch.manual_seed(0)
    return build_model(metadata.model, len(metadata.charset)).eval()


@pytest.fixture
def weights(tmp_path: Path, model: torch.nn.Module, metadata: WeightsMetadata) -> Path:
    path = tmp_path / "weights.safetensors"
    save_weights(path, model.state_dict(), metadata)
    return path


@pytest.fixture
def rewrite(tmp_path: Path) -> Callable[..., Path]:
    """A copy of a safetensors file whose tensors or header went through functions."""
    from safetensors import safe_open
    from safetensors.torch import save_file

    def change(path: Path, tensors: Callable = lambda x: x, header: Callable = lambda x: x) -> Path:
        with safe_open(path, framework="pt") as file:
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a mapping
            described = dict(file.metadata())
        changed = tmp_path / "changed.safetensors"
        save_file(tensors(arrays), changed, metadata=header(described))
        return changed

    return change
