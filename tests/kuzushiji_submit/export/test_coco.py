"""COCO."""

import json

from hypothesis import given

from kuzushiji_submit.export.coco import render_coco
from tests.kuzushiji_submit.export.conftest import CREATED, exported_pages, few


def test_a_page_without_characters_has_its_image(empty):
    content = json.loads(render_coco(empty, CREATED))
    assert content["images"] == [{"id": 1, "file_name": "b_2.jpg", "width": 500, "height": 400}]
    assert content["annotations"] == [] == content["categories"]


def test_boxes_have_codepoints_for_categories(page):
    content = json.loads(render_coco(page, CREATED))
    first = content["annotations"][0]
    assert first["bbox"] == [300, 20, 40, 40]
    assert (first["image_id"], first["category_id"], first["area"], first["score"]) == (3, ord("い"), 1600, 0.5)
    category = next(one for one in content["categories"] if one["id"] == ord("い"))
    assert (category["name"], category["character"]) == ("U+3044", "い")


@given(exported_pages)
@few
def test_ids_are_unique_and_refer_to_something(page):
    content = json.loads(render_coco(page, CREATED))
    numbers = [annotation["id"] for annotation in content["annotations"]]
    assert len(set(numbers)) == len(numbers) == len(page.glyphs)
    categories = {category["id"] for category in content["categories"]}
    assert {annotation["category_id"] for annotation in content["annotations"]} == categories
    assert all(annotation["image_id"] == page.number for annotation in content["annotations"])
