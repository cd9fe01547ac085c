"""The second level as it is stored and used: trees, the score from which on a character is kept, whether it helps."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from kuzushiji_submit.reading.page_reading import PageReading
from kuzushiji_submit.reading.second_level.boosted_trees import BoostedTrees
from kuzushiji_submit.reading.second_level.features import candidate_features


@dataclass(frozen=True, eq=False)
class SecondLevel:
    """Gives each character of a page the probability that it is right; a step of the pipeline.

    Attributes:
        trees: over the columns of `candidate_features`.
        min_score: characters of at least this probability are worth a row: half the F1 to be expected.
        active: whether it helped on books it had not seen; if not, pages stay as they are.
        figures: what was measured, by name.
        notes: what it was made from.
    """

    trees: BoostedTrees
    min_score: float
    active: bool
    figures: Mapping[str, float] = field(default_factory=dict)
    notes: str = ""

    def __call__(self, page: PageReading) -> PageReading:
        """The same characters, scored anew."""
        if not self.active or not len(page):
            return page
        return page.rescored(self.trees.probabilities(candidate_features(page)))
