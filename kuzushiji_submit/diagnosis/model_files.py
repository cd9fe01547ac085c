"""The weights, the text prior and the column model that come with the project, and their cards."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

from kuzushiji_submit.core.errors import KuzushijiError
from kuzushiji_submit.core.files import sha256_of
from kuzushiji_submit.diagnosis.finding import Finding, Verdict

CARD = "README.md"
_FIELD = re.compile(r"(\w+): +(.+)")
_FETCH = "check out the repository again (with git lfs pull, if it uses that), or install the package again"


def look_at_model_files() -> Iterator[Finding]:
    """One line a file: what it is, its checksum, its license and its card.

    A file that is damaged is a fault, because reading would end with it; one that is missing is a fault only where
    nothing stands in for it.
    """
    from kuzushiji_submit.core.weights_record import read_record
    from kuzushiji_submit.reading import default_weights
    from kuzushiji_submit.reading.prior.prior_file import load_prior

    def record_of(path: Path) -> str:
        record = read_record(path)
        return f"{record.architecture}{f', {len(record.charset):,} characters' if record.charset else ''}"

    def prior_of(path: Path) -> str:
        return f"{sum(map(len, load_prior(path).tables)):,} n-grams"

    first = default_weights.RECOGNIZER_WEIGHTS
    yield _look("recognizer", first, record_of, Verdict.FAULT, "no character is known")
    for name in _several(read_card(first.with_name(CARD)).get("file", ""))[1:]:
        if name != default_weights.COLUMN_MODEL.name:
            yield _look("recognizer", first.with_name(name), record_of, Verdict.NOTE, "the others read without it")
    if _expected(dense := default_weights.DENSE_WEIGHTS):
        yield _look("dense", dense, record_of, Verdict.NOTE, "characters are read crop by crop alone")
    yield _look("detector", default_weights.DETECTOR_WEIGHTS, record_of, Verdict.NOTE, "the ink detector stands in")
    yield _look("text prior", default_weights.TEXT_PRIOR, prior_of, Verdict.NOTE, "characters are read one by one")
    if _expected(column := default_weights.COLUMN_MODEL):
        yield _look("column model", column, record_of, Verdict.NOTE, "columns are read by the text prior alone")


def _look(what: str, path: Path, describe: Callable[[Path], str], if_missing: Verdict, meaning: str) -> Finding:
    if not path.is_file():
        return Finding(what, f"{path}: not there: {meaning}", if_missing, _FETCH)
    try:
        described, checksum = describe(path), sha256_of(path)
    except (KuzushijiError, OSError) as error:
        return Finding(what, str(error), Verdict.FAULT, _FETCH)
    text = f"{path}: {described}, {path.stat().st_size / 1e6:.1f} MB, sha256 {checksum}"
    card = path.with_name(CARD)
    told = read_card(card)
    files, checksums = _several(told.get("file", "")), _several(told.get("sha256", ""))
    if path.name not in files:
        return Finding(what, f"{text}, no card", Verdict.NOTE, f"{card} should say where it comes from: {_FETCH}")
    expected = dict(zip(files, checksums, strict=False)).get(path.name)
    if expected not in (None, checksum):
        found = f"{text}, but its card says {expected}"
        return Finding(what, found, Verdict.NOTE, f"it is damaged, or not the one of {card}: {_FETCH}")
    agreed = " as its card says" if expected else ""
    return Finding(what, f"{text}{agreed}, license {told.get('license', 'not told')}, card {card}")


def _expected(path: Path) -> bool:
    """Whether a file that need not be there is there, or its card says that it should be."""
    return path.is_file() or path.name in _several(read_card(path.with_name(CARD)).get("file", ""))


def _several(value: str) -> list[str]:
    """The values of a field of a card that tells of several files, in the order of the files."""
    return [part.strip() for part in value.split(",") if part.strip()]


def read_card(path: Path) -> dict[str, str]:
    """The fields that stand between two lines of `---` at the top of a model card; empty where there are none."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return {}
    if not lines or lines[0] != "---" or "---" not in lines[1:]:
        return {}
    fields = (_FIELD.fullmatch(line) for line in lines[1 : lines.index("---", 1)])
    return {field[1]: field[2].strip() for field in fields if field}
