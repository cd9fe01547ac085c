"""Pages among the files of a folder with all its folders, or of a list of paths.

```
scans/001.tif                  001                        a page
scans/vol1/001.tif             vol1/001                   the folder is part of the id: ids are distinct by construction
scans/vol1/book.pdf            vol1/book_p0001, ...
scans/report/.kuzushiji-...    nothing                    what this project wrote is not read
```
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from kuzushiji_submit.core.page.image_formats import image_suffixes, is_image, is_pdf, read_head
from kuzushiji_submit.core.page.page_files import PageFile, pages_of_file
from kuzushiji_submit.core.page.pdf import can_read

# What operating systems put into folders.
LITTER = frozenset({"thumbs.db", "desktop.ini", "ehthumbs.db"})
OWN_MARKER = ".kuzushiji-"
"""Reports, exports and debug sheets have a file whose name begins like this: their pictures are no pages."""
LIST_SUFFIXES = (".txt", ".lst", ".list")


@dataclass(frozen=True)
class FolderContent:
    """What lies in a folder of page images, hidden files and an operating system's litter left out.

    Attributes:
        pages: in the order of the files' names, and in each file's own order; those of folders after those beside them.
        others: files that are no images.
        folders: folders that cannot be looked into.
        own: folders in it that this project wrote.
        lacking: files that a list names and that are not there, with no ending of an image.
    """

    pages: tuple[PageFile, ...] = ()
    others: tuple[Path, ...] = ()
    folders: tuple[Path, ...] = ()
    own: tuple[Path, ...] = ()
    lacking: tuple[Path, ...] = ()


@dataclass
class _Found:
    pages: list[PageFile] = field(default_factory=list)
    others: list[Path] = field(default_factory=list)
    folders: list[Path] = field(default_factory=list)
    own: list[Path] = field(default_factory=list)
    lacking: list[Path] = field(default_factory=list)
    entered: set[str] = field(default_factory=set)

    def content(self) -> FolderContent:
        pages = tuple(dict.fromkeys(self.pages))  # a list may name a file twice
        others = (self.others, self.folders, self.own, self.lacking)
        return FolderContent(pages, *(tuple(dict.fromkeys(paths)) for paths in others))


def look_through(place: Path) -> FolderContent:
    """Looks at every file of a folder and of the folders in it, or at a single file, or at what a list of paths names.

    Raises:
        OSError: if the folder cannot be listed.
    """
    found = _Found()
    if place.is_dir():
        _enter(place, "", found)
    elif _is_list(place):
        for path, parts in _listed(place):
            if path.is_dir():
                _try_to_enter(path, "/".join(parts), found)
            else:
                _take(path, "/".join(parts[:-1]), found)
        if not found.pages:
            return FolderContent(others=(place,))
    else:
        _take(place, "", found)
    return found.content()


def _enter(folder: Path, name: str, found: _Found) -> None:
    """Takes all files of a folder, then those of the folders in it.

    Args:
        folder: the folder.
        name: how it is called in ids; empty for the one that was named.
        found: gets what is there.
    """
    entries = sorted(folder.iterdir())
    if name and any(path.name.startswith(OWN_MARKER) for path in entries):
        found.own.append(folder)
        return
    real = os.path.realpath(folder)
    if real in found.entered:  # by a link, perhaps to a folder above
        return
    found.entered.add(real)
    visible = [path for path in entries if not path.name.startswith(".") and path.name.lower() not in LITTER]
    within: list[Path] = []
    for path in visible:
        if path.is_dir():
            within.append(path)
        else:
            _take(path, name, found)
    for path in within:
        _try_to_enter(path, f"{name}/{path.name}" if name else path.name, found)


def _try_to_enter(folder: Path, name: str, found: _Found) -> None:
    try:
        _enter(folder, name, found)
    except OSError:
        found.folders.append(folder)


def _take(path: Path, folder: str, found: _Found) -> None:
    """Takes one file, whose id begins with `folder`."""
    link, suffix = path.is_symlink(), path.suffix.lower()
    if not link and not path.exists() and suffix not in image_suffixes():
        found.lacking.append(path)
    elif path.exists() and not path.is_file():
        found.others.append(path)  # a pipe, a device: opening it could wait for ever
    elif is_image(path, head := read_head(path)) or (is_pdf(head) and can_read()):
        found.pages += pages_of_file(path, head, folder)
    else:
        found.others.append(path)


def _is_list(path: Path) -> bool:
    return path.is_file() and path.suffix.lower() in LIST_SUFFIXES and not is_image(path, read_head(path))


def _listed(file: Path) -> Iterator[tuple[Path, tuple[str, ...]]]:
    """The paths in a list, each with its parts as they stand in ids.

    A path is meant from the list's own folder, or where nothing lies there, from the working directory. Empty lines and
    those that begin with "#" are passed over. Ids have the folders that the list writes, without what leads out of its
    place ("/scans/1.jpg", "../1.jpg").
    """
    for line in file.read_bytes().removeprefix(b"\xef\xbb\xbf").splitlines():
        text = os.fsdecode(line).strip()
        if not text or text.startswith("#") or "\0" in text:
            continue
        path = file.parent / text
        if not os.path.lexists(path) and os.path.lexists(text):
            path = Path(text)
        written = PurePath(text)
        yield path, tuple(part for part in written.parts if part not in ("..", written.anchor))
