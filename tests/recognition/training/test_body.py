import dataclasses
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torchvision.models import resnet50

from kuzushiji_submit.core.errors import ConfigError, TrainingError
from recognition.models.backbones import ResNet50Config
from recognition.models.kuzu_char_rec import KuzuCharRecConfig
from recognition.models.registry import build_model
from recognition.models.simple_kuzu_rec import SimpleKuzuRecConfig
from recognition.training.body import load_pretrained, set_body_trainable
from recognition.training.config import BalanceConfig, TrainConfig
from recognition.training.crop_store import CropStore
from recognition.training.train import train
from tests.recognition.conftest import count_parameters


@pytest.fixture(scope="module")
def published() -> dict[str, torch.Tensor]:
    torch.manual_seed(3)
    return resnet50(weights=None).state_dict()


@pytest.mark.parametrize("suffix", ["pth", "safetensors"])
def test_pretrained_body_sees_gray_as_the_original_does(
    published: dict[str, torch.Tensor], tmp_path: Path, suffix: str
) -> None:
    path = tmp_path / f"resnet50.{suffix}"
    save_file(published, path) if suffix == "safetensors" else torch.save(published, path)
    model = build_model(ResNet50Config(), 3).eval()
    head = {name: tensor.clone() for name, tensor in model.head.state_dict().items()}
    load_pretrained(model, path)
    original = resnet50(weights=None).eval()
    original.load_state_dict(published)
    body = torch.nn.Sequential(*list(original.children())[:-2])
    gray = torch.rand(1, 1, 32, 32)
    with torch.inference_mode():
        torch.testing.assert_close(model.forward_features(gray), body(gray.expand(1, 3, 32, 32)), rtol=1e-3, atol=1e-4)
    assert all(torch.equal(head[name], tensor) for name, tensor in model.head.state_dict().items())


def test_weights_that_do_not_fit_are_refused(published: dict[str, torch.Tensor], tmp_path: Path) -> None:
    model = build_model(ResNet50Config(), 3)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    cases: list[tuple[str, object, str]] = [
        ("missing", None, "no such file"),
        ("noise", b"no weights", "cannot be read as weights"),
        ("short", {"conv1.weight": published["conv1.weight"]}, "not the weights of ResNet50"),
        ("list", [1, 2], "holds no state dict"),
        ("shape", {**published, "bn1.weight": torch.zeros(3)}, r"bn1.weight has shape \(3,\)"),
    ]
    for name, content, message in cases:
        path = tmp_path / f"{name}.pth"
        if isinstance(content, bytes):
            path.write_bytes(content)
        elif content is not None:
            torch.save(content, path)
        with pytest.raises(TrainingError, match=message):
            load_pretrained(model, path)
    assert all(torch.equal(before[name], tensor) for name, tensor in model.state_dict().items())


def test_frozen_resnet_learns_as_many_numbers_as_the_seeds() -> None:
    """Recorded for the seed's frozen ResNet-50 of 4,030 classes: 4,227,390 trainable."""
    with torch.device("meta"):
        model = build_model(ResNet50Config(), 4030)
    set_body_trainable(model, trainable=False)
    assert count_parameters(model) == 4_227_390
    set_body_trainable(model, trainable=True)
    assert count_parameters(model) == 27_676_030


@pytest.mark.parametrize("frozen_epochs", [1, 2])
def test_body_stays_until_it_is_released(
    store: CropStore, config: TrainConfig, tmp_path: Path, frozen_epochs: int
) -> None:
    config = dataclasses.replace(
        config, frozen_epochs=frozen_epochs, epochs=2, balance=BalanceConfig(epoch_size=32), half=False
    )
    train(config, store, tmp_path / "run")
    states = [
        torch.load(tmp_path / "run" / "checkpoints" / f"epoch-00{epoch}.ckpt", weights_only=True)["state_dict"]
        for epoch in (0, 1)
    ]
    torch.manual_seed(config.seed)
    start = build_model(config.model, 6).state_dict()
    kernel, classifier = "stages.0.0.0.weight", "head.2.weight"
    assert torch.equal(states[0][f"model.{kernel}"], start[kernel])
    assert not torch.equal(states[0][f"model.{classifier}"], start[classifier])
    assert torch.equal(states[1][f"model.{kernel}"], start[kernel]) == (frozen_epochs == 2)


def test_pretrained_weights_of_another_network_stop_the_run(
    store: CropStore, config: TrainConfig, published: dict[str, torch.Tensor], tmp_path: Path
) -> None:
    path = tmp_path / "resnet50.pth"
    torch.save(published, path)
    config = dataclasses.replace(config, model=SimpleKuzuRecConfig(), pretrained=str(path))
    with pytest.raises(TrainingError, match="not the weights of SimpleKuzuRec"):
        train(config, store, tmp_path / "run")


def test_negative_number_of_frozen_epochs_is_refused() -> None:
    with pytest.raises(ConfigError, match="frozen_epochs"):
        TrainConfig(model=KuzuCharRecConfig((4,)), frozen_epochs=-1)
