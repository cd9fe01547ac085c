"""Several recognizers as one: their scores averaged in the logarithm."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from kuzushiji_submit.core.charset import Charset
from kuzushiji_submit.core.errors import WeightsError
from kuzushiji_submit.core.page.ink import InkConfig
from kuzushiji_submit.core.page.same_ink import require_trained_ink
from recognition.calibration import Calibration
from recognition.crops import GEOMETRY, CropConfig, Crops, crop_boxes
from recognition.join_opinions import join_opinions
from recognition.opinions import Opinions
from recognition.recognitions import Recognitions
from recognition.recognizer import Recognizer

SHOWN = 3
"""Codepoints that a message names at most."""


class RecognizerEnsemble:
    """Reads each crop with every member; what they say counts alike.

    ```
    crops ─┬─ member 1 ─ logits / its temperature ─ its classes in the order of member 1 ─┐
           ├─ member 2 ─ ...                                                              ├─ mean
           └─ member 3 ─ ...                                                              ┘
    ```

    The mean of logits is the mean of the logarithms of scores, but for what the softmax divides by.
    """

    def __init__(
        self, members: Sequence[Recognizer], names: Sequence[str], *, top_k: int = 5, batch_size: int = 256
    ) -> None:
        """Checks that the members can be shown the same crops and say the same characters.

        Args:
            members: at least one; its temperature makes what each says comparable.
            names: of their files, for messages.
            top_k: alternatives a crop, at most the size of the charset.
            batch_size: crops whose scores are in memory at once.

        Raises:
            WeightsError: if two members know other characters, need other crops or another ink, or only one of them
                knows "not a character".
        """
        first = members[0]
        for member, name in zip(members[1:], names[1:], strict=True):
            require_trained_ink(first.ink, member.ink, f"{name}: the ink of {names[0]}")
            _require_same(first, member, names[0], name)
        if len({_outputs(member) for member in members}) > 1:
            raise WeightsError(
                f'only some of {", ".join(names)} know "not a character": name weights of one kind of network'
            )
        self.members = tuple(members)
        self.top_k = min(top_k, len(first.charset))
        self.batch_size = batch_size
        self.calibration = _mean_calibration(members)
        # Where the classes of member 1, and "not a character" behind them, stand in what each member says.
        self._columns = [
            np.array([*member.charset.class_ids(first.charset.codepoints), len(first.charset)]) for member in members
        ]

    @property
    def charset(self) -> Charset:
        """The characters in the class order of the first member."""
        return self.members[0].charset

    @property
    def crop_config(self) -> CropConfig:
        """How the crops for `recognize` must be cut."""
        return self.members[0].crop_config

    @property
    def ink(self) -> InkConfig:
        """The ink that the crops for `recognize` must be cut from."""
        return self.members[0].ink

    @property
    def min_score(self) -> float:
        """The score from which on a character is worth submitting: the members' mean, until it is calibrated."""
        return self.calibration.min_score

    def calibrate(self, calibration: Calibration) -> None:
        """Takes the mean another way from now on; its temperature comes on top of the members'."""
        self.calibration = calibration

    def recognize(self, crops: Crops) -> Recognitions:
        """What crops hold; they may come from many pages, and there may be none.

        There are embeddings where every member gives them: theirs side by side.

        Raises:
            ValueError: if the crops have another size than the members'.
        """
        return self._rank(crops, None)

    def recognize_with(self, crops: Crops, opinions: Opinions) -> Recognitions:
        """As `recognize`, with what another reader says of each crop.

        Raises:
            ValueError: if the crops have another size than the members'.
        """
        return self._rank(crops, opinions)

    def _rank(self, crops: Crops, opinions: Opinions | None) -> Recognitions:
        parts = []
        for start, batch in zip(range(0, len(crops), self.batch_size), self._batches(crops), strict=True):
            mean, embeddings = self._look(batch)
            own = None if opinions is None else opinions.select(slice(start, start + self.batch_size))
            scores, ids = self._softmax(mean, own).topk(self.top_k, dim=1)
            parts.append(Recognitions(ids.numpy(), scores.numpy(), embeddings))
        return Recognitions.concatenate(parts, self.top_k)

    def score_crops(self, crops: Crops) -> NDArray[np.float32]:
        """How sure the members are of each crop: the highest score of a character, float32 (N,)."""
        best = [self._scores(batch).amax(dim=1).numpy() for batch in self._batches(crops)]
        return np.concatenate([np.zeros(0, np.float32), *best])

    def score_boxes(self, ink: NDArray[np.uint8], boxes: NDArray[np.float32]) -> NDArray[np.float32]:
        """How sure the members are of each box of a page, float32 (N,): ink uint8 (H, W), boxes float32 (N, 4) xyxy."""
        return self.score_crops(crop_boxes(ink, boxes, self.crop_config))

    def logits(self, crops: Crops) -> NDArray[np.float32]:
        """The mean of what the members say of each crop, before the ensemble's own temperature and the softmax.

        Returns:
            float32 (N, C), or (N, C + 1) where the members know "not a character".
        """
        parts = [self._mean(batch) for batch in self._batches(crops)]
        return np.concatenate(parts) if parts else np.zeros((0, len(self.charset)), np.float32)

    def _look(self, crops: Crops) -> tuple[NDArray[np.float32], NDArray[np.float32] | None]:
        """The members' mean, float32 (n, C) or (n, C + 1), and their embeddings side by side, float32 (n, D)."""
        parts, sides = [], []
        for member, columns in zip(self.members, self._columns, strict=True):
            logits, embeddings = member.logits_and_embeddings(crops)
            parts.append(logits[:, columns[: logits.shape[1]]] / member.calibration.temperature)
            if embeddings is not None:
                sides.append(embeddings)
        together = np.concatenate(sides, axis=1) if len(sides) == len(self.members) else None
        return np.asarray(np.mean(parts, axis=0), np.float32), together

    def _mean(self, crops: Crops) -> NDArray[np.float32]:
        return self._look(crops)[0]

    def _scores(self, crops: Crops) -> torch.Tensor:
        return self._softmax(self._mean(crops))

    def _softmax(self, mean: NDArray[np.float32], opinions: Opinions | None = None) -> torch.Tensor:
        """float32 (n, C): what "not a character" takes, the characters lack."""
        scaled = torch.from_numpy(mean)
        if opinions is not None:
            scaled = join_opinions(scaled, opinions)
        scaled = scaled / self.calibration.temperature
        return scaled.softmax(dim=1)[:, : len(self.charset)]

    def _batches(self, crops: Crops) -> Iterator[Crops]:
        for start in range(0, len(crops), self.batch_size):
            yield crops.select(slice(start, start + self.batch_size))


