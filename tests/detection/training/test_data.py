import dataclasses
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from detection.training.config import HeatmapTraining
from detection.training.data import PageDataModule, StoreSource, split_pages
from detection.training.page_store import ROUGH
from kuzushiji_submit.core.errors import TrainingError
from kuzushiji_submit.core.training.config import BookSplit

MakeStore = Callable[..., Path]


def train_ids(split: object) -> list[list[str]]:
    return [[page.page_id for page in source.pages] for source in split.train]


def test_books_are_held_out_whole(store: Path) -> None:
    split = split_pages([StoreSource(store)], BookSplit(validation_books=("book0",)))
    assert train_ids(split) == [["page1", "page2", "page4", "page5"]]
    assert [page.page_id for page in split.validation] == ["page0", "page3"]
    assert split.validation_books == ("book0",)
    assert split.describe() == "by book; held out: book0"


@pytest.mark.parametrize("folds", [2, 3])
def test_folds_part_the_books(store: Path, folds: int) -> None:
    splits = [split_pages([StoreSource(store)], BookSplit(folds, fold)) for fold in range(folds)]
    assert sorted(book for split in splits for book in split.validation_books) == ["book0", "book1", "book2"]
    for split in splits:
        assert not {page.book_id for page in split.train[0].pages} & set(split.validation_books)
        assert len(split.train[0].pages) + len(split.validation) == 6
    assert splits[0].validation_books == split_pages([StoreSource(store)], BookSplit(folds, 0)).validation_books


def test_no_folds_hold_out_nothing(store: Path) -> None:
    split = split_pages([StoreSource(store)], BookSplit(folds=0))
    assert split.validation == ()
    assert split.validation_books == ()
    assert len(split.train[0].pages) == 6
    assert split.describe() == "by book; held out: none"


def test_a_held_out_book_is_left_out_of_every_store(store: Path, make_store: MakeStore) -> None:
    made = make_store(("m0", "book0", 1), ("m1", "made", 1), name="made")
    sources = [StoreSource(store, 1.0), StoreSource(made, 3.0, validate=False)]
    split = split_pages(sources, BookSplit(validation_books=("book0",)))
    assert train_ids(split) == [["page1", "page2", "page4", "page5"], ["m1"]]
    assert [source.share for source in split.train] == [1.0, 3.0]
    # Pages that only train do not validate, even where their book is held out.
    assert [page.page_id for page in split.validation] == ["page0", "page3"]


def test_folds_deal_the_books_that_may_be_held_out(store: Path, make_store: MakeStore) -> None:
    made = make_store(*((f"m{n}", f"made{n}", 1) for n in range(4)), name="made")
    sources = [StoreSource(store), StoreSource(made, validate=False)]
    for fold in range(3):
        split = split_pages(sources, BookSplit(3, fold))
        assert len(split.validation_books) == 1
        assert split.validation_books[0].startswith("book")
        assert len(split.train[1].pages) == 4


def test_a_book_that_does_not_exist_is_named(store: Path, make_store: MakeStore) -> None:
    with pytest.raises(TrainingError, match="cannot hold out book atlas: the books are book0, book1, book2"):
        split_pages([StoreSource(store)], BookSplit(validation_books=("book0", "atlas")))
    only = StoreSource(make_store(("m", "made", 1), name="made"), validate=False)
    with pytest.raises(TrainingError, match="cannot hold out book made: the books are none"):
        split_pages([only], BookSplit(validation_books=("made",)))


def test_too_few_books_for_the_folds_are_named(store: Path) -> None:
    with pytest.raises(TrainingError, match=r"3 books cannot be dealt into 4 folds: set split\.folds"):
        split_pages([StoreSource(store)], BookSplit(4))


@pytest.mark.parametrize("name", ["empty", "missing"])
def test_a_store_without_pages_is_named(tmp_path: Path, store: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(TrainingError, match=rf"{name}: holds no prepared page"):
        split_pages([StoreSource(store), StoreSource(tmp_path / name)], BookSplit(0))


def test_holding_out_everything_leaves_nothing_to_train_on(store: Path, config: HeatmapTraining) -> None:
    split = split_pages([StoreSource(store)], BookSplit(validation_books=("book0", "book1", "book2")))
    with pytest.raises(TrainingError, match="no page to train on"):
        PageDataModule(split, config)


def placed(store: Path, config: HeatmapTraining, rank: int = 0, world_size: int = 1) -> PageDataModule:
    data = PageDataModule(split_pages([StoreSource(store)], config.split), config)
    data.trainer = SimpleNamespace(global_rank=rank, world_size=world_size)
    return data


def test_loaders_give_batches_and_pages(store: Path, config: HeatmapTraining) -> None:
    data = placed(store, config)
    tiles, heat, *_ = next(iter(data.train_dataloader()))
    assert tiles.shape == (4, 3, 64, 64)
    assert heat.shape == (4, 16, 16)
    assert len(data.train_dataloader()) == 2
    pages = list(data.val_dataloader())
    assert len(pages) == 2
    assert all(page.image.dtype == np.uint8 and len(page.boxes) == 6 for page in pages)


def test_processes_share_the_pages(store: Path, config: HeatmapTraining) -> None:
    alone = [page.image.shape for page in placed(store, config).val_dataloader()]
    for rank in range(2):
        shared = [page.image.shape for page in placed(store, config, rank, 2).val_dataloader()]
        assert shared == [alone[rank]]
    # A process without a page of its own still takes part, with one that changes no figure.
    (page,) = placed(store, config, 2, 3).val_dataloader()
    assert page.image.shape == (0, 0, 3)
    assert page.boxes.shape == (0, 4)


def test_fewer_tiles_than_processes_are_named(store: Path, config: HeatmapTraining) -> None:
    config = dataclasses.replace(config, tiles_per_epoch=2, batch_size=1)
    assert len(placed(store, config, 1, 2).train_dataloader()) == 1
    with pytest.raises(TrainingError, match="2 tiles are none for 3 processes"):
        placed(store, config, 2, 3).train_dataloader()


def test_without_exact_pages_there_is_nothing_to_validate(make_store: MakeStore, config: HeatmapTraining) -> None:
    rough = make_store(("p0", "book0", 1), ("p1", "book1", 1), kind=ROUGH)
    assert placed(rough, config).val_dataloader() == []


def test_starting_a_loader_does_not_move_the_random_numbers_of_training(store: Path, config: HeatmapTraining) -> None:
    import torch

    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    next(iter(placed(store, config).train_dataloader()))
    assert torch.equal(torch.rand(1), expected)
