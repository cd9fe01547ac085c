"""What a text prior was made from: it travels inside the file."""

from dataclasses import asdict, dataclass
from typing import Any, Self


@dataclass(frozen=True)
class TextSource:
    """One source of text.

    Attributes:
        name: names of its files.
        characters: how many characters it holds.
        share: its weight in the mixture, in [0, 1].
        perplexity: of the source alone, on pages of books it was not estimated from; 0 where there were none to ask.
        left_out: books whose pages were left out of it.
    """

    name: str
    characters: int
    share: float = 1.0
    perplexity: float = 0.0
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True)
class Provenance:
    """Where a text prior comes from.

    Attributes:
        sources: the texts.
        license: under which it may be passed on, and whom to name.
        perplexity: of the mixture, on the same pages as that of its sources; 0 where there were none.
    """

    sources: tuple[TextSource, ...] = ()
    license: str = ""
    perplexity: float = 0.0

    def to_plain(self) -> dict[str, Any]:
        """The record as JSON types."""
        return asdict(self)

    @classmethod
    def from_plain(cls, record: dict[str, Any]) -> Self:
        """The record of what `to_plain` gave.

        Raises:
            TypeError, KeyError: if it is something else.
        """
        sources = tuple(
            TextSource(**{**source, "left_out": tuple(source.get("left_out", ()))}) for source in record["sources"]
        )
        return cls(**{**record, "sources": sources})
