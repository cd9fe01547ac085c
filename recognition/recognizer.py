"""The recognizer as its callers see it: crops in, class ids and scores out."""

import dataclasses
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from kuzushiji_submit.core.charset import Charset
from kuzushiji_submit.core.devices import choose_device
from kuzushiji_submit.core.errors import WeightsError
from kuzushiji_submit.core.page.ink import InkConfig
from recognition.calibration import Calibration
from recognition.crops import CropConfig, Crops, crop_boxes
from recognition.join_opinions import join_opinions
from recognition.onnx_file import SUFFIX, load_onnx
from recognition.opinions import Opinions
from recognition.recognitions import Recognitions
from recognition.several_views import ViewsConfig, make_views
from recognition.weights_file import load_weights
from recognition.weights_metadata import WeightsMetadata


class Recognizer:
    """Crops, preprocessing, model and ranking, composed."""

    def __init__(
        self,
        model: nn.Module,
        metadata: WeightsMetadata,
        *,
        device: str = "auto",
        top_k: int = 5,
        batch_size: int = 256,
        half: bool = False,
        embeddings: bool | None = False,
        views: ViewsConfig | None = None,
    ) -> None:
        """Takes a model over; it is put in evaluation mode and moved to the device.

        Args:
            model: takes what `recognition.preprocess.model_inputs` gives, and returns logits (N, C), or (N, C + 1) with
                "not a character" last.
            metadata: charset, crops and preprocessing of the model.
            device: "auto", or a name that torch knows.
            top_k: alternatives a crop, at most the size of the charset.
            batch_size: crops that go through the model at once.
            half: computes in 16 bits where torch deems it safe: about twice as fast on a GPU, and on a CPU that has
                bfloat16; scores change in the third digit.
            embeddings: whether `recognize` also gives what the model's `embedding_layer` made of each crop; with
                several views their mean. None: where the model has one.
            views: how often each crop is looked at; None for once.

        Raises:
            DeviceError: if the device cannot be used.
            ValueError: if top_k or batch_size is below 1.
            WeightsError: if embeddings are asked of a model that has none to give.
        """
        if top_k < 1 or batch_size < 1:
            raise ValueError(f"top_k and batch_size must be at least 1, got {top_k} and {batch_size}")
        self.metadata = metadata
        self.device = choose_device(device)
        self.model = model.to(self.device, memory_format=torch.channels_last).eval()  # type: ignore[call-overload]
        self.top_k = min(top_k, len(metadata.charset))
        self.batch_size = batch_size
        self.half = half
        self.views = make_views(views or ViewsConfig())
        if embeddings is None:
            embeddings = hasattr(model, "embedding_layer")
        self._embedding = _embedding_layer(model) if embeddings else None

    @classmethod
    def load(
        cls,
        path: Path | str,
        device: str = "auto",
        *,
        top_k: int = 5,
        batch_size: int = 256,
        half: bool = False,
        embeddings: bool | None = False,
        views: ViewsConfig | None = None,
    ) -> Self:
        """The recognizer of a weights file, or of an ONNX file made from one, which ONNX Runtime computes on the CPU.

        Raises:
            WeightsError: if the file is missing, damaged, or does not match its model, or ONNX Runtime is missing.
            DeviceError: if the device cannot be used.
        """
        source = Path(path)
        model, metadata = load_onnx(source) if source.suffix == SUFFIX else load_weights(source)
        return cls(
            model,
            metadata,
            device=device,
            top_k=top_k,
            batch_size=batch_size,
            half=half,
            embeddings=embeddings,
            views=views,
        )

    @property
    def charset(self) -> Charset:
        """The characters in class order."""
        return self.metadata.charset

    @property
    def crop_config(self) -> CropConfig:
        """How the crops for `recognize` must be cut."""
        return self.metadata.crop

    @property
    def ink(self) -> InkConfig:
        """The ink that the crops for `recognize` must be cut from: that of its training."""
        return self.metadata.ink

    @property
    def calibration(self) -> Calibration:
        """How the scores are taken."""
        return self.metadata.calibration

    def calibrate(self, calibration: Calibration) -> None:
        """Takes the scores another way from now on."""
        self.metadata = dataclasses.replace(self.metadata, calibration=calibration)

    @property
    def min_score(self) -> float:
        """The product of detection score and recognition score from which on a character is worth submitting."""
        return self.metadata.calibration.min_score

    def recognize(self, crops: Crops) -> Recognitions:
        """What crops hold; they may come from many pages.

        Args:
            crops: cut with `crop_config`; there may be none.

        Raises:
            ValueError: if the crops have another size.
        """
        return self._rank(crops, None)

    def recognize_with(self, crops: Crops, opinions: Opinions) -> Recognitions:
        """As `recognize`, with what another reader says of each crop.

        Raises:
            ValueError: if the crops have another size.
        """
        return self._rank(crops, opinions)

    def _rank(self, crops: Crops, opinions: Opinions | None) -> Recognitions:
        parts = []
        with self._keep_embeddings() as kept:
            for scores in self._score_batches(crops, opinions):
                top_scores, top_ids = scores.topk(self.top_k, dim=1)  # (n, K) each
                embeddings = _mean_of(kept)  # (n, D)
                parts.append(Recognitions(top_ids.cpu().numpy(), top_scores.cpu().numpy(), embeddings))
        return Recognitions.concatenate(parts, self.top_k)

    def score_crops(self, crops: Crops) -> NDArray[np.float32]:
        """How sure the model is of each crop: the highest score of a character, float32 (N,).

        Raises:
            ValueError: if the crops have another size than this model's.
        """
        best = [scores.amax(dim=1).cpu().numpy() for scores in self._score_batches(crops)]
        return np.concatenate([np.zeros(0, np.float32), *best])

    def score_boxes(self, ink: NDArray[np.uint8], boxes: NDArray[np.float32]) -> NDArray[np.float32]:
        """How sure the model is of each box of a page, float32 (N,): ink uint8 (H, W), boxes float32 (N, 4) xyxy."""
        return self.score_crops(crop_boxes(ink, boxes, self.crop_config))

    def scores(self, crops: Crops) -> NDArray[np.float32]:
        """The score of every character for each crop, float32 (N, C)."""
        parts = [scores.cpu().numpy() for scores in self._score_batches(crops)]
        return np.concatenate([np.zeros((0, len(self.charset)), np.float32), *parts])

    def logits(self, crops: Crops) -> NDArray[np.float32]:
        """What the model itself says of each crop, before temperature and softmax.

        Returns:
            float32 (N, C), or (N, C + 1) where the model knows "not a character".
        """
        return self.logits_and_embeddings(crops)[0]

    def logits_and_embeddings(self, crops: Crops) -> tuple[NDArray[np.float32], NDArray[np.float32] | None]:
        """Logits as `logits` gives them, and embeddings float32 (N, D), None where nobody asked for them."""
        embeddings: list[NDArray[np.float32]] = []
        parts = []
        with self._keep_embeddings() as kept:
            for logits in self._logit_batches(crops):
                parts.append(logits.cpu().numpy())
                if (seen := _mean_of(kept)) is not None:
                    embeddings.append(seen)
        together = np.concatenate(parts) if parts else np.zeros((0, len(self.charset)), np.float32)
        return together, np.concatenate(embeddings) if embeddings else None

    def _score_batches(self, crops: Crops, opinions: Opinions | None = None) -> Iterator[Tensor]:
        """Calibrated softmax scores of the crops, float32 (n, C) a batch, on the device.

        The softmax also covers "not a character" where the model knows it: what that takes, the characters lack.
        """
        start = 0
        for logits in self._logit_batches(crops):
            joined = logits
            if opinions is not None:
                joined = join_opinions(logits, opinions.select(slice(start, start + len(logits))))
            start += len(logits)
            scores = (joined / self.metadata.calibration.temperature).softmax(dim=1)
            yield scores[:, : len(self.charset)]

    def _logit_batches(self, crops: Crops) -> Iterator[Tensor]:
        """Logits of the crops, float32 (n, C) or (n, C + 1) a batch, on the device."""
        size = self.crop_config.size
        if crops.pixels.shape[1:] != (size, size):
            raise ValueError(f"crops must have shape (N, {size}, {size}), got {crops.pixels.shape}")
        for start in range(0, len(crops), self.batch_size):
            batch = crops.select(slice(start, start + self.batch_size))
            pixels, geometry = (
                torch.from_numpy(np.ascontiguousarray(array)).to(self.device)
                for array in (batch.pixels, batch.geometry)
            )
            with torch.inference_mode():
                seen = [self._look(view.inputs(pixels, geometry, self.metadata.preprocess)) for view in self.views]
            # The mean of the logarithms of the scores, but for what the softmax divides by.
            yield seen[0] if len(seen) == 1 else torch.stack(seen).mean(dim=0)

    def _look(self, inputs: tuple[Tensor, ...]) -> Tensor:
        """The model's logits for one view, float32 (n, C) or (n, C + 1)."""
        image, *shape = inputs
        with torch.autocast(self.device.type, self._half_type(), enabled=self.half):
            logits: Tensor = self.model(image.contiguous(memory_format=torch.channels_last), *shape)
        return logits.float()

    @contextmanager
    def _keep_embeddings(self) -> Iterator[list[Tensor]]:
        """A list into which every batch of the block puts its embeddings (n, D), where they were asked for."""
        kept: list[Tensor] = []
        if self._embedding is None:
            yield kept
            return
        owner = threading.get_ident()

        def keep(_module: nn.Module, _inputs: object, result: Tensor) -> None:
            # A detector that asks for scores does so in other threads.
            if threading.get_ident() == owner:
                kept.append(result)

        handle = self._embedding.register_forward_hook(keep)
        try:
            yield kept
        finally:
            handle.remove()

    def _half_type(self) -> torch.dtype:
        return torch.float16 if self.device.type == "cuda" else torch.bfloat16


def _mean_of(kept: list[Tensor]) -> NDArray[np.float32] | None:
    """The mean of the views' embeddings (n, D), which are taken off the list; None where there are none."""
    if not kept:
        return None
    embeddings = torch.stack([part.float() for part in kept]).mean(dim=0)
    kept.clear()
    return embeddings.cpu().numpy()


def _embedding_layer(model: nn.Module) -> nn.Module:
    name = getattr(model, "embedding_layer", None)
    if not isinstance(name, str):
        raise WeightsError(
            f"{type(model).__name__} gives no embeddings: take a weights file of a network of this project"
        )
    return model.get_submodule(name)
