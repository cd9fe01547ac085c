import dataclasses
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from detection.training.data import StoreSource, split_pages
from detection.training.dense_config import DenseTraining
from detection.training.dense_data import CharacterDataModule, CharacterPages
from detection.training.dense_tiles import MOST
from detection.training.page_store import ROUGH
from kuzushiji_submit.core.charset import Charset
from kuzushiji_submit.core.errors import TrainingError
from kuzushiji_submit.core.training.config import BookSplit
from tests.detection.dense.conftest import CHARSET
from tests.detection.training.conftest import tiny_dense_config, write_glyphs


def placed(
    store: Path, rank: int = 0, world_size: int = 1, charset: Charset = CHARSET, **changes: object
) -> CharacterDataModule:
    config: DenseTraining = dataclasses.replace(tiny_dense_config(), **changes)
    data = CharacterDataModule(split_pages([StoreSource(store)], config.split), charset, config)
    data.trainer = SimpleNamespace(global_rank=rank, world_size=world_size)
    return data


def test_loaders_give_batches_and_pages(glyphs: Path) -> None:
    data = placed(glyphs)
    tiles, boxes, ids = next(iter(data.train_dataloader()))
    assert tiles.shape == (4, 3, 96, 96)
    assert (boxes.shape, ids.shape) == ((4, MOST, 4), (4, MOST))
    assert len(data.train_dataloader()) == 2
    pages = list(data.val_dataloader())
    assert len(pages) == 2
    assert all(page.image.dtype == np.uint8 and len(page.boxes) == len(page.class_ids) == 9 for page in pages)
    assert all(page.class_ids.dtype == np.int64 for page in pages)


def test_held_out_pages_have_the_characters_that_are_known(glyphs: Path) -> None:
    (whole, *_), (part, *_) = (
        placed(glyphs, charset=charset).val_dataloader() for charset in (CHARSET, Charset(CHARSET.codepoints[1:2]))
    )
    known = whole.class_ids == 1
    assert 0 < known.sum() < len(known)
    np.testing.assert_array_equal(part.boxes, whole.boxes[known])
    assert part.class_ids.tolist() == [0] * int(known.sum())


def test_processes_share_the_pages(glyphs: Path) -> None:
    alone = [page.class_ids.tolist() for page in placed(glyphs).val_dataloader()]
    for rank in range(2):
        assert [page.class_ids.tolist() for page in placed(glyphs, rank, 2).val_dataloader()] == [alone[rank]]
    # A process without a page of its own still takes part, with one that changes no figure.
    (page,) = placed(glyphs, 2, 3).val_dataloader()
    assert (page.image.shape, page.boxes.shape, page.class_ids.shape) == ((0, 0, 3), (0, 4), (0,))


def test_fewer_tiles_than_processes_are_named(glyphs: Path) -> None:
    assert len(placed(glyphs, 1, 2, tiles_per_epoch=2, batch_size=1).train_dataloader()) == 1
    with pytest.raises(TrainingError, match="2 tiles are too few for the processes"):
        placed(glyphs, 2, 3, tiles_per_epoch=2, batch_size=1).train_dataloader()


def test_without_characters_there_is_nothing_to_validate(tmp_path: Path, glyphs: Path) -> None:
    assert len(CharacterPages([], CHARSET)) == 0
    assert placed(glyphs, split=BookSplit(0)).val_dataloader() == []
    rough = write_glyphs(tmp_path / "rough", ("page0", "book0", 2), kind=ROUGH)
    config = tiny_dense_config()
    split = split_pages([StoreSource(glyphs, validate=False), StoreSource(rough)], config.split)
    data = CharacterDataModule(split, CHARSET, config)
    data.trainer = SimpleNamespace(global_rank=0, world_size=1)
    assert len(split.validation) == 1
    assert data.val_dataloader() == []


def test_holding_out_everything_leaves_nothing_to_learn(glyphs: Path) -> None:
    with pytest.raises(TrainingError, match="there is no character to learn"):
        placed(glyphs, split=BookSplit(validation_books=("book0", "book1")))
