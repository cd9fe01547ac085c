"""Single characters for training a recognizer: the ink of a character among its neighbours, as on a levelled page."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from kuzushiji_submit.core.charset import to_character
from kuzushiji_submit.synthetic.brush import draw_curve, draw_line
from kuzushiji_submit.synthetic.fonts import FontError, FontSet
from kuzushiji_submit.synthetic.hand import Hand, draw_hand_style
from kuzushiji_submit.synthetic.noise import smooth_field
from kuzushiji_submit.synthetic.statistics import PageStatistics, load_statistics
from kuzushiji_submit.synthetic.text import TextSource
from kuzushiji_submit.synthetic.types import FloatArray, Mask, as_float32, as_uint8
from kuzushiji_submit.synthetic.writing import paste_ink
from recognition.crops import CropConfig, Crops, crop_boxes

SMALL_CHARACTER, LARGE_CHARACTER = 34.0, 80.0


@dataclass(frozen=True)
class InkWindow:
    """A character among its neighbours.

    Attributes:
        codepoint: what stands in the middle.
        ink: uint8 (H, W), 0 paper, 255 ink.
        box: float32 (4,) xyxy, the exact extent of the character's ink in pixels of `ink`.
    """

    codepoint: str
    ink: Mask
    box: FloatArray


class InkWindows:
    """Draws characters in many hands.

    Args:
        fonts: the fonts to write with.
        seed: seed of the hands.
        hands: how many hands there are.
        statistics: box sizes by class and what neighbours say; None for those of the project.

    Raises:
        FontError: if the fonts hold none of the characters of the statistics.
    """

    def __init__(
        self, fonts: FontSet, seed: int = 0, hands: int = 64, statistics: PageStatistics | None = None
    ) -> None:
        self._statistics = statistics or load_statistics()
        self.fonts = fonts
        try:
            self._text = TextSource(self._statistics, lambda character: fonts.drawn_character(character) is not None)
        except ValueError as error:
            raise FontError("the fonts hold none of the characters to be written: name brush fonts") from error
        seeds = [(seed, 4, hand) for hand in range(hands)]
        self._hands = [Hand(fonts, draw_hand_style(np.random.default_rng(words), len(fonts)), words) for words in seeds]

    def draw(self, codepoint: str, rng: np.random.Generator) -> InkWindow | None:
        """Draws one character with what surrounds it, in a hand chosen at random.

        Args:
            codepoint: such as "U+306F".
            rng: the source of randomness.

        Returns:
            The window, or None where no font holds the character.
        """
        hand = self._hands[int(rng.integers(len(self._hands)))]
        nominal = rng.uniform(SMALL_CHARACTER, LARGE_CHARACTER)
        ink = hand.draw(codepoint, self._size(codepoint, nominal, rng), rng, nominal)
        if ink is None:
            return None
        height, width = ink.shape
        canvas = np.zeros((height + round(1.6 * nominal), width + round(1.6 * nominal)), np.uint8)
        center = canvas.shape[1] / 2, canvas.shape[0] / 2
        box = paste_ink(canvas, ink, center)
        if box is None:  # never: the canvas is larger than the ink
            return None
        self._write_neighbors(canvas, box, nominal, hand, rng)
        self._draw_lines(canvas, box, nominal, hand.style.stroke * nominal, rng)
        return InkWindow(codepoint, _printed(canvas, nominal, rng), np.array(box, np.float32))

    def _size(self, codepoint: str, nominal: float, rng: np.random.Generator) -> tuple[float, float]:
        figures = self._statistics.box_figures(to_character(codepoint))
        log_h = figures.log_h + 0.8 * figures.dev_h * rng.standard_normal()
        log_w = figures.log_w + 0.8 * figures.dev_w * rng.standard_normal()
        aspect = rng.uniform(0.75, 0.95)
        return nominal * float(np.exp(np.clip(log_h, -2, 1.3))), nominal * aspect * float(
            np.exp(np.clip(log_w, -2, 0.8))
        )

    def _write_neighbors(
        self, canvas: Mask, box: tuple[int, int, int, int], nominal: float, hand: Hand, rng: np.random.Generator
    ) -> None:
        center = (box[0] + box[2]) / 2
        for below in (False, True):
            if rng.random() < 0.15:
                continue
            codepoint = f"U+{ord(self._text.next_character(None, rng)):04X}"
            ink = hand.draw(codepoint, self._size(codepoint, nominal, rng), rng, nominal)
            if ink is None:
                continue
            gap = round(nominal * float(np.clip(rng.normal(0.06, 0.13), -0.15, 0.5)))
            left = round(center + 0.08 * nominal * rng.standard_normal() - ink.shape[1] / 2)
            _paste_cut(canvas, ink, left, box[3] + gap if below else box[1] - gap - ink.shape[0])
            if rng.random() < hand.style.joining:
                start = np.array([center, box[3] if below else box[1]])
                stop = start + np.array([rng.normal(0, 0.15) * nominal, (gap + 2) * (1 if below else -1)])
                draw_curve(canvas, np.stack([start, stop]), hand.style.stroke * nominal * rng.uniform(0.3, 0.7, 2), 220)
        if rng.random() < 0.25:
            self._write_ruby(canvas, box, nominal, hand, rng)

    def _write_ruby(
        self, canvas: Mask, box: tuple[int, int, int, int], nominal: float, hand: Hand, rng: np.random.Generator
    ) -> None:
        size = 0.38 * nominal
        y = box[1] + rng.uniform(-0.3, 0.5) * nominal
        for _ in range(int(rng.integers(1, 4))):
            ink = hand.draw(f"U+{ord(self._text.kana(rng)):04X}", (size, 0.8 * size), rng, 1.5 * size)
            if ink is not None:
                _paste_cut(canvas, ink, round(box[2] + rng.uniform(0.02, 0.2) * nominal), round(y))
            y += 1.05 * size

    def _draw_lines(
        self, canvas: Mask, box: tuple[int, int, int, int], nominal: float, stroke: float, rng: np.random.Generator
    ) -> None:
        """A frame or a rule near the character, now and then."""
        if rng.random() < 0.06:
            x = (
                box[2] + rng.uniform(0.05, 0.5) * nominal
                if rng.random() < 0.5
                else box[0] - rng.uniform(0.05, 0.5) * nominal
            )
            draw_line(canvas, (x, 0), (x, canvas.shape[0]), rng.uniform(0.2, 1.0) * stroke, rng)
        if rng.random() < 0.03:
            y = box[1] - rng.uniform(0.1, 0.4) * nominal
            draw_line(canvas, (0, y), (canvas.shape[1], y), stroke, rng)


def synthesize_crops(
    codepoints: Sequence[str],
    windows: InkWindows,
    rng: np.random.Generator,
    config: CropConfig | None = None,
    jitter: float = 0.04,
) -> tuple[Crops, list[str]]:
    """Draws a crop of each codepoint.

    Args:
        codepoints: what to draw; may repeat.
        windows: the hands.
        rng: the source of randomness.
        config: size and margin of the crops; None for the recognizer's defaults.
        jitter: deviation of the box's edges, part of the box's size, as a detector is not exact either.

    Returns:
        N crops, and the N codepoints drawn: those no font holds are left out.
    """
    crop_config = config or CropConfig()
    crops, drawn = [Crops.empty(crop_config.size)], []
    for codepoint in codepoints:
        window = windows.draw(codepoint, rng)
        if window is not None:
            size = np.tile(window.box[2:] - window.box[:2], 2)
            box = (window.box + jitter * size * rng.standard_normal(4)).astype(np.float32)
            crops.append(crop_boxes(window.ink, box[None], crop_config))
            drawn.append(codepoint)
    return Crops.concatenate(crops), drawn


def _paste_cut(canvas: Mask, ink: Mask, left: int, top: int) -> None:
    """Puts ink on the canvas and lets the part beyond its border go."""
    x0, y0 = max(left, 0), max(top, 0)
    x1, y1 = min(left + ink.shape[1], canvas.shape[1]), min(top + ink.shape[0], canvas.shape[0])
    if x0 < x1 and y0 < y1:
        target = canvas[y0:y1, x0:x1]
        np.maximum(target, ink[y0 - top : y1 - top, x0 - left : x1 - left], out=target)


def _printed(canvas: Mask, nominal: float, rng: np.random.Generator) -> Mask:
    """Ink as it is read back from paper: uneven, soft, with a little grain and what shows through from the back."""
    size_hw = (canvas.shape[0], canvas.shape[1])
    uneven = 1.0 - rng.uniform(0.0, 0.35) * np.abs(smooth_field(rng, size_hw, (size_hw[0] / 5, size_hw[1] / 5)))
    ink = as_float32(cv2.GaussianBlur(canvas * uneven.clip(0.2, 1.0), (0, 0), rng.uniform(0.3, 1.1) * nominal / 60))
    if rng.random() < 0.2:
        ghost = as_float32(cv2.GaussianBlur(canvas[:, ::-1], (0, 0), nominal / 25))
        shift = int(rng.integers(canvas.shape[1]))
        ink = np.maximum(ink, rng.uniform(0.05, 0.3) * np.roll(ghost, shift, axis=1))
    contrast, floor = rng.uniform(0.75, 1.15), rng.uniform(0, 25)
    grain = rng.uniform(0, 8) * rng.standard_normal(size_hw, dtype=np.float32)
    return as_uint8(np.clip((ink + grain - floor) * contrast, 0, 255))
