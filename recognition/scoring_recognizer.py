"""What calibration, alignment and self-training ask of a recognizer: what it says of every character."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from kuzushiji_submit.core.charset import Charset
from kuzushiji_submit.core.page.ink import InkConfig
from recognition.calibration import Calibration
from recognition.crops import CropConfig, Crops
from recognition.recognitions import Recognitions


class ScoringRecognizer(Protocol):
    """A recognizer of one weights file (`Recognizer`) or of several (`RecognizerEnsemble`)."""

    @property
    def charset(self) -> Charset:
        """The characters in class order."""
        ...

    @property
    def crop_config(self) -> CropConfig:
        """How crops must be cut."""
        ...

    @property
    def ink(self) -> InkConfig:
        """The ink that crops must be cut from."""
        ...

    @property
    def calibration(self) -> Calibration:
        """How the scores are taken."""
        ...

    @property
    def min_score(self) -> float:
        """The product of detection score and recognition score from which on a character is worth submitting."""
        ...

    def calibrate(self, calibration: Calibration) -> None:
        """Takes the scores another way from now on."""
        ...

    def recognize(self, crops: Crops) -> Recognitions:
        """What crops hold; there may be none."""
        ...

    def logits(self, crops: Crops) -> NDArray[np.float32]:
        """Before temperature and softmax, float32 (N, C), or (N, C + 1) with "not a character" last."""
        ...

    def score_boxes(self, ink: NDArray[np.uint8], boxes: NDArray[np.float32]) -> NDArray[np.float32]:
        """How sure it is of each box of a page, float32 (N,): ink uint8 (H, W), boxes float32 (N, 4) xyxy."""
        ...
