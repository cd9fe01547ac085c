"""The convolutions of a network apart from its head: pretrained weights for them, and freezing them."""

import pickle
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from kuzushiji_submit.core.errors import TrainingError

# What every registered network calls its convolutions.
BODY = ("stem", "stages")
# What torchvision and timm call the parts that their own classes need.
CLASSIFIERS = ("fc.", "classifier.", "head.fc.")


def load_pretrained(model: nn.Module, path: Path) -> None:
    """Takes the body's weights out of a state dict as torchvision or timm publishes it; the head stays as it is.

    The three color channels of the first convolution are added up: a gray crop gives all of them the same. What looks
    at the marked box beside the ink begins at 0, so that the body sees ink alone at first.

    Args:
        model: a network whose `stages` have torchvision's names (resnet50 or vgg16_bn), or timm's (timm).
        path: a file of torch.save, or a safetensors file.

    Raises:
        TrainingError: if the file cannot be read, or belongs to another network.
    """
    body = model.get_submodule("stages")
    given = {name: tensor for name, tensor in _read_state(path).items() if not name.startswith(CLASSIFIERS)}
    own = body.state_dict()
    odd = sorted(set(given) ^ set(own))
    if odd:
        raise TrainingError(
            f"{path}: not the weights of {type(model).__name__} ({len(odd)} arrays differ, first {odd[0]}): give "
            "torchvision's or timm's state dict of the same network"
        )
    for name, target in own.items():
        source = given[name]
        if source.ndim == 4 and source.shape[1] == 3 and target.shape[1] in (1, 2):
            ink = source.sum(dim=1, keepdim=True)
            source = torch.cat([ink, torch.zeros_like(ink)], dim=1)[:, : target.shape[1]]
        if source.shape != target.shape:
            raise TrainingError(
                f"{path}: {name} has shape {tuple(source.shape)}, {type(model).__name__} needs {tuple(target.shape)}: "
                "give the state dict of the same network"
            )
        own[name] = source
    body.load_state_dict(own)


def set_body_trainable(model: nn.Module, *, trainable: bool) -> None:
    """Freezes or releases the body; its batch normalization keeps learning, as in the seed's transfer."""
    for name in BODY:
        part: nn.Module | None = getattr(model, name, None)
        for module in part.modules() if part is not None else ():
            if not isinstance(module, nn.BatchNorm2d):
                for parameter in module.parameters(recurse=False):
                    parameter.requires_grad_(trainable)


def _read_state(path: Path) -> dict[str, Tensor]:
    if not path.is_file():
        raise TrainingError(f"{path}: no such file of pretrained weights: check the path")
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        state = torch.load(path, map_location="cpu", weights_only=True)
    except (SafetensorError, OSError, ValueError, RuntimeError, EOFError, pickle.UnpicklingError) as error:
        # Not torch's words, which advise to load the file without protection.
        raise TrainingError(
            f"{path}: cannot be read as weights (damaged, or it holds more than arrays): fetch the file again"
        ) from error
    if not isinstance(state, dict) or not all(isinstance(value, Tensor) for value in state.values()):
        raise TrainingError(f"{path}: holds no state dict: save model.state_dict(), not the model")
    return state
