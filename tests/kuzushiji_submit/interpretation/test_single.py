"""One character, cut and explained."""

import numpy as np
import pytest
from PIL import Image

from kuzushiji_submit.cli import main
from kuzushiji_submit.core.errors import ConfigError
from kuzushiji_submit.core.page.ink import DEFAULT_INK
from kuzushiji_submit.core.page.prepared import prepare_page
from kuzushiji_submit.interpretation.single import cut_single
from recognition.crops import CropConfig, crop_boxes


def test_box_of_a_page_is_cut_as_everywhere_and_an_image_whole(draw_page):
    page, boxes = draw_page(1)
    crop = cut_single(page, boxes[0], CropConfig(size=32), DEFAULT_INK)
    expected = crop_boxes(prepare_page(page).ink, np.array(boxes[:1], np.float32), CropConfig(size=32))
    np.testing.assert_array_equal(crop.pixels, expected.pixels)
    assert cut_single(page, None, CropConfig(size=32), DEFAULT_INK).pixels.shape == (1, 32, 32)


def test_small_picture_looks_as_it_does_on_its_page(draw_page):
    page, boxes = draw_page(1)
    x0, y0, x1, y1 = boxes[0]
    alone = cut_single(page[y0:y1, x0:x1], None, CropConfig(size=32, margin=0.0), DEFAULT_INK).pixels.astype(int)
    there = cut_single(page, boxes[0], CropConfig(size=32, margin=0.0), DEFAULT_INK).pixels.astype(int)
    assert there.max() > 100
    assert np.abs(alone - there).mean() < 20


@pytest.mark.parametrize("box", [(5, 5, 5, 9), (9, 9, 5, 5), (900, 5, 990, 9), (0, 0, float("nan"), 5)])
def test_box_without_area_on_the_image_is_refused(draw_page, box):
    with pytest.raises(ConfigError, match="has no area on an image of 700 x 900"):
        cut_single(draw_page(1)[0], box, CropConfig(size=32), DEFAULT_INK)


def test_command(draw_page, save_drawn_page, weights, tmp_path, capsys):
    page, boxes = draw_page(1)
    save_drawn_page(tmp_path / "page.png", page)
    x0, y0, x1, y1 = boxes[0]
    save_drawn_page(tmp_path / "crop.png", page[y0:y1, x0:x1])
    common = ["--weights", str(weights), "--device", "cpu"]
    box = [str(value) for value in boxes[0]]
    out = tmp_path / "why.png"
    argv = ["explain", "--page", str(tmp_path / "page.png"), "--box", *box, *common, "--truth", "一", "--out", str(out)]
    assert main(argv) == 0
    lines = capsys.readouterr().out.splitlines()
    assert {line.split()[1] for line in lines[:3]} == {"U+306E", "U+306F", "U+4E00"}
    scores = [float(line.split()[0]) for line in lines[:3]]
    assert scores == sorted(scores, reverse=True)
    with Image.open(out) as picture:
        assert picture.width > 3 * picture.height - 60
    assert main(["explain", "--image", str(tmp_path / "crop.png"), *common, "--top", "1"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 1
    assert main(["explain", "--page", str(tmp_path / "page.png"), *common]) == 1
    assert "--page and --box belong together" in capsys.readouterr().err
    assert main(["explain", "--image", str(tmp_path / "crop.png"), *common, "--truth", "ん"]) == 1
