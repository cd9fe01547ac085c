"""A page of the sample, turned and as a negative, read with the project's own weights."""

from pathlib import Path

import cv2
import numpy as np
import pytest

import kuzushiji_submit
from kuzushiji_submit.cli.main import main
from kuzushiji_submit.competition.submission import read_submission
from kuzushiji_submit.core.page.read import read_page
from kuzushiji_submit.reading.view import PLAIN, View

SAMPLE = Path(kuzushiji_submit.__file__).parent / "sample" / "test_images" / "918680001_00004_2.jpg"
VIEWS = {"plain": PLAIN, "on_its_side": View(90), "upside_down": View(180), "film": View(270, negative=True)}
NEAR = 8


@pytest.mark.slow
def test_points_are_those_of_the_file(tmp_path, capsys):
    page = read_page(SAMPLE)
    (tmp_path / "pages").mkdir()
    for name, view in VIEWS.items():
        file = np.ascontiguousarray(np.rot90(page, -view.turned // 90))
        cv2.imwrite(str(tmp_path / "pages" / f"{name}.png"), (255 - file if view.negative else file)[..., ::-1])
    cv2.imwrite(str(tmp_path / "pages" / "blank.png"), np.full((1400, 900, 3), 215, np.uint8))
    assert main(["predict", "--images", str(tmp_path / "pages"), "--out", str(tmp_path / "s.csv")]) == 0
    rows = {row.image_id: row for row in read_submission(tmp_path / "s.csv")}
    assert len(rows["blank"]) == 0
    plain = rows["plain"]
    assert len(plain) > 100
    for name, view in VIEWS.items():
        expected = view.points_in_file(plain.points.astype(np.float32), page.shape[:2])
        distances = np.abs(rows[name].points[:, None] - expected[None]).max(axis=2)
        same = np.array(rows[name].labels)[:, None] == np.array(plain.labels)[None]
        assert ((distances <= NEAR) & same).any(axis=0).mean() > 0.95
    said = capsys.readouterr().err
    assert said.count("upside_down: lies turned by 180 degrees clockwise: read upright") == 1
    assert "plain:" not in said
