"""Dense readers as a second opinion: they look at the whole page, and join what the recognizer says of each crop.

```
PreparedPage, boxes ─┬─ crops ──────────────▶ Recognizer ─┐
                     └─ dense reader ─ logits ─▶ Opinions ─┴─▶ Recognitions
```
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from kuzushiji_submit.core.charset import Charset
from kuzushiji_submit.core.errors import ConfigError, WeightsError
from kuzushiji_submit.core.page.prepared import PreparedPage


class PageOpinion(Protocol):
    """Says what stands at given boxes of a page; safe to call from several threads."""

    @property
    def charset(self) -> Charset:
        """The characters in class order."""
        ...

    def logits(self, page: PreparedPage, boxes: NDArray[np.float32]) -> NDArray[np.float32]:
        """Logits float32 (N, C) at boxes float32 (N, 4), xyxy in page pixels."""
        ...


@dataclass(frozen=True)
class DenseOpinionConfig:
    """How dense readers weigh in, where some are among the recognizer's weights.

    Attributes:
        share: of what all readers say together, 0 to 1; None for as much as each reader of crops has.

    Raises:
        ConfigError: if the share is out of its range.
    """

    share: float | None = None

    def __post_init__(self) -> None:
        if self.share is not None and not 0 <= self.share <= 1:
            raise ConfigError(f"dense.share must lie in 0..1, got {self.share}")


class SecondOpinion:
    """The mean of what dense readers say of a page, in the class order of the recognizer that it joins."""

    def __init__(self, members: Sequence[PageOpinion], names: Sequence[str], charset: Charset, share: float) -> None:
        """Checks that they say the recognizer's characters.

        Args:
            members: at least one.
            names: of their files, for messages.
            charset: the recognizer's.
            share: how much they count together, 0 to 1.

        Raises:
            WeightsError: if one says other characters.
        """
        for member, name in zip(members, names, strict=True):
            odd = set(member.charset.codepoints) ^ set(charset.codepoints)
            if odd:
                raise WeightsError(
                    f"{name}: does not know the same characters as the recognizer ({len(odd)} differ, such as "
                    f"{min(odd)}): train them with one charset (--charset)"
                )
        self.members = tuple(members)
        self.share = share
        self._columns = [np.array(member.charset.class_ids(charset.codepoints)) for member in members]

    def of_page(self, page: PreparedPage, boxes: NDArray[np.float32]) -> NDArray[np.float16]:
        """float16 (N, C): the mean logits at boxes float32 (N, 4), to be kept until the page's crops are read."""
        said = [
            member.logits(page, boxes)[:, columns] for member, columns in zip(self.members, self._columns, strict=True)
        ]
        # Where a softmax begins does not matter, and 16 bits are finest about 0.
        mean = np.mean(said, axis=0)
        return np.asarray(mean - mean.max(axis=1, keepdims=True), np.float16)
