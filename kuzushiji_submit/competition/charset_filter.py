"""Which of the competition's codepoints a recognizer shall know, and what becomes of the others.

The seed's article says that "symbols were filtered", from 4,781 characters to 4,213; no notebook of it has a filter.
What happens by itself is this: the table of the competition lists 4,781 codepoints (4,787 in its later edition), of
which 575 are never annotated, while 6 annotated ones are missing from the earlier edition; 4,212 are left. Symbols
among them, such as brackets and circles, leave only where that is asked for.
"""

import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from kuzushiji_submit.competition.truth import PageTruth
from kuzushiji_submit.core.charset import Charset, to_character
from kuzushiji_submit.core.errors import ConfigError

# Initials of Unicode's general categories: punctuation, symbols, separators, control and unassigned.
_SYMBOL_CATEGORIES = "PSZC"


@dataclass(frozen=True)
class CharsetFilter:
    """What a codepoint must be to stay.

    Attributes:
        drop_symbols: leaves out what is neither letter, mark nor number by Unicode's general category.
        at_least: annotated so often.
        most: among so many most frequent ones, after the other rules; 0 for no bound.
        only: one of these; empty for no such rule.

    Raises:
        ConfigError: if a number is negative.
    """

    drop_symbols: bool = False
    at_least: int = 1
    most: int = 0
    only: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.at_least < 0 or self.most < 0:
            raise ConfigError(f"a charset needs bounds that are not negative, got {self.at_least} and {self.most}")


@dataclass(frozen=True)
class CharsetReport:
    """From the competition's table to a charset, step by step; codepoints in ascending order.

    Attributes:
        table: how many codepoints the table lists; 0 where there is none.
        annotated: how many are annotated.
        never_annotated: of the table, codepoints without annotation.
        not_in_table: annotated codepoints that the table lacks.
        symbols: annotated codepoints that are symbols, whether dropped or not.
        dropped: codepoints that each rule dropped, by rule, in the order of application.
        charset: what is left.
        kept_characters: how often the charset's codepoints are annotated, all together.
        all_characters: how often all are.
    """

    table: int
    annotated: int
    never_annotated: tuple[str, ...]
    not_in_table: tuple[str, ...]
    symbols: tuple[str, ...]
    dropped: Mapping[str, tuple[str, ...]]
    charset: Charset
    kept_characters: int
    all_characters: int

    def lines(self) -> list[str]:
        """The report, a step a line."""
        steps = [f"{self.table:>9,} codepoints in the table"] if self.table else []
        if self.table:
            steps += [
                f"{-len(self.never_annotated):>9,} of them never annotated{_examples(self.never_annotated)}",
                f"{len(self.not_in_table):>+9,} annotated but not in the table{_examples(self.not_in_table)}",
            ]
        steps.append(f"{self.annotated:>9,} annotated, {len(self.symbols)} of them symbols{_examples(self.symbols)}")
        steps += [f"{-len(codepoints):>9,} {rule}{_examples(codepoints)}" for rule, codepoints in self.dropped.items()]
        share = self.kept_characters / max(self.all_characters, 1)
        steps.append(f"{len(self.charset):>9,} remain, {share:.2%} of {self.all_characters:,} annotated characters")
        return steps


def count_codepoints(pages: Iterable[PageTruth]) -> Counter[str]:
    """How often each codepoint is annotated."""
    return Counter(codepoint for page in pages for codepoint in page.codepoints)


def is_symbol(codepoint: str) -> bool:
    """Whether a codepoint is punctuation or another sign: "U+300C" (「) and "U+25CB" (○) are, "U+3005" (々) is not."""
    return unicodedata.category(to_character(codepoint))[0] in _SYMBOL_CATEGORIES


def filter_charset(
    counts: Mapping[str, int], rules: CharsetFilter, table: Collection[str] | None = None
) -> CharsetReport:
    """Applies the rules to the annotated codepoints.

    Args:
        counts: how often each codepoint is annotated; those counted 0 times are not annotated.
        rules: what stays.
        table: the codepoints of unicode_translation.csv, None where there is no such file.
    """
    annotated = _ascending(codepoint for codepoint, count in counts.items() if count > 0)
    symbols = tuple(filter(is_symbol, annotated))
    left = list(annotated)
    dropped: dict[str, tuple[str, ...]] = {}

    def drop(rule: str, leaving: Collection[str]) -> None:
        leaves = set(leaving)
        dropped[rule] = tuple(codepoint for codepoint in left if codepoint in leaves)
        left[:] = [codepoint for codepoint in left if codepoint not in leaves]

    if rules.only:
        drop("not asked for", set(left) - set(rules.only))
    if rules.drop_symbols:
        drop("symbols", symbols)
    if rules.at_least > 1:
        drop(
            f"annotated fewer than {rules.at_least} times",
            [codepoint for codepoint in left if counts[codepoint] < rules.at_least],
        )
    if rules.most:
        ranked = sorted(left, key=lambda codepoint: (-counts[codepoint], codepoint))
        drop(f"not among the {rules.most} most frequent", ranked[rules.most :])
    listed = set(table or ())
    return CharsetReport(
        table=len(listed),
        annotated=len(annotated),
        never_annotated=_ascending(listed - set(annotated)),
        not_in_table=_ascending(set(annotated) - listed) if table is not None else (),
        symbols=symbols,
        dropped=dropped,
        charset=Charset(tuple(left)),
        kept_characters=sum(counts[codepoint] for codepoint in left),
        all_characters=sum(counts.values()),
    )


def _ascending(codepoints: Iterable[str]) -> tuple[str, ...]:
    return Charset.from_labels(codepoints).codepoints


def _examples(codepoints: tuple[str, ...], shown: int = 20) -> str:
    """The first characters, in brackets."""
    if not codepoints:
        return ""
    text = "".join(map(to_character, codepoints[:shown])).replace("\n", " ")
    return f" ({text}{'…' if len(codepoints) > shown else ''})"
