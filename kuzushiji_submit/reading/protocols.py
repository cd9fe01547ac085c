"""What the pipeline knows of its two stages, and all that it knows.

```
PreparedPage ─ Detector.detect ─▶ Detections ─ crop_boxes ─▶ Crops ─ Recognizer.recognize ─▶ Recognitions
```

An ensemble, a dense network, or a stub in a test is a class with these members; it derives from nothing.
"""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from detection.detections import Detections, Detector
from kuzushiji_submit.core.charset import Charset
from kuzushiji_submit.core.page.ink import InkConfig
from kuzushiji_submit.core.page.prepared import PreparedPage
from recognition.crops import CropConfig, Crops
from recognition.recognitions import Recognitions


class Stages(Protocol):
    """What a detector did on its way to the boxes of one page."""

    @property
    def detections(self) -> Detections:
        """The boxes, as `detect` gives them."""
        ...

    def draw(self) -> NDArray[np.uint8]:
        """A contact sheet of every stage, uint8 (H, W, 3) RGB."""
        ...


class ExplainingDetector(Detector, Protocol):
    """A detector that can show its work: what debug sheets need."""

    def explain(self, page: PreparedPage) -> Stages:
        """As `detect`, with every stage on the way."""
        ...


class Recognizer(Protocol):
    """Says what crops hold."""

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
        """What pages must be turned into before crops are cut: the ink it was trained on."""
        ...

    @property
    def min_score(self) -> float:
        """The product of detection score and recognition score from which on a character is worth submitting."""
        ...

    def recognize(self, crops: Crops) -> Recognitions:
        """What crops hold; they may come from many pages, and there may be none."""
        ...
