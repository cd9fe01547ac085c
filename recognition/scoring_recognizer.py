"""What calibration, alignment and self-training ask of a recognizer: what it says of every character."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from recognition.calibration import Calibration
from recognition.crops import Crops
from recognition.opinions import TakesOpinions


class ScoringRecognizer(TakesOpinions, Protocol):
    """A recognizer of one weights file (`Recognizer`) or of several (`RecognizerEnsemble`)."""

    @property
    def calibration(self) -> Calibration:
        """How the scores are taken."""
        ...

    def calibrate(self, calibration: Calibration) -> None:
        """Takes the scores another way from now on."""
        ...

    def logits(self, crops: Crops) -> NDArray[np.float32]:
        """Before temperature and softmax, float32 (N, C), or (N, C + 1) with "not a character" last."""
        ...

    def score_boxes(self, ink: NDArray[np.uint8], boxes: NDArray[np.float32]) -> NDArray[np.float32]:
        """How sure it is of each box of a page, float32 (N,): ink uint8 (H, W), boxes float32 (N, 4) xyxy."""
        ...
