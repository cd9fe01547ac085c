"""Text of a made-up language, and readers of its characters, for the tests of the column model's training."""

import numpy as np

from kuzushiji_submit.core.charset import Charset
from kuzushiji_submit.core.training.config import BookSplit, RuntimeConfig
from recognition.column.network import ColumnNetworkConfig
from recognition.training.column_config import (
    ColumnOptimizer,
    ColumnTraining,
    ConfusionConfig,
    EyeConfig,
    TextLossConfig,
)
from recognition.training.column_confusions import Confusions
from recognition.training.column_texts import TextSource

CHARSET = Charset(tuple(f"U+{0x3041 + place:04X}" for place in range(12)))
SILENT = RuntimeConfig(accelerator="cpu", progress=False)
TINY_TRAINING = ColumnTraining(
    network=ColumnNetworkConfig(width=16, layers=1, heads=2, window=16, candidates=4, place_dropout=0.0),
    confusions=ConfusionConfig(crops=60, candidates=6),
    eye=EyeConfig(penalties=(0.0, 2.0), usual=1.0, spread=1.0),
    text_loss=TextLossConfig(negatives=20),
    optimizer=ColumnOptimizer(learning_rate=0.01, warmup=0.1),
    runtime=SILENT,
    split=BookSplit(validation_books=("book0",)),
    epochs=2,
    batch_size=4,
    windows_per_epoch=12,
)


def pages(count: int, seed: int = 0) -> list[list[str]]:
    """Pages on which each even class is followed by the odd class behind it."""
    rng = np.random.default_rng(seed)
    return [
        [CHARSET.codepoints[place] for first in rng.integers(0, 6, 20) for place in (2 * first, 2 * first + 1)]
        for _ in range(count)
    ]


def sources() -> list[TextSource]:
    """Three books that can be held out, and a text that cannot."""
    books = [f"book{place % 3}" for place in range(6)]
    return [TextSource("truth.csv", pages(6), books, 2.0), TextSource("genji.txt", pages(3, seed=1))]


def confusions(crops_of_a_class: int = 5, classes: int = len(CHARSET), seed: int = 0) -> Confusions:
    """Crops of which readers say the truth, and with less force five other characters."""
    rng = np.random.default_rng(seed)
    truth = np.repeat(np.arange(classes), crops_of_a_class)
    others = (truth[:, None] + rng.permuted(np.tile(np.arange(1, 12), (len(truth), 1)), axis=1)[:, :5]) % len(CHARSET)
    logs = -np.sort(rng.exponential(2.0, (len(truth), 6)), axis=1)
    return Confusions(truth, np.concatenate([truth[:, None], others], axis=1), logs.astype(np.float32))
