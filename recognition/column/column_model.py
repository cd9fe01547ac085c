"""The column model at work: what the column around each place makes of a reader's candidates."""

from collections.abc import Sequence
from pathlib import Path
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray

from kuzushiji_submit.core.charset import Charset
from kuzushiji_submit.core.devices import choose_device
from recognition.column.network import ColumnNetwork
from recognition.column.weights_file import load_column

_FLOOR = 1e-9  # a score of 0 is one that was rounded to it
_TOGETHER = 64  # windows that are read at once


class ColumnModel:
    """Reads the places of a page in their order, in windows that overlap by half; safe to call from several threads.

    ```
    places   0 ..................................... N
    windows  [───────────▪▪▪▪│▪▪▪]
                     [───▪▪▪▪▪▪▪▪───]      ▪ each place is taken from the window in which it is farthest from an edge,
                             [───▪▪▪▪▪▪▪]    where the column's own beginning and end are none
    ```
    """

    def __init__(
        self, network: ColumnNetwork, charset: Charset, codepoints: Sequence[str], device: str = "auto"
    ) -> None:
        """Takes a network over; it is put in evaluation mode and moved to the device.

        Args:
            network: its classes are those of the charset.
            charset: the network's characters in class order.
            codepoints: the reader's characters in its class order; the network may lack some, and know others.
            device: "auto", or a name that torch knows.

        Raises:
            DeviceError: if the device cannot be used.
        """
        self.charset = charset
        self.device = choose_device(device)
        self.network = network.to(self.device).eval()
        self._class_ids = np.array([*charset.class_ids(list(codepoints)), -1], np.int64)

    @classmethod
    def load(cls, path: Path | str, codepoints: Sequence[str], device: str = "cpu") -> Self:
        """The column model of a weights file, for a reader's characters.

        Args:
            path: the file.
            codepoints: the reader's characters in its class order.
            device: "auto", or a name that torch knows.

        Raises:
            WeightsError: if the file is missing, damaged or of another kind.
            DeviceError: if the device cannot be used.
        """
        network, metadata = load_column(Path(path))
        return cls(network, metadata.charset, codepoints, device)

    def support(self, ids: NDArray[np.int64], scores: NDArray[np.float32]) -> NDArray[np.float32]:
        """What the places around each place say of its candidates.

        Args:
            ids: int64 (N, K), the candidates of N places in reading order, in the reader's class order, best first;
                -1 for none.
            scores: float32 (N, K), their scores, at least 0.

        Returns:
            float32 (N, K): what speaks for each candidate, a logarithm to add to that of its score; 0 for characters
            that the network does not know.

        Raises:
            ValueError: if the shapes differ.
        """
        if ids.shape != scores.shape or ids.ndim != 2:
            raise ValueError(f"ids and scores must be two arrays (N, K) of one shape, got {ids.shape}, {scores.shape}")
        if not ids.size:
            return np.zeros(ids.shape, np.float32)
        own = torch.from_numpy(self._class_ids[ids]).to(self.device)
        logs = torch.from_numpy(np.log(np.maximum(scores, _FLOOR), dtype=np.float32)).to(self.device)
        with torch.inference_mode():
            return self.network.support(self._context(own, logs), own).cpu().numpy()

    def _context(self, ids: torch.Tensor, logs: torch.Tensor) -> torch.Tensor:
        """The context of each place, float32 (N, width)."""
        length = min(self.network.config.window, len(ids))
        starts = window_starts(len(ids), length)
        windows = torch.from_numpy(starts[:, None] + np.arange(length)).to(self.device)  # (W, T)
        heard, heard_logs = (of_all[:, : self.network.config.candidates] for of_all in (ids, logs))
        parts = [self.network(heard[places], heard_logs[places]) for places in torch.split(windows, _TOGETHER)]
        chosen = torch.from_numpy(farthest_from_edges(starts, length, len(ids))).to(self.device)
        first = torch.from_numpy(starts).to(self.device)[chosen]
        return torch.cat(parts)[chosen, torch.arange(len(ids), device=self.device) - first]


def window_starts(count: int, length: int) -> NDArray[np.int64]:
    """Where windows of `length` places start that cover `count` places and overlap by half, int64 (W,)."""
    return np.unique(np.minimum(np.arange(0, count, max(1, length // 2)), count - length))


def farthest_from_edges(starts: NDArray[np.int64], length: int, count: int) -> NDArray[np.int64]:
    """The window in which each place is farthest from an edge, int64 (N,), the first of several.

    Args:
        starts: int64 (W,), ascending, of windows that cover all places; the first starts at 0, the last ends with them.
        length: places of a window.
        count: N, all places.
    """
    within = np.arange(count)[:, None] - starts  # (N, W)
    # The ends of the column are no edges: nothing is missing beyond them.
    above = within + np.where(starts == 0, count, 0)
    below = length - 1 - within + np.where(starts + length == count, count, 0)
    far = np.where((within >= 0) & (within < length), np.minimum(above, below), -1)
    return np.asarray(far.argmax(axis=1), np.int64)
