"""Steps that decide from readings of held-out books, of this run and of attached ones, what is worth a row."""

from kuzushiji_submit.competition.books import book_of
from kuzushiji_submit.core.errors import WeightsError
from kuzushiji_submit.kaggle_kernels.kernel_run import KernelRun, ended
from kuzushiji_submit.kaggle_kernels.kernel_step import Step
from kuzushiji_submit.kaggle_kernels.outputs import SECOND_LEVEL, THRESHOLD
from kuzushiji_submit.kaggle_kernels.session import Status
from kuzushiji_submit.reading.journal import finished_pages
from kuzushiji_submit.reading.second_level.config import FEWEST_BOOKS
from kuzushiji_submit.reading.second_level.second_level_file import load_second_level


def _learn(run: KernelRun, seconds: float) -> tuple[Status, str]:
    readings = run.readings()
    books = {book_of(page.image_id) for path in readings for page in finished_pages(path)}
    if len(books) < FEWEST_BOOKS:
        return "skipped", f"it takes readings of {FEWEST_BOOKS} books that were held out, there are {len(books)}"
    arguments = ["second-level", "--data", run.data.root, "--readings", *readings]
    return ended(run.command("second_level", [*arguments, "--out", run.working / SECOND_LEVEL], seconds))


def _choose(run: KernelRun, seconds: float) -> tuple[Status, str]:
    if second_level_decides(run):
        return "skipped", "the second level has a threshold of its own"
    readings = run.readings()
    if not readings:
        return "skipped", "no readings of held-out books: the threshold in the weights holds"
    arguments = ["calibrate", "--data", run.data.root, "--readings", *readings, "--out", run.working / THRESHOLD]
    return ended(run.command("threshold", arguments, seconds))


def second_level_decides(run: KernelRun) -> bool:
    """Whether there is a second level that helped on books that it had not seen."""
    path = run.second_level()
    try:
        return path is not None and load_second_level(path).active
    except WeightsError:
        return False


SECOND_LEVEL_STEP = Step("second_level", 0.02, _learn, after=("held_out",), leaves=(SECOND_LEVEL,))
THRESHOLD_STEP = Step("threshold", 0.01, _choose, after=("held_out", "second_level"), leaves=(THRESHOLD,))
