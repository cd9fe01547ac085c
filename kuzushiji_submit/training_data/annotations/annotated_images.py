"""The images of annotated pages: annotation files name an image without its folders, ids have them."""

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

from kuzushiji_submit.core.page.page_files import PageFile


class AnnotatedImages:
    """Finds the image_id that an annotation file means.

    ```
    annotations/vol1/page/001.xml, which says "001.jpg"        vol1/001, vol2/001     vol1/001: a folder in common
    ```
    """

    def __init__(self, files: Mapping[str, PageFile]) -> None:
        """Takes all images there are, by image_id."""
        self.files = files
        self._by_name: defaultdict[str, list[str]] = defaultdict(list)
        for image_id in files:
            self._by_name[image_id.rpartition("/")[2]].append(image_id)

    def find(self, name: str, annotations: Path) -> list[str]:
        """The ids that a page may have: one if it is plain, none if there is no image, several if it is not plain.

        Args:
            name: the image's file name without folders and ending.
            annotations: the file that names it.
        """
        candidates = self._by_name.get(name, [])
        if len(candidates) < 2:
            return list(candidates)
        near = set(annotations.parent.parts)
        shared = {image_id: len(near.intersection(image_id.split("/")[:-1])) for image_id in candidates}
        most = max(shared.values())
        return [image_id for image_id in candidates if shared[image_id] == most]
