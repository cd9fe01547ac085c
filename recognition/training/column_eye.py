"""An eye that reads running text as readers of crops would: with their candidates, their doubts and their mistakes."""

import numpy as np
from numpy.typing import NDArray

from recognition.calibration import fit_temperature
from recognition.training.column_config import EyeConfig
from recognition.training.column_confusions import Confusions

FITTED = 20_000
"""Characters on which the scores of each strength are made honest."""


class SimulatedEye:
    """Gives each character of a text the candidates of a crop of its class.

    ```
    は ─ a crop of は as readers saw it ─ は -0.1  わ -2.4  ほ -4.2 ─ noise ─ less for は ─ temperature ─▶ logs
    ```

    A reader is weaker on pages of a hand that it does not know than on the crops that it was trained on: what the truth
    loses makes it so, and the temperature of each strength makes its scores as honest as those of a calibrated reader.
    """

    def __init__(
        self, confusions: Confusions, frequency: NDArray[np.float64], config: EyeConfig, candidates: int, seed: int = 0
    ) -> None:
        """Sorts the confusions by class and fits the temperatures.

        Args:
            confusions: what readers said of crops.
            frequency: float64 (C,), how often each class occurs, with a sum of 1.
            config: how weak eyes are.
            candidates: of each place that are given, the best.
            seed: of the characters that temperatures are fitted on.
        """
        order = np.argsort(confusions.truth, kind="stable")
        self.truth, self.ids = confusions.truth[order], confusions.ids[order]
        self.logs = confusions.logs[order]
        classes = np.arange(len(frequency))
        self._first = np.searchsorted(self.truth, classes)
        self._count = np.searchsorted(self.truth, classes, side="right") - self._first
        self._cumulated = np.cumsum(frequency)
        self.config, self.candidates = config, min(candidates, self.ids.shape[1])
        self.penalties = np.array(config.penalties, np.float32)
        rng = np.random.default_rng([seed, 3])
        self.temperatures = np.array([self._fit(penalty, rng) for penalty in self.penalties], np.float32)

    def draw_strength(self, rng: np.random.Generator) -> int:
        """The place of a penalty in the settings' row."""
        wanted = rng.normal(self.config.usual, self.config.spread)
        return int(np.abs(self.penalties - wanted).argmin())

    def draw_classes(self, count: int, rng: np.random.Generator) -> NDArray[np.int64]:
        """Classes by their frequency, int64 (count,)."""
        drawn = np.searchsorted(self._cumulated, rng.random(count) * self._cumulated[-1], side="right")
        return np.asarray(np.minimum(drawn, len(self._cumulated) - 1), np.int64)

    def read(
        self, truth: NDArray[np.int64], strength: int, rng: np.random.Generator
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """What the eye of a strength says of characters.

        Args:
            truth: int64 (N,), their classes.
            strength: the place of its penalty.
            rng: of chance.

        Returns:
            Candidates int64 (N, K), the best first, and the logarithms of their scores, float32 (N, K).
        """
        ids, logs = self._doubt(truth, float(self.penalties[strength]), rng)
        logs = logs / self.temperatures[strength]
        logs = logs - np.logaddexp.reduce(logs, axis=1, keepdims=True)
        best = np.argsort(-logs, axis=1, kind="stable")[:, : self.candidates]
        return np.take_along_axis(ids, best, 1), np.take_along_axis(logs, best, 1)

    def _doubt(
        self, truth: NDArray[np.int64], penalty: float, rng: np.random.Generator
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Candidates int64 (N, K) in no order, and logarithms of their scores before the temperature."""
        own = self._count[truth] > 0
        chosen = np.where(
            own,
            self._first[truth] + (rng.random(len(truth)) * self._count[truth]).astype(np.int64),
            rng.integers(0, len(self.truth), len(truth)),
        )
        ids = self.ids[chosen]
        if not own.all():
            ids[~own] = self._lend(chosen[~own], truth[~own], rng)
        noise = rng.normal(0, self.config.noise, ids.shape).astype(np.float32)
        return ids, self.logs[chosen] + noise - np.float32(penalty) * (ids == truth[:, None])

    def _lend(self, chosen: NDArray[np.int64], truth: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
        """Candidates for characters whose class no crop has: the doubts of other crops, about other characters.

        The truth stands where theirs stood, the last where theirs is not among the candidates.
        """
        lent = self.ids[chosen]
        others = self.draw_classes(lent.size, rng).reshape(lent.shape)
        hit = lent == self.truth[chosen, None]
        place = np.where(hit.any(axis=1), hit.argmax(axis=1), lent.shape[1] - 1)
        # A candidate stands once: another in the truth's place is moved on to the next class.
        others = np.where(others == truth[:, None], (others + 1) % len(self._cumulated), others)
        np.put_along_axis(others, place[:, None], truth[:, None], axis=1)
        return others

    def _fit(self, penalty: float, rng: np.random.Generator) -> float:
        """The temperature at which scores under a penalty are honest."""
        truth = self.draw_classes(FITTED, rng)
        ids, logs = self._doubt(truth, float(penalty), rng)
        hit = ids == truth[:, None]
        seen = hit.any(axis=1)
        return fit_temperature(logs[seen], hit[seen].argmax(axis=1))
