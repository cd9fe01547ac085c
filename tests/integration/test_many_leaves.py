"""An image of many leaves from its file to the submission: its text is that of the leaves."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.neighbors import NearestNeighbors

import kuzushiji_submit
from kuzushiji_submit.cli import main
from kuzushiji_submit.competition.submission import PagePoints, read_submission
from kuzushiji_submit.core.page.read import read_page
from tests.drawn_pages import DrawnPage

SAMPLE = Path(kuzushiji_submit.__file__).parent / "sample" / "test_images"
LEAVES = ("918680001_00004_2", "918680002_00003_1")
NEAR = 8  # pixels; a character is about 25 wide


def drawn_leaves() -> list[np.ndarray]:
    """Two leaves of 7 columns of 13 and of 9 signs, uint8 (600, 420, 3): clear enough for the ink detector."""
    leaves = []
    for seed, rows in enumerate((13, 9)):
        page = DrawnPage.blank(600, 420, seed=seed)
        for column in range(7):
            page.column(70 + 42 * column, 70, 26, rows)
        leaves.append(page.image)
    return leaves


def written_leaves() -> list[np.ndarray]:
    """Two leaves of the sample, uint8 (1000, W, 3)."""
    scaled = []
    for name in LEAVES:
        image = Image.fromarray(read_page(SAMPLE / f"{name}.jpg"))
        scaled.append(np.asarray(image.resize((round(image.width * 1000 / image.height), 1000))))
    width = min(leaf.shape[1] for leaf in scaled)
    return [leaf[:, :width] for leaf in scaled]


def found_again(expected: PagePoints, offset: tuple[float, float], found: PagePoints) -> int:
    """How many characters of a leaf are in the image where they ought to be, and are read alike."""
    nearest = NearestNeighbors(n_neighbors=1).fit(found.points)
    away, index = nearest.kneighbors(expected.points + np.array(offset))
    alike = [found.labels[place] == label for place, label in zip(index[:, 0], expected.labels, strict=True)]
    return int(((away[:, 0] < NEAR) & alike).sum())


@pytest.mark.parametrize(
    ("detector", "make_leaves"),
    [("ink", drawn_leaves), pytest.param("heatmap", written_leaves, marks=pytest.mark.slow)],
)
@pytest.mark.parametrize("axis", [0, 1])
def test_leaves_joined_are_read_as_the_leaves(
    detector: str,
    make_leaves: Callable[[], list[np.ndarray]],
    axis: int,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    pages = make_leaves() * 2
    images, out = tmp_path / "images", tmp_path / "submission.csv"
    images.mkdir()
    for number, page in enumerate([*pages[:2], np.concatenate(pages, axis=axis)]):
        Image.fromarray(page).save(images / f"p_{number}.png")
    Image.fromarray(np.full((3, 4000, 3), 220, np.uint8)).save(images / "p_3.png")
    command = ["predict", "--images", images, "--out", out, "--detector", detector, "--debug", tmp_path / "debug"]
    # What the text around drawn shapes says of them is chance, and differs at the leaves' borders.
    command += ["--device", "cpu", "--set", "min_score=0", "--set", "context.enabled=false"]
    assert main([*map(str, command)]) == 0, capsys.readouterr().err
    first, second, joined, blank = read_submission(out)
    side = pages[0].shape[axis]
    again = 0
    for number, leaf in enumerate((first, second) * 2):
        again += found_again(leaf, (number * side, 0) if axis else (0, number * side), joined)
    assert len(first) > 20
    assert 2 * again >= 0.8 * (2 * len(first) + 2 * len(second) + len(joined))
    assert len(blank) == 0
    sheets = sorted((tmp_path / "debug").glob("[!.]*"))
    assert [sheet.name for sheet in sheets] == ["p_0.jpg", "p_1.jpg", "p_2.jpg", "p_3.jpg"]
    for sheet in sheets:
        with Image.open(sheet) as image:
            assert max(image.size) < 20_000
    assert main(["report", "--images", str(images), "--submission", str(out), "--out", str(tmp_path / "report")]) == 0
    with Image.open(tmp_path / "report" / "scans" / "p_2.jpg") as image:
        assert (image.height, image.width) == np.concatenate(pages, axis=axis).shape[:2]
