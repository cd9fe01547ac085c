"""The parts of an adaptation that the command's tests do not see."""

from pathlib import Path

import numpy as np
import pytest

from kuzushiji_submit.core.charset import Charset
from kuzushiji_submit.core.errors import ConfigError
from kuzushiji_submit.core.page.ink import InkConfig
from kuzushiji_submit.training_data.adaptation.adapt import _labeled_sources, forget_run
from kuzushiji_submit.training_data.adaptation.config import AdaptConfig
from recognition.crops import CropConfig, Crops
from recognition.training.crop_store import CropStore
from recognition.training.crop_store_writer import CropStoreWriter, PageCrops


def make_store(folder: Path, count: int) -> CropStore:
    """A store of one page with so many blank crops."""
    with CropStoreWriter(folder, Charset(("U+306E", "U+306F")), CropConfig(size=16), InkConfig()) as writer:
        crops = Crops(np.zeros((count, 16, 16), np.uint8), np.zeros((count, 3), np.float32))
        ids = np.zeros(count, np.int64)
        writer.add_page("p_1", "p", PageCrops(crops, ids, np.zeros((count, 4), np.float32), ids), (100, 100))
    return CropStore(folder)


def test_labeled_crops_share_their_part_by_their_numbers(tmp_path: Path) -> None:
    stores = [make_store(tmp_path / str(count), count) for count in (1, 0, 3)]
    sources = _labeled_sources(stores, 0.6)
    assert [(source.name, source.share) for source in sources] == [
        ("1", pytest.approx(0.15)),
        ("3", pytest.approx(0.45)),
    ]
    assert not any(source.validate for source in sources)


def test_only_what_a_run_leaves_is_forgotten(tmp_path: Path) -> None:
    for name in ("before.jsonl", "recognizer.safetensors", "notes.txt"):
        (tmp_path / name).touch()
    (tmp_path / "crops" / "more").mkdir(parents=True)
    forget_run(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]
    forget_run(tmp_path)


@pytest.mark.parametrize("values", [{"least_score": 0.0}, {"least_score": 1.1}, {"share": 0.0}, {"share": 1.0}])
def test_settings_out_of_range_are_refused(values: dict) -> None:
    with pytest.raises(ConfigError, match=next(iter(values))):
        AdaptConfig(**values)
