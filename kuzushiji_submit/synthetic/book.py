"""A book: everything its pages have in common."""

from dataclasses import dataclass

import numpy as np

from kuzushiji_submit.synthetic.hand import HandStyle, Making, draw_hand_style
from kuzushiji_submit.synthetic.types import Color

# Median colors (RGB) of the paper of scanned books; the earlier in the row, the more often used.
PAPERS: tuple[Color, ...] = (
    (241, 224, 180), (253, 241, 200), (252, 238, 192), (238, 216, 170), (244, 228, 186), (254, 249, 214),
    (228, 209, 164), (246, 230, 194), (236, 222, 188), (222, 207, 175), (214, 190, 150), (205, 195, 170),
    (196, 174, 150),
)  # fmt: skip
BACKGROUNDS: tuple[Color, ...] = (
    (47, 51, 43), (47, 51, 43), (55, 49, 47), (38, 42, 32), (20, 18, 18), (110, 110, 108), (165, 165, 168),
    (70, 66, 60),
)  # fmt: skip
# Covers, where they show: indigo, brown, gray green.
COVERS: tuple[Color, ...] = ((62, 66, 140), (60, 70, 110), (120, 85, 55), (95, 105, 90), (150, 120, 80))
COVERED = 0.3
# Ink reflects this part of what the paper under it does.
INKS: tuple[Color, ...] = (
    (0.40, 0.42, 0.43),
    (0.37, 0.36, 0.37),
    (0.31, 0.31, 0.33),
    (0.22, 0.22, 0.24),
    (0.36, 0.38, 0.42),
)

# Red ink, cinnabar to red lead, likewise.
REDS: tuple[Color, ...] = ((0.90, 0.55, 0.45), (0.85, 0.40, 0.32), (0.78, 0.30, 0.28), (0.88, 0.48, 0.50))


@dataclass(frozen=True)
class BookStyle:
    """What the pages of one book share; lengths are parts of the page height unless said otherwise.

    Attributes:
        hand: how the text is written.
        paper: RGB of the paper, 0 to 255.
        background: RGB of what lies under the book.
        ink: reflectance of ink by channel, relative to the paper's.
        red: reflectance of red ink, likewise.
        frame: thickness of the frame around the written area, 0 where there is none.
        frame_gap: distance of a second, thinner frame line inside, 0 where there is none.
        rules: whether thin lines part the columns.
        ruby: probability that a kanji carries ruby.
        marks: probability that a character is followed by a punctuation mark at its side.
        circles: probability that a ring is drawn around a character.
        numerals: probability that a numeral stands in a circle, where there is room.
        rubric: probability that a page holds writing in red ink.
        show_through: opacity of what is written on the back.
        fiber: visibility of the paper's fibers.
        grain: deviation of the scan's grain in gray levels.
        stains: expected number of stains on a page.
        holes: expected number of worm tracks on a page.
        aging: darkness of the paper towards its edges.
        seals: expected number of red seals on a page.
        pictures: probability that a free area holds a picture.
        fold: whether half-cut characters and a rule stand at the fold.
        blur: deviation in parts of the page height of the scanner's softness.
        mottle: unevenness of the ink inside the strokes.
        halo: darkness of the paper around strokes, into which ink has bled, part of the ink's.
        cover: RGB of the cover that shows beside the leaves, or None.
        tight: whether the image is cut so close that hardly any background shows.
    """

    hand: HandStyle
    paper: Color
    background: Color
    ink: Color
    red: Color
    frame: float
    frame_gap: float
    rules: bool
    ruby: float
    marks: float
    circles: float
    numerals: float
    rubric: float
    show_through: float
    fiber: float
    grain: float
    stains: float
    holes: float
    aging: float
    seals: float
    pictures: float
    fold: bool
    blur: float
    mottle: float
    halo: float
    cover: Color | None
    tight: bool


def draw_book_style(rng: np.random.Generator, faces: int) -> BookStyle:
    """Draws a book written with a set of `faces` fonts."""
    hand = draw_hand_style(rng, faces)
    manuscript = hand.making is Making.MANUSCRIPT
    framed = rng.random() < (0.12 if manuscript else 0.8)
    paper = np.asarray(PAPERS[int(len(PAPERS) * rng.random() ** 1.5)]) * rng.uniform(0.94, 1.0) + rng.normal(
        0, (0.5, 1.0, 4.0), 3
    )
    ink = np.asarray(INKS[int(rng.integers(len(INKS)))]) * (
        rng.uniform(0.45, 0.8) if manuscript else rng.uniform(0.65, 1.05)
    )
    background = np.asarray(BACKGROUNDS[int(rng.integers(len(BACKGROUNDS)))]) * rng.uniform(0.85, 1.15)
    return BookStyle(
        hand=hand,
        paper=_color(paper, 255.0),
        background=_color(background, 255.0),
        ink=_color(ink, 1.0),
        red=_color(np.asarray(REDS[int(rng.integers(len(REDS)))]) * rng.uniform(0.9, 1.05), 1.0),
        frame=rng.uniform(0.0022, 0.005) if framed else 0.0,
        frame_gap=rng.uniform(0.003, 0.006) if framed and rng.random() < 0.2 else 0.0,
        rules=bool(framed and rng.random() < 0.15),
        ruby=float(rng.choice([0.0, 0.05, 0.3, 0.75], p=[0.35, 0.2, 0.2, 0.25])),
        marks=float(rng.choice([0.0, 0.03, 0.08], p=[0.6, 0.25, 0.15])),
        circles=float(rng.choice([0.0, 0.008], p=[0.7, 0.3])),
        numerals=float(rng.choice([0.0, 0.3, 0.9], p=[0.6, 0.2, 0.2])),
        rubric=float(rng.choice([0.0, 0.15, 0.6], p=[0.75, 0.15, 0.1])),
        show_through=float(np.clip(rng.gamma(1.5, 0.07), 0.0, 0.4)),
        fiber=rng.uniform(0.2, 0.9),
        grain=rng.uniform(3.5, 7.0),
        stains=rng.gamma(1.0, 0.8),
        holes=float(rng.choice([0.0, 0.5, 4.0], p=[0.6, 0.3, 0.1])),
        aging=rng.uniform(0.05, 0.45),
        seals=float(rng.choice([0.02, 0.4, 5.0], p=[0.55, 0.3, 0.15])),
        pictures=float(rng.choice([0.05, 0.4, 0.9], p=[0.6, 0.25, 0.15])),
        fold=bool(framed and rng.random() < 0.6),
        blur=rng.uniform(0.0003, 0.00048) if manuscript else rng.uniform(0.00022, 0.00044),
        mottle=rng.uniform(0.05, 0.18) if manuscript else rng.uniform(0.06, 0.2),
        halo=rng.uniform(0.1, 0.4) if manuscript else rng.uniform(0.15, 0.55),
        cover=_draw_cover(rng),
        tight=bool(rng.random() < 0.2),
    )


def _draw_cover(rng: np.random.Generator) -> Color | None:
    if rng.random() >= COVERED:
        return None
    return _color(np.asarray(COVERS[int(rng.integers(len(COVERS)))]) * rng.uniform(0.7, 1.1), 255.0)


def _color(values: np.ndarray, limit: float) -> Color:
    red, green, blue = np.clip(values, 0.0, limit).tolist()
    return red, green, blue
