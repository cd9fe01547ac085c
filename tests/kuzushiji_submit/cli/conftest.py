"""Data that the tests of several commands train on."""

import pytest


@pytest.fixture
def data(tmp_path, write_csv, draw_page, save_drawn_page):
    """Two books of one page each, with characters of two classes."""
    rows = ["image_id,labels"]
    for image_id in ("b_1", "c_1"):
        page, boxes = draw_page(1)
        save_drawn_page(tmp_path / "data" / "train_images" / f"{image_id}.jpg", page)
        cells = " ".join(
            f"U+306{'EF'[n % 2]} {x0} {y0} {x1 - x0} {y1 - y0}" for n, (x0, y0, x1, y1) in enumerate(boxes)
        )
        rows.append(f"{image_id},{cells}")
    return write_csv("data/train.csv", rows).parent
