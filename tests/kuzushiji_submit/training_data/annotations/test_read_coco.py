"""COCO as truth."""

import json

import pytest

from kuzushiji_submit.core.errors import AnnotationError
from kuzushiji_submit.training_data.annotations.read_coco import read_coco


def content(**changes):
    """Two pages, one of two characters, one blank."""
    whole = {
        "images": [
            {"id": 7, "file_name": "scans/b_1.jpg", "width": 80, "height": 100},
            {"id": 9, "file_name": "b_2.jpg"},
        ],
        "categories": [{"id": 1, "name": "は"}, {"id": 2, "name": "U+304B"}, {"id": 3, "name": "picture"}],
        "annotations": [
            {"id": 1, "image_id": 7, "category_id": 2, "bbox": [1, 2, 10.5, 20]},
            {"id": 2, "image_id": 7, "category_id": 1, "bbox": [5, 6, 7, 8], "iscrowd": 0},
        ],
    }
    return {**whole, **changes}


@pytest.fixture
def read(tmp_path):
    def make(value):
        path = tmp_path / "coco.json"
        path.write_text(value if isinstance(value, str) else json.dumps(value), encoding="utf-8")
        return read_coco(path)

    return make


def test_no_images_are_no_pages(read):
    assert read(content(images=[], annotations=[])) == []


def test_pages_with_and_without_characters(read):
    first, second = read(content())
    assert (first.image_id, first.size_hw) == ("b_1", (100, 80))
    assert first.codepoints == ["U+304B", "U+306F"]
    assert first.boxes == [(1, 2, 11.5, 22), (5, 6, 12, 14)]
    assert (second.image_id, second.size_hw, second.codepoints) == ("b_2", None, [])
    assert first.faults == first.notes == second.notes == []


def test_pictures_and_crowds_are_left_out_and_that_is_said(read):
    more = [
        {"id": 3, "image_id": 9, "category_id": 3, "bbox": [1, 1, 2, 2]},
        {"id": 4, "image_id": 9, "category_id": 1, "bbox": [1, 1, 2, 2], "iscrowd": 1},
    ]
    page = read(content(annotations=more))[1]
    assert (page.codepoints, page.faults) == ([], [])
    assert page.notes == ["1 boxes of 'picture' left out", "1 boxes of 'crowd' left out"]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("", "not a COCO file of boxes"),
        ("[]", "not a COCO file of boxes"),
        ("{}", "not a COCO file of boxes"),
        (content(categories=[{"id": 1, "name": "text"}], annotations=[]), "none of its categories is a character"),
        (content(annotations=[{"id": 1, "image_id": 7, "category_id": 5, "bbox": [1, 1, 2, 2]}]), "KeyError"),
        (content(annotations=[{"id": 1, "image_id": 5, "category_id": 1, "bbox": [1, 1, 2, 2]}]), "KeyError"),
        (content(annotations=[{"id": 1, "image_id": 7, "category_id": 1}]), "bbox"),
        (content(annotations=[{"id": 1, "image_id": 7, "category_id": 1, "bbox": [1, 1, 2]}]), "ValueError"),
        (content(annotations=[{"id": 1, "image_id": 7, "category_id": 1, "bbox": [1, 1, 2, 1e999]}]), "not finite"),
        (content(images=[{"id": 7, "file_name": "a.jpg"}] * 2), "two images have the id 7"),
    ],
)
def test_what_is_no_coco_of_characters_is_named(read, value, message):
    with pytest.raises(AnnotationError, match=message) as caught:
        read(value)
    assert "coco.json" in str(caught.value)
