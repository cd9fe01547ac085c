"""COCO's JSON as truth: boxes whose categories are characters ("は") or codepoints ("U+306F")."""

import json
import math
from collections import Counter
from pathlib import Path
from typing import Any

from kuzushiji_submit.core.errors import AnnotationError
from kuzushiji_submit.training_data.annotations.annotated_page import AnnotatedPage, Box, base_name, to_codepoint


def read_coco(path: Path) -> list[AnnotatedPage]:
    """The pages of a COCO file in its order, those without characters too.

    Annotations of other categories, such as "picture", and of crowds are left out, and a note says so.

    Raises:
        AnnotationError: if the file cannot be read, is no COCO file, or none of its categories is a character.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
        pages = _pages(content)
        codepoints = {category["id"]: to_codepoint(str(category["name"])) for category in content["categories"]}
        left_out = {place: Counter[str]() for place in pages}
        names = {category["id"]: str(category["name"]) for category in content["categories"]}
        for annotation in content["annotations"]:
            codepoint = codepoints[annotation["category_id"]]
            if annotation.get("iscrowd"):
                left_out[annotation["image_id"]]["crowd"] += 1
            elif codepoint is None:
                left_out[annotation["image_id"]][names[annotation["category_id"]]] += 1
            else:
                pages[annotation["image_id"]].add(codepoint, _box(annotation))
    except OSError as error:
        raise AnnotationError(f"{path}: cannot be read ({error.strerror or error}): check the path") from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise AnnotationError(f"{path}: not a COCO file of boxes ({error!r}): export it anew") from None
    if codepoints and not any(codepoints.values()):
        raise AnnotationError(f"{path}: none of its categories is a character: name them as は or as U+306F")
    for place, page in pages.items():
        page.notes += [f"{count} boxes of {name!r} left out" for name, count in left_out[place].items()]
    return list(pages.values())


def _pages(content: dict[str, Any]) -> dict[Any, AnnotatedPage]:
    pages: dict[Any, AnnotatedPage] = {}
    for image in content["images"]:
        if image["id"] in pages:
            raise ValueError(f"two images have the id {image['id']}")
        size = (int(image["height"]), int(image["width"])) if "height" in image and "width" in image else None
        pages[image["id"]] = AnnotatedPage(base_name(str(image["file_name"])), size)
    return pages


def _box(annotation: dict[str, Any]) -> Box:
    """The xyxy box of an annotation.

    Raises:
        ValueError: if it has none, as that of a segmentation alone.
    """
    x, y, width, height = (float(value) for value in annotation["bbox"])
    if not all(map(math.isfinite, (x, y, width, height))):
        raise ValueError(f"annotation {annotation.get('id')} has a bbox that is not finite")
    return x, y, x + width, y + height
