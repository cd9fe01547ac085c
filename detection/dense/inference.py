"""The network on whole pages: what it says at boxes that a detector found."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from detection.dense.network import DenseReader
from detection.dense.weights_file import load_dense
from detection.heatmap.inference import Span, inner_pixels, pad_to_network, windows
from detection.heatmap.network import UNIT
from detection.heatmap.page_input import levelled_page, scaled_hw
from kuzushiji_submit.core.boxes import median_size
from kuzushiji_submit.core.charset import Charset
from kuzushiji_submit.core.devices import choose_device
from kuzushiji_submit.core.page.prepared import PreparedPage

LARGEST_ZOOM = 1.5
"""A page is not made more than this many times larger than it is, as the detector does not."""


@dataclass(frozen=True)
class DenseConfig:
    """Settings of `DensePageReader`.

    Attributes:
        max_pixels: larger pages are read in overlapping parts of about this many pixels.
        temperature: what logits are divided by.
        half: computes in 16 bits where torch deems it safe.

    Raises:
        ValueError: if max_pixels is too small for a part, or the temperature is not above 0.
    """

    max_pixels: int = 6_000_000
    temperature: float = 1.0
    half: bool = False

    def __post_init__(self) -> None:
        if self.max_pixels < 64:
            raise ValueError("max_pixels must be at least 64")
        if not (math.isfinite(self.temperature) and self.temperature > 0):
            raise ValueError(f"temperature must be above 0, got {self.temperature}")


class DensePageReader:
    """Brings a page to the size that the network knows and reads it at given boxes; safe to call from several threads.

    ```
    page, boxes ─ characters to 32 px ─ levelled ─ parts of at most max_pixels ─ network ─▶ logits, box by box
    ```
    """

    def __init__(
        self, network: DenseReader, charset: Charset, config: DenseConfig | None = None, device: str = "auto"
    ) -> None:
        """Takes a network over; it is put in evaluation mode and moved to the device.

        Args:
            network: its classes are those of the charset.
            charset: the characters in class order.
            config: settings.
            device: "auto", or a name that torch knows.

        Raises:
            DeviceError: if the device cannot be used.
        """
        self.charset = charset
        self.config = config or DenseConfig()
        self.device = choose_device(device)
        self.network = network.to(self.device, memory_format=torch.channels_last).eval()  # type: ignore[call-overload]

    @classmethod
    def load(cls, path: Path, config: DenseConfig | None = None, device: str = "auto") -> Self:
        """The reader of a weights file, at the temperature that the file says.

        Raises:
            WeightsError: if the file is missing, damaged or does not match.
            DeviceError: if the device cannot be used.
        """
        network, metadata = load_dense(path)
        config = replace(config or DenseConfig(), temperature=metadata.calibration.temperature)
        return cls(network, metadata.charset, config, device)

    def logits(self, page: PreparedPage, boxes: NDArray[np.float32]) -> NDArray[np.float32]:
        """What the network says at each box.

        Args:
            page: the page.
            boxes: float32 (N, 4), xyxy in page pixels.

        Returns:
            float32 (N, C), divided by the temperature, before any softmax; all 0 where nothing can be said, because
            the page has no pixels or none of the boxes an area.
        """
        said = np.zeros((len(boxes), len(self.charset)), np.float32)
        size = median_size(boxes)
        if page.paper is None or size == 0:
            return said
        image = levelled_page(page, scaled_hw(page.size_hw, min(UNIT / size, LARGEST_ZOOM)))
        height, width = page.size_hw
        ratio = np.array([image.shape[1] / width, image.shape[0] / height] * 2, np.float32)
        scaled = boxes * ratio
        for rows, columns, places in self._parts(image.shape[:2], scaled):
            part = image[rows[0] : rows[1], columns[0] : columns[1]]
            corner = np.array([columns[0], rows[0]] * 2, np.float32)
            said[places] = self._run(part, scaled[places] - corner)
        return said

    def _parts(
        self, size_hw: tuple[int, ...], boxes: NDArray[np.float32]
    ) -> Iterator[tuple[Span, Span, NDArray[np.intp]]]:
        """Parts of a page, and the places of the boxes that each answers for: those whose middles lie inmost."""
        middles = np.clip((boxes[:, :2] + boxes[:, 2:]) / 2, 0, np.array(size_hw[::-1], np.float32) - 0.5)
        for rows, columns in windows(size_hw[0], size_hw[1], self.config.max_pixels):
            (left, right), (top, bottom) = inner_pixels(columns, size_hw[1]), inner_pixels(rows, size_hw[0])
            x, y = middles.T
            places = np.flatnonzero((x >= left) & (x < right) & (y >= top) & (y < bottom))
            if len(places):
                yield rows, columns, places

    def _run(self, image: NDArray[np.uint8], boxes: NDArray[np.float32]) -> NDArray[np.float32]:
        with torch.inference_mode():
            pages = pad_to_network(image, self.device)
            wanted = torch.from_numpy(np.ascontiguousarray(boxes, np.float32))[None].to(self.device)
            present = torch.ones(wanted.shape[:2], dtype=torch.bool, device=self.device)
            half = torch.float16 if self.device.type == "cuda" else torch.bfloat16
            with torch.autocast(self.device.type, half, enabled=self.config.half):
                logits: Tensor = self.network(pages, wanted, present)
            return (logits.float() / self.config.temperature).cpu().numpy()
