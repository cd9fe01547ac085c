"""A data folder that shows some of another's books."""

from collections.abc import Callable
from pathlib import Path

from kuzushiji_submit.competition.books import book_of
from kuzushiji_submit.competition.data_folder import DataFolder
from kuzushiji_submit.competition.truth import read_repaired_truth, write_truth


def part_of_data(data: DataFolder, out: Path, wanted: Callable[[str], bool], pages: int = 0) -> DataFolder:
    """Writes the truth of some books into a folder whose images are those of the whole.

    Args:
        data: the whole.
        out: the folder; what is in it is replaced.
        wanted: chooses books.
        pages: so many pages with characters at most, evenly over all of them; 0 for all pages.

    Raises:
        CompetitionFileError: if the truth cannot be read.
        OutputError: if the folder cannot be written.
    """
    part = DataFolder(out)
    truth = [page for page in read_repaired_truth(data.train_csv) if wanted(book_of(page.image_id))]
    if pages:
        truth = [page for page in truth if len(page)]
        count = min(pages, len(truth))
        truth = [truth[place * len(truth) // count] for place in range(count)]
    out.mkdir(parents=True, exist_ok=True)
    write_truth(part.train_csv, truth)
    if not part.train_images.is_symlink():
        part.train_images.symlink_to(data.train_images.resolve(), target_is_directory=True)
    return part
