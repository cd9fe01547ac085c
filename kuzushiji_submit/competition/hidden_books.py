"""The books that may be in the competition's hidden test set: nothing may be trained or tuned on their annotations.

CODH's data set of pre-modern Japanese text (doi:10.20676/00000340) has 44 books. 28 of them are the competition's
training books; its test pages come from others, and which is not told, so all the other 16 count.
"""

import re
from collections.abc import Iterable

from kuzushiji_submit.core.errors import HiddenBookError

POSSIBLE_TEST_BOOKS = frozenset(
    {
        "200003803", "200004107", "200005798", "200006665", "200008003", "200008316", "200010454", "200015843",
        "200017458", "200018243", "200019865", "200020019", "200021063", "200021071", "200021086", "200025191",
    }
)  # fmt: skip


def hidden_books_of(name: str) -> frozenset[str]:
    """The possible test books that a book_id or image_id names, in its own beginning or that of a folder before it.

    ```
    200003803_00003_1       200003803/00003_1       nijl/200003803-v1/3
    ```
    """
    return POSSIBLE_TEST_BOOKS.intersection(re.split(r"[-_]", part, maxsplit=1)[0] for part in re.split(r"[/\\]", name))


def refuse_hidden_books(names: Iterable[str], where: str) -> None:
    """Stops before annotations of a possible test book are used.

    Args:
        names: book_ids or image_ids that are about to be used.
        where: where they come from, for the message.

    Raises:
        HiddenBookError: if one of them may be in the hidden test set.
    """
    held = sorted(set().union(*map(hidden_books_of, names)))
    if held:
        raise HiddenBookError(
            f"{where}: {', '.join(held)} may be in the competition's hidden test set: leave these books out"
        )
