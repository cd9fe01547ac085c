from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from kuzushiji_submit.core.training.draw_history import draw_history

VALIDATED = {"epoch": 0, "train/loss": 2.0, "train/top1": 0.5, "val/loss": 1.5, "val/top1": 0.6, "val/macro": 0.4}
LATER = {"epoch": 1, "train/loss": 1.0, "train/top1": 1.0, "val/loss": 1.1, "val/top1": 0.7, "val/macro": 0.5}
TRAINED = {"epoch": 0, "train/loss": 2.0, "train/top1": 0.5}
PERFECT = {"epoch": 0, "train/loss": 0.0, "train/top1": 1.0}


def colors(path: Path) -> set[tuple[int, ...]]:
    return set(map(tuple, np.asarray(Image.open(path).convert("RGB")).reshape(-1, 3).tolist()))


@pytest.mark.parametrize(
    "rows", [[TRAINED], [PERFECT], [VALIDATED], [VALIDATED, LATER]], ids=["trained", "perfect", "one", "two"]
)
def test_curves_are_drawn_for_what_there_is(rows: list[dict[str, float]], tmp_path: Path) -> None:
    draw_history(rows, tmp_path / "history.png")
    found = colors(tmp_path / "history.png")
    blue, orange, green = (31, 119, 180), (255, 127, 14), (44, 160, 44)  # matplotlib's first three
    assert blue in found
    assert (orange in found) == (green in found) == ("val/loss" in rows[0])
    assert [path.name for path in tmp_path.iterdir()] == ["history.png"]
