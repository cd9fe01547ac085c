"""What the pipeline knows of its two stages (`Detector`, `Recognizer`), and what debug sheets need of a detector.

```
PreparedPage ─ Detector.detect ─▶ Detections ─ crop_boxes ─▶ Crops ─ Recognizer.recognize ─▶ Recognitions
```

An ensemble, a dense network, or a stub in a test is a class with these members; it derives from nothing.
"""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from detection.detections import Detections, Detector
from kuzushiji_submit.core.page.prepared import PreparedPage


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
