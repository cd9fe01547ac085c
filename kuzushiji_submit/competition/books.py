"""Which book a page belongs to."""

import re

_VOLUME = re.compile(r"([a-z]+)\d+")


def book_of(image_id: str) -> str:
    """The book_id of a page: its id up to the first "-" or "_"; of a page in a folder, the folder.

    Volumes numbered behind letters ("brsk001", "hnsd006", "umgy003") are one group, named by the letters: with this the
    3,881 pages of the real train.csv fall into 28 groups.
    """
    folder, _, _ = image_id.rpartition("/")
    if folder:
        return folder
    head = re.split(r"[-_]", image_id, maxsplit=1)[0]
    volume = _VOLUME.fullmatch(head)
    return volume.group(1) if volume else head
