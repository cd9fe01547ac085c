"""A text prior from annotated pages and other texts: estimated one by one, mixed, cut to size."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from kuzushiji_submit.core.errors import CompetitionFileError
from kuzushiji_submit.reading.prior.kneser_ney import Page, estimate
from kuzushiji_submit.reading.prior.mixture import best_shares, mix, prune
from kuzushiji_submit.reading.prior.provenance import Provenance, TextSource
from kuzushiji_submit.reading.prior.text_prior import Logs, TextPrior

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class PriorConfig:
    """Settings of `make_prior`.

    Attributes:
        order: length of the longest n-gram.
        most: n-grams of more than one character that are kept at most; half a million take about 2 MB.

    Raises:
        ValueError: if a value is out of its range.
    """

    order: int = 4
    most: int = 500_000

    def __post_init__(self) -> None:
        if not 1 <= self.order <= 6 or self.most < 0:
            raise ValueError("order must lie in 1..6, most must not be negative")


def make_prior(
    books: Mapping[str, Sequence[Page]],
    texts: Mapping[str, Sequence[Page]],
    config: PriorConfig | None = None,
    *,
    truth_name: str = "train.csv",
    left_out: Sequence[str] = (),
    license_text: str = "",
) -> TextPrior:
    """Makes a prior of annotated books and other texts.

    The shares of the sources are those that suit the annotated books best, each half of the books asked with what the
    other half says; with fewer than two books they follow from the sources' lengths.

    Args:
        books: pages in reading order by book; may be empty.
        texts: pages by name of the file; may be empty.
        config: settings.
        truth_name: what the annotated pages are called in the provenance.
        left_out: books that were left out of them, for the provenance.
        license_text: license and whom to name, for the provenance.

    Raises:
        CompetitionFileError: if there is no text at all.
    """
    chosen = config or PriorConfig()
    sources: dict[str, Sequence[Page]] = {name: pages for name, pages in texts.items() if any(map(len, pages))}
    annotated = [page for pages in books.values() for page in pages]
    if any(map(len, annotated)):
        sources = {truth_name: annotated, **sources}
    if not sources:
        raise CompetitionFileError(f"{truth_name}: no text to make a prior of: name annotated pages or text files")
    priors = []
    for name, pages in sources.items():
        priors.append(estimate(pages, chosen.order))
        logger.info("%s: %d characters, %d n-grams", name, sum(map(len, pages)), sum(map(len, priors[-1].tables)))
    held_out = _held_out(books, priors if truth_name in sources else [], chosen.order)
    lengths = np.array([sum(map(len, pages)) for pages in sources.values()], np.float64)
    shares = best_shares(held_out) if held_out.size else lengths / lengths.sum()
    mixed = priors[0] if len(priors) == 1 else mix(priors, shares.tolist())
    perplexities = np.exp(-held_out.mean(axis=1)) if held_out.size else np.zeros(len(priors))
    together = float(np.exp(-np.log(shares @ np.exp(held_out)).mean())) if held_out.size else 0.0
    record = Provenance(
        tuple(
            TextSource(name, int(length), float(share), float(found), tuple(left_out) if name == truth_name else ())
            for name, length, share, found in zip(sources, lengths, shares, perplexities, strict=True)
        ),
        license_text,
        together,
    )
    return replace(prune(mixed, chosen.most), provenance=record)


def _held_out(books: Mapping[str, Sequence[Page]], priors: Sequence[TextPrior], order: int) -> Logs:
    """What each source says of the annotated pages, (S, N).

    The first source is that of these pages, so each half of the books is asked with what the other half says.
    """
    names = sorted(name for name, pages in books.items() if any(map(len, pages)))
    if len(names) < 2 or not priors:
        return np.zeros((len(priors), 0), np.float32)
    found: list[list[Logs]] = [[] for _ in priors]
    for half in (0, 1):
        seen = [page for name in names[1 - half :: 2] for page in books[name]]
        asked = [page for name in names[half::2] for page in books[name]]
        for prior, logs in zip((estimate(seen, order), *priors[1:]), found, strict=True):
            logs.extend(prior.log_probs(prior.ids(page)) for page in asked)
    return np.array([np.concatenate(logs) for logs in found])
