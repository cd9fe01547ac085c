"""Sources and metric of the score map's training."""

import numpy as np
import pytest

from detection.training.page_store import PageStore
from kuzushiji_submit.competition.data_folder import DataFolder
from kuzushiji_submit.core.errors import CompetitionFileError, ConfigError
from kuzushiji_submit.training_data.detector_sources import make_page_sources, match_points

BOXES = np.array([(0, 0, 10, 10), (20, 0, 30, 10)], np.float32)


@pytest.fixture
def folders(tmp_path, write_csv, draw_page, save_drawn_page):
    """Two data folders of the same name: one with two pages, one with one."""
    page, boxes = draw_page(1)
    x0, y0, x1, y1 = boxes[0]
    cell = f"U+306E {x0} {y0} {x1 - x0} {y1 - y0}"
    for place, ids in (("one", ("a_1", "a_2")), ("two", ("m_1",))):
        write_csv(f"{place}/data/train.csv", ["image_id,labels", *(f"{image_id},{cell}" for image_id in ids)])
        for image_id in ids:
            save_drawn_page(tmp_path / place / "data" / "train_images" / f"{image_id}.jpg", page)
    return [DataFolder(tmp_path / place / "data") for place in ("one", "two")]


@pytest.mark.parametrize(
    ("boxes", "points", "expected"),
    [
        (BOXES[:0], [], (0, 0, 0)),
        (BOXES[:0], [(5, 5)], (0, 1, 0)),
        (BOXES, [], (0, 0, 2)),
        (BOXES, [(5, 5), (25, 5)], (2, 0, 0)),
        (BOXES, [(5, 5), (6, 6), (50, 50)], (1, 2, 1)),
        (BOXES, [(10, 5)], (0, 1, 2)),
    ],
    ids=["nothing", "false-alarm", "missed", "hit", "twice", "on-the-border"],
)
def test_points_are_matched_as_the_competition_does(boxes, points, expected):
    assert match_points(boxes, np.array(points, np.float32).reshape(-1, 2)) == expected


def test_folders_become_stores(folders, tmp_path):
    sources = make_page_sources(folders[:1], tmp_path / "pages", train_only=folders[1:])
    assert [source.folder.name for source in sources] == ["00-data", "01-data"]
    assert [PageStore(source.folder).page_ids() for source in sources] == [["a_1", "a_2"], ["m_1"]]
    # As many tiles of a folder as it has pages, unless told otherwise.
    assert [source.share for source in sources] == [2.0, 1.0]
    assert [source.validate for source in sources] == [True, False]
    weighted = make_page_sources(folders[:1], tmp_path / "pages", [0.5, 3.0], folders[1:])
    assert [source.share for source in weighted] == [0.5, 3.0]
    assert [source.folder for source in weighted] == [source.folder for source in sources]


def test_shares_for_another_number_of_folders_are_refused(folders, tmp_path):
    with pytest.raises(ConfigError, match="--shares has 1 numbers for 2 data folders: give one a folder"):
        make_page_sources(folders[:1], tmp_path / "pages", [1.0], folders[1:])
    assert not (tmp_path / "pages").exists()


def test_a_folder_that_is_none_is_named(folders, tmp_path):
    with pytest.raises(CompetitionFileError, match=r"nowhere.train\.csv"):
        make_page_sources([*folders, DataFolder(tmp_path / "nowhere")], tmp_path / "pages")