def _mean_calibration(members: Sequence[Recognizer]) -> Calibration:
    """What the members were calibrated to, on average; their temperatures they apply themselves."""
    weights = [member.calibration.context_weight for member in members]
    chosen = [weight for weight in weights if weight is not None]
    return Calibration(
        min_score=float(np.mean([member.min_score for member in members])),
        context_weight=float(np.mean(chosen)) if len(chosen) == len(weights) else None,
    )


def _outputs(member: Recognizer) -> int:
    """How many things it tells apart: its characters, and perhaps "not a character"."""
    size = member.crop_config.size
    empty = Crops(np.zeros((1, size, size), np.uint8), np.zeros((1, GEOMETRY), np.float32))
    return int(member.logits(empty).shape[1])


def _require_same(first: Recognizer, other: Recognizer, first_name: str, name: str) -> None:
    if other.crop_config != first.crop_config:
        raise WeightsError(
            f"{name}: needs crops cut with {other.crop_config}, {first_name} with {first.crop_config}: name weights "
            "that were trained on crops cut alike"
        )
    known, wanted = set(other.charset.codepoints), set(first.charset.codepoints)
    if known != wanted:
        odd = sorted(known ^ wanted)
        raise WeightsError(
            f"{name}: does not know the same characters as {first_name} ({len(odd)} differ, such as "
            f"{', '.join(odd[:SHOWN])}): train them with one charset (--charset)"
        )
