"""Text to learn columns from: as classes, with whole books held out."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kuzushiji_submit.core.charset import Charset
from kuzushiji_submit.core.errors import TrainingError
from kuzushiji_submit.core.training.book_split import describe_books, held_out_books
from kuzushiji_submit.core.training.config import BookSplit
from kuzushiji_submit.core.training.data_fingerprint import fingerprint

UNKNOWN = -1
"""Stands for a character that the charset lacks."""
_RARE = 1e-7  # the frequency of classes that no text has


@dataclass(frozen=True)
class TextSource:
    """Text and its part in a run.

    Attributes:
        name: for the run's record.
        pages: the codepoints of each page, as a reader goes through them.
        books: the book of each page, so that books can be held out; None where none is to be.
        share: the part of the windows that is from here, relative to the other sources.
    """

    name: str
    pages: Sequence[Sequence[str]]
    books: Sequence[str] | None = None
    share: float = 1.0


@dataclass(frozen=True, eq=False)
class ClassText:
    """Running text, page after page.

    Attributes:
        ids: int64 (L,), classes, `UNKNOWN` where there is none.
        share: the part of the windows that is from here; those of all texts sum up to 1.
    """

    ids: NDArray[np.int64]
    share: float = 1.0

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True)
class TextSplit:
    """Text to train on, source by source, and text held out, book by book; no book is in both.

    Attributes:
        train: what is trained on.
        validation: the books held out, as they follow in `validation_books`.
        validation_books: their names, sorted.
    """

    train: tuple[ClassText, ...]
    validation: tuple[ClassText, ...]
    validation_books: tuple[str, ...]

    def describe(self) -> str:
        """In words, for the weights file."""
        return describe_books(self.validation_books)


def books_held_out(sources: Sequence[TextSource], split: BookSplit) -> tuple[str, ...]:
    """The books to hold out, sorted; folds have about the same number of characters.

    Raises:
        TrainingError: if a named book does not exist, or there are fewer books than folds.
    """
    of_character = [
        book
        for source in sources
        if source.books is not None
        for book, page in zip(source.books, source.pages, strict=True)
        for _ in page
    ]
    books, book_index = np.unique(np.array(of_character, np.str_), return_inverse=True)
    return held_out_books([str(book) for book in books], book_index, split)


def split_texts(sources: Sequence[TextSource], charset: Charset, split: BookSplit) -> TextSplit:
    """Turns text into classes and holds out whole books, of every source.

    Raises:
        TrainingError: if there is no text of the charset's characters, a share is not above 0, and as `books_held_out`.
    """
    held_out = books_held_out(sources, split)
    texts = [(_text(source, charset, lambda book: book not in held_out), source.share) for source in sources]
    shares = np.array([share for _, share in texts], np.float64)
    if not (np.isfinite(shares).all() and (shares > 0).all()):
        raise TrainingError(f"the shares of the texts are {shares.tolist()}: give numbers above 0")
    for source, (ids, _) in zip(sources, texts, strict=True):
        if not (ids != UNKNOWN).any():
            raise TrainingError(
                f"{source.name}: has no text to train on of the recognizer's characters: leave it out, or hold out "
                "fewer books"
            )
    if not texts:
        raise TrainingError("there is no text to train on: name some (--truth, --text)")
    return TextSplit(
        train=tuple(ClassText(ids, float(share / shares.sum())) for ids, share in texts),
        validation=tuple(_book(sources, charset, name) for name in held_out),
        validation_books=held_out,
    )


def frequencies(texts: Sequence[ClassText], classes: int) -> NDArray[np.float64]:
    """How often each class occurs in a window, float64 (classes,); above 0, with a sum of 1."""
    counted = sum(
        (text.share * np.bincount(text.ids[text.ids != UNKNOWN], minlength=classes) / len(text) for text in texts),
        np.full(classes, _RARE),
    )
    return np.asarray(counted / counted.sum(), np.float64)


def describe_texts(sources: Sequence[TextSource], split: TextSplit) -> dict[str, Any]:
    """What a resumed run must have in common with its first part, besides the settings."""
    return {
        "sources": [
            {"name": source.name, "share": source.share, "characters": len(text)}
            for source, text in zip(sources, split.train, strict=True)
        ],
        "data_fingerprint": fingerprint(_identity(split)),
        "split_description": split.describe(),
        "validation_books": list(split.validation_books),
    }


def _identity(split: TextSplit) -> Iterator[str | NDArray[np.generic]]:
    for texts in (split.train, split.validation):
        for text in texts:
            yield text.ids
        yield "\n"


def _text(source: TextSource, charset: Charset, wanted: Callable[[str], bool]) -> NDArray[np.int64]:
    """The classes of the pages whose books are wanted, int64 (L,)."""
    books: Sequence[str | None] = [None] * len(source.pages) if source.books is None else source.books
    pages = [
        charset.class_ids(page) for book, page in zip(books, source.pages, strict=True) if book is None or wanted(book)
    ]
    return np.array([place for page in pages for place in page], np.int64)


def _book(sources: Sequence[TextSource], charset: Charset, name: str) -> ClassText:
    pages = [_text(source, charset, lambda book: book == name) for source in sources if source.books is not None]
    return ClassText(np.concatenate(pages))
