"""From annotation files to a train.csv; a page that is not complete is left out and named."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from kuzushiji_submit.competition.data_folder import list_images
from kuzushiji_submit.competition.hidden_books import hidden_books_of
from kuzushiji_submit.competition.truth import PageTruth, write_truth
from kuzushiji_submit.core.errors import AnnotationError, OutputError, PageReadError
from kuzushiji_submit.core.files import try_file
from kuzushiji_submit.core.page.read import page_size_hw
from kuzushiji_submit.core.progress import progress
from kuzushiji_submit.training_data.annotations.annotated_images import AnnotatedImages
from kuzushiji_submit.training_data.annotations.annotated_page import AnnotatedPage
from kuzushiji_submit.training_data.annotations.read_coco import read_coco
from kuzushiji_submit.training_data.annotations.read_page_xml import ROOT, read_page_xml, root_name

# Beyond this many lines of one page, a note says only how many more there are.
_FAULTS_SHOWN = 3
_KEPT_ALL_THE_SAME = "--with-hidden-books keeps it, for work that has nothing to do with the competition"


@dataclass(frozen=True)
class ImportJob:
    """What to import.

    Attributes:
        annotations: files, or folders that are searched with all that is in them.
        out: the CSV to write.
        images: folder of the page images, to check names and sizes; None to believe the files.
        partial: whether pages on which some text has no boxes are kept with what has.
        hidden_books: whether books that may be in the competition's hidden test set are kept.
        overwrite: whether a CSV that is there may be replaced.
    """

    annotations: Sequence[Path]
    out: Path
    images: Path | None = None
    partial: bool = False
    hidden_books: bool = False
    overwrite: bool = False


@dataclass(frozen=True)
class ImportResult:
    """What was imported.

    Attributes:
        pages: rows written.
        characters: characters in them.
        left_out: image_ids, or file names, of what is not in the CSV.
        notes: what to know about pages and files, one line each.
    """

    pages: int
    characters: int
    left_out: tuple[str, ...]
    notes: tuple[str, ...]


def import_truth(job: ImportJob) -> ImportResult:
    """Reads annotation files and writes their characters as train.csv, in order of the files.

    A file that cannot be read, and a page that is incomplete, is left out and stops no other.

    Raises:
        AnnotationError: if a path does not exist, a folder holds no annotations, or no page is left to be written.
        OutputError: if the CSV cannot be written, or is there and not to be replaced.
    """
    try_file(job.out, "--out", "train.csv")
    if job.out.exists() and not job.overwrite:
        raise OutputError(f"{job.out}: is there already: add --overwrite to replace it, or name another file")
    images = AnnotatedImages(list_images(job.images)) if job.images is not None else None
    notes: list[str] = []
    left_out: list[str] = []
    pages: dict[str, PageTruth] = {}
    files = [file for path in job.annotations for file in _files(path)]
    for path in progress(files, "import"):
        try:
            found = _read(path)
        except AnnotationError as error:
            notes.append(str(error))
            left_out.append(path.name)
            continue
        for page in found:
            faults = (_name_image(page, images, path) if images else []) or _faults(page, pages, images, job)
            notes += [f"{path}: {page.image_id}: {what}" for what in (*_shortened(page.faults), *page.notes)]
            notes += [f"{path}: {page.image_id}: {what}" for what in faults]
            if faults or (page.faults and not job.partial):
                left_out.append(page.image_id)
            else:
                pages[page.image_id] = page.to_truth()
    if not pages:
        raise AnnotationError(_nothing(files, notes))
    write_truth(job.out, pages.values())
    return ImportResult(len(pages), sum(map(len, pages.values())), tuple(left_out), tuple(notes))


def _files(path: Path) -> Iterator[Path]:
    """The annotation files of a path, in order of name; in a folder, XML of other kinds is passed over.

    Raises:
        AnnotationError: if there is none.
    """
    if not path.is_dir():
        if not path.is_file():
            raise AnnotationError(f"{path}: no such file or folder: check the path")
        yield path
        return
    found = [file for file in sorted(path.rglob("*")) if file.is_file() and not file.name.startswith(".")]
    wanted = [file for file in found if file.suffix.lower() == ".json" or _is_page_xml(file)]
    if not wanted:
        raise AnnotationError(f"{path}: holds no PAGE XML and no COCO file: name the folder of the annotations")
    yield from wanted


def _is_page_xml(path: Path) -> bool:
    """Whether a file is PAGE XML, or damaged XML that may have been."""
    if path.suffix.lower() != ".xml":
        return False
    try:
        return root_name(path) == ROOT
    except AnnotationError:
        return True


def _read(path: Path) -> list[AnnotatedPage]:
    suffix = path.suffix.lower()
    if suffix == ".json":
        return read_coco(path)
    if suffix == ".xml":
        return [read_page_xml(path)]
    raise AnnotationError(f"{path}: neither .xml (PAGE XML) nor .json (COCO): export it as one of these")


def _name_image(page: AnnotatedPage, images: AnnotatedImages, path: Path) -> list[str]:
    """Gives a page the id of its image; what keeps it from one if several may be meant."""
    found = images.find(page.image_id, path)
    if len(found) > 1:
        near = " and ".join(found[:_FAULTS_SHOWN])
        return [f"{near} have this name: put the annotations into folders named as those of the images"]
    page.image_id = found[0] if found else page.image_id
    return []


def _faults(
    page: AnnotatedPage, known: Mapping[str, PageTruth], images: AnnotatedImages | None, job: ImportJob
) -> list[str]:
    """What keeps a page out of the CSV beside text without boxes."""
    hidden = hidden_books_of(page.image_id)
    if hidden and not job.hidden_books:
        return [f"{', '.join(hidden)} may be in the competition's hidden test set: leave it out ({_KEPT_ALL_THE_SAME})"]
    if page.image_id in known:
        return ["is in an earlier file too: keep one of the two"]
    if page.faults and job.partial and not page.codepoints:
        return ["no character has a box"]
    if images is None:
        return []
    if page.image_id not in images.files:
        return ["no image of this name in the folder of images: add it, or mend the file's image name"]
    try:
        size_hw = page_size_hw(images.files[page.image_id])
    except PageReadError as error:
        return [str(error)]
    if page.size_hw is not None and page.size_hw != size_hw:
        shown = " and ".join(f"{width} x {height}" for height, width in (page.size_hw, size_hw))
        return [f"annotated size and image differ ({shown}): annotate this image, or give the one that was annotated"]
    return []


def _shortened(faults: Sequence[str]) -> list[str]:
    if len(faults) <= _FAULTS_SHOWN:
        return list(faults)
    return [*faults[:_FAULTS_SHOWN], f"and {len(faults) - _FAULTS_SHOWN} more of this kind"]


def _nothing(files: Sequence[Path], notes: Sequence[str]) -> str:
    first = f", first: {notes[0]}" if notes else ""
    return (
        f"none of {len(files)} files gave a page to train on{first}; each character needs a box of its own (a Glyph, "
        "or a Word of one character): draw them, or lay the text over detected boxes with `kuzushiji align`"
    )
