"""Pages, data and weights so small that a command is done in a moment."""

from pathlib import Path

import numpy as np
import torch
from PIL import Image

from kuzushiji_submit.competition.truth import PageTruth, write_truth
from kuzushiji_submit.core.charset import Charset
from recognition.models.kuzu_char_rec import KuzuCharRecConfig
from recognition.models.registry import build_model
from recognition.weights_file import save_weights
from recognition.weights_metadata import WeightsMetadata

CODEPOINTS = ("U+306E", "U+306F", "U+4E00")
_CELL, _SIZE = 60, (420, 300)


def draw_page(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """A page of blots, uint8 (420, 300, 3), and their boxes, float32 (N, 4) xyxy."""
    rng = np.random.default_rng(seed)
    page = np.full((*_SIZE, 3), 225, np.uint8)
    boxes = []
    for x in (200, 120, 40):
        for y in range(40, 40 + _CELL * int(rng.integers(3, 6)), _CELL):
            page[y : y + 34, x + 12 : x + 20] = 30
            page[y + 12 : y + 20, x : x + 34] = 30
            boxes.append((x, y, x + 34, y + 34))
    return page, np.array(boxes, np.float32)


def make_pages(folder: Path, count: int) -> None:
    """A folder of pages, one of which cannot be read."""
    folder.mkdir(parents=True)
    for number in range(count):
        Image.fromarray(draw_page(number)[0]).save(folder / f"b_{number:03d}.png")
    (folder / "b_damaged.png").write_bytes(b"\x89PNG\r\n\x1a\n")


def make_data(folder: Path, count: int) -> None:
    """A data folder of two books."""
    (folder / "train_images").mkdir(parents=True)
    truth = []
    for number in range(count):
        page, boxes = draw_page(number)
        image_id = f"{'bc'[number % 2]}_{number}"
        Image.fromarray(page).save(folder / "train_images" / f"{image_id}.png")
        truth.append(PageTruth(image_id, tuple(CODEPOINTS[index % 2] for index in range(len(boxes))), boxes))
    write_truth(folder / "train.csv", truth)


def make_weights(path: Path) -> None:
    """An untrained recognizer."""
    torch.manual_seed(0)
    config = KuzuCharRecConfig(stage_widths=(4, 4, 4))
    state = build_model(config, len(CODEPOINTS)).state_dict()
    save_weights(path, state, WeightsMetadata(config, Charset(CODEPOINTS)))
