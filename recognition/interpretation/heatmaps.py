"""Where on a crop a network looks: what its last convolutions answer to, and what speaks for one class.

Both are laid over the very image that the network saw for this answer; the seed laid the activations of one character
over the picture of another.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from recognition.crops import Crops
from recognition.preprocess import model_inputs
from recognition.recognizer import Recognizer


@dataclass(frozen=True, eq=False)
class Heatmaps:
    """N crops as a network sees them.

    Attributes:
        images: float32 (N, s, s) in [0, 1], the ink that went into the network: cut, resized, binarized where it is.
        activation: float32 (N, s, s) in [0, 1], the mean over the channels of the last convolution's maps.
        evidence: float32 (N, s, s) in [0, 1], those maps weighted by what they do to the score of `class_ids`.
        class_ids: int64 (N,), the classes that the evidence is for.
        scores: float32 (N,), their scores as the recognizer gives them.
    """

    images: NDArray[np.float32]
    activation: NDArray[np.float32]
    evidence: NDArray[np.float32]
    class_ids: NDArray[np.int64]
    scores: NDArray[np.float32]


def explain(recognizer: Recognizer, crops: Crops, class_ids: Sequence[int] | None = None) -> Heatmaps:
    """Heatmaps of crops, all of them in one batch.

    The evidence is HiResCAM (Draelos and Carin 2020): each place of each map times the gradient of the class's logit
    with respect to it. The mean of all logits is taken off first, because softmax does not see what all have in common:
    a network that is sure may lower every logit, and nothing would seem to speak for the highest. For a network with
    average pooling and one linear layer this is Grad-CAM (Selvaraju et al. 2017) and the class activation map of Zhou
    et al. (2016), up to a factor and that mean. Where places do not weigh alike, as with maximum pooling, Grad-CAM's
    mean over the places can leave nothing of what spoke for the class at one of them.

    Args:
        recognizer: any network that keeps its convolutions in `stages`, as all registered ones do.
        crops: cut with the recognizer's `crop_config`; there may be none.
        class_ids: the class to explain for each crop; None for what the recognizer reads.
    """
    settings = recognizer.metadata.preprocess
    pixels = torch.from_numpy(np.ascontiguousarray(crops.pixels)).to(recognizer.device)
    geometry = torch.from_numpy(np.ascontiguousarray(crops.geometry)).to(recognizer.device)
    with torch.enable_grad():
        image, *shape = model_inputs(pixels, geometry, settings)
        maps, logits = _run(recognizer.model, (image.requires_grad_(), *shape))
        scores = (logits / recognizer.metadata.calibration.temperature).softmax(dim=1)[:, : len(recognizer.charset)]
        chosen = scores.argmax(dim=1) if class_ids is None else torch.tensor(class_ids, device=logits.device)
        above_mean = logits.gather(1, chosen[:, None]) - logits.mean(dim=1, keepdim=True)
        (gradients,) = torch.autograd.grad(above_mean.sum(), maps)
    evidence = (gradients * maps).sum(dim=1, keepdim=True).clamp(min=0)
    size = image.shape[-2:]
    ink = image[:, 0] * settings.std + settings.mean
    return Heatmaps(
        images=_array(ink.clamp(0, 1)),
        activation=_array(_spread(maps.mean(dim=1, keepdim=True), size)),
        evidence=_array(_spread(evidence, size)),
        class_ids=chosen.cpu().numpy(),
        scores=_array(scores.gather(1, chosen[:, None])[:, 0]),
    )


def _run(model: nn.Module, inputs: tuple[Tensor, ...]) -> tuple[Tensor, Tensor]:
    """The maps of the last convolution (N, F, h, w), and the logits that came of them."""
    maps: list[Tensor] = []

    def keep(module: nn.Module, given: object, result: Tensor) -> None:  # noqa: ARG001 - a hook
        maps.append(result)

    handle = model.get_submodule("stages").register_forward_hook(keep)
    try:
        logits = model(*inputs)
    finally:
        handle.remove()
    return maps[0], logits


def _spread(maps: Tensor, size_hw: torch.Size) -> Tensor:
    """(N, 1, h, w) -> (N, s, s): smoothly enlarged, each from its lowest (0) to its highest (1)."""
    large = F.interpolate(maps, size=size_hw, mode="bicubic", align_corners=False)[:, 0]
    low, high = large.amin(dim=(1, 2), keepdim=True), large.amax(dim=(1, 2), keepdim=True)
    return (large - low) / (high - low).clamp(min=1e-12)


def _array(tensor: Tensor) -> NDArray[np.float32]:
    return np.asarray(tensor.detach().float().cpu().numpy(), np.float32)
