"""What training data of a competition's size cost without a network: disk, start, memory, crops and tiles a second.

Usage: python scripts/benchmark_training_data.py --out DIR [--crops STORE] [--pages STORE] [--crop-count 683464]
           [--page-count 3881] [--batches 200] [--readers 0] [--reader PRESET] [--detector PRESET] [--device cpu]

A store of the wanted size is made in DIR by repeating a finished one: crops are copied, so that they fill disk and page
cache as others would; pages are links to the same files, and their size is what copies would take. What stands in DIR
with the same size is taken as it is. Then the loaders of `kuzushiji train` run without a network, first with nothing of
the files in memory, then with all that fits. A CPU second is one of this process and its threads. Memory is told apart:
`own` is anonymous (RssAnon of Linux), `mapped` are pages of files that the system takes back when it needs room.
"""

import argparse
import itertools
import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch

from detection.training.config import HeatmapTraining
from detection.training.data import PageDataModule, StoreSource, split_pages
from detection.training.page_store import PageStore
from kuzushiji_submit.core.errors import CropStoreError, KuzushijiError
from kuzushiji_submit.core.files import fit_name, naming_full_disk
from kuzushiji_submit.core.progress import counter
from kuzushiji_submit.core.settings import read_settings
from kuzushiji_submit.training_data.recognizer_sources import RecognizerTraining
from recognition.preprocess import finish_inputs, to_unit
from recognition.training.augment import augment
from recognition.training.config import TrainConfig
from recognition.training.crop_store import CropStore
from recognition.training.crop_store_manifest import MANIFEST, Shard, array_types
from recognition.training.dataset import Batch, CropDataModule
from recognition.training.sources import CropSource, MixedCrops
from recognition.training.split import make_split

Item = TypeVar("Item")
CROPS, PAGES = 683_464, 3_881
"""Characters and pages of the competition's train.csv."""
AUGMENTED = 8
"""Batches that the augmentation is timed on."""


def _again_and_again(items: Sequence[Item]) -> Iterator[tuple[int, Item]]:
    """Each item with the number of times that it came before, without end."""
    return ((repeat, item) for repeat in itertools.count() for item in items)


def repeat_crops(source: CropStore, folder: Path, count: int) -> CropStore:
    """A store of `count` crops, shard by shard those of another one, its pages under new names.

    Raises:
        CropStoreError: if the source is empty, or the folder holds a store of another size.
        OutputError: if the disk is full.
    """
    if not len(source):
        raise CropStoreError(f"{source.folder}: holds no crop to repeat: name another store")
    if (folder / MANIFEST).exists():
        found = CropStore(folder)
        if len(found) != count:
            raise CropStoreError(f"{folder}: holds {len(found):,} crops, not {count:,}: remove it or name another")
        return found
    folder.mkdir(parents=True, exist_ok=True)
    shards: list[Shard] = []
    size = source.crop_config.size
    with naming_full_disk(folder, count * size * size), counter("repeat crops", total=count, unit="crop") as bar:
        for repeat, shard in _again_and_again(source.manifest.shards):
            left = count - sum(written.count for written in shards)
            if not left:
                break
            part = _first_crops(shard, f"shard-{len(shards):05d}", repeat, left)
            for kind in array_types(size):
                array = np.load(source.folder / f"{shard.name}.{kind}.npy", mmap_mode="r" if shard.count else None)
                np.save(folder / f"{part.name}.{kind}.npy", array[: part.count])
            part.write_pages(folder)
            shards.append(part)
            bar.update(part.count)
        replace(source.manifest, source="repeated", shards=tuple(shards)).write(folder)
    return CropStore(folder)


def _first_crops(shard: Shard, name: str, repeat: int, count: int) -> Shard:
    """The pages of a shard under new names, up to so many crops."""
    kept, left = [], count
    for page in shard.pages:
        if left > 0:
            kept.append(replace(page, page_id=f"{page.page_id}-r{repeat}", count=min(page.count, left)))
            left -= page.count
    return Shard(name, tuple(kept))


def repeat_pages(source: PageStore, folder: Path, count: int) -> PageStore:
    """A store of `count` pages, links to those of another one under new names.

    Raises:
        DetectionError: if the source is damaged.
        KuzushijiError: if it is empty.
    """
    page_ids = source.page_ids()
    if not page_ids or source.ink is None:
        raise KuzushijiError(f"{source.folder}: holds no page to repeat: name another store")
    store = PageStore(folder)
    store.begin(source.ink)
    (folder / "pages").mkdir(exist_ok=True)
    for repeat, page_id in itertools.islice(_again_and_again(page_ids), count):
        new_id = f"{page_id}-r{repeat}"
        if new_id in store:
            continue
        link = folder / "pages" / fit_name(new_id, ".npy")
        link.unlink(missing_ok=True)
        link.symlink_to((source.folder / "pages" / fit_name(page_id, ".npy")).resolve())
        truth = json.loads((source.folder / "pages" / fit_name(page_id, ".json")).read_text(encoding="utf-8"))
        text = json.dumps({**truth, "page_id": new_id})
        (folder / "pages" / fit_name(new_id, ".json")).write_text(text, encoding="utf-8")
    return store


@dataclass
class Memory:
    """Megabytes of this process: now, and the largest that was seen."""

    own: float = 0.0
    mapped: float = 0.0

    def look(self) -> None:
        """Takes what is larger than before."""
        fields = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
        own, mapped = (int(fields[name].split()[0]) / 1024 for name in ("RssAnon", "RssFile"))
        self.own, self.mapped = max(self.own, own), max(self.mapped, mapped)


@dataclass
class Clock:
    """Seconds of a block, by the clock and of CPU."""

    wall: float = 0.0
    cpu: float = 0.0


@contextmanager
def timed() -> Iterator[Clock]:
    """Fills in the clock when the block ends."""
    clock, wall, cpu = Clock(), time.perf_counter(), time.process_time()
    yield clock
    clock.wall, clock.cpu = time.perf_counter() - wall, time.process_time() - cpu


def files_of(folder: Path) -> list[Path]:
    """All files below a folder."""
    return sorted(path for path in folder.rglob("*") if path.is_file())


def forget(folder: Path) -> None:
    """Asks the system to keep nothing of the files in memory."""
    for path in files_of(folder):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(descriptor)


def read_through(folder: Path) -> None:
    """Reads every file once, so that it lies in memory if there is room."""
    for path in {path.resolve() for path in files_of(folder)}:
        with path.open("rb") as stream:
            while stream.read(1 << 24):
                pass


@dataclass
class Bench:
    """Loaders of one store, timed.

    Attributes:
        name: what an item is called.
        folder: the store.
        open: opens it and gives the loader of an epoch, for so many reader processes.
        batches: batches a measurement.
        memory: of the process, before anything was opened.
    """

    name: str
    folder: Path
    open: Callable[[int], Any]
    batches: int
    memory: Memory

    def start(self) -> Batch:
        """Prints how long the first batch takes, and gives it."""
        before = Memory(self.memory.own, self.memory.mapped)
        with timed() as opening:
            loader = self.open(0)
        self.memory.look()
        with timed() as first:
            batch: Batch = next(iter(loader))
        print(f"  opened                     {opening.wall:8.2f} s, {opening.cpu:.2f} s of CPU")
        print(f"  then the first batch       {first.wall:8.2f} s, {first.cpu:.2f} s of CPU")
        print(
            f"  own memory                 {self.memory.own - before.own:8.0f} MB more than the {before.own:.0f} before"
        )
        return batch

    def load(self, readers: int, how: str) -> None:
        """Prints the rate of a loader."""
        loader = self.open(readers)
        iterator = itertools.chain.from_iterable(itertools.repeat(loader))  # epoch after epoch
        next(iterator)  # readers are up
        count = 0
        with timed() as clock:
            for number, batch in enumerate(itertools.islice(iterator, self.batches)):
                count += len(batch[0])
                if number % 20 == 0:
                    self.memory.look()
        self.memory.look()
        rate = f"{count / clock.wall:8,.0f} {self.name}s/s"
        cpu = f", {count / max(clock.cpu, 1e-9):,.0f} a CPU second" if not readers else ""
        print(f"  {how:<26} {rate}{cpu}", flush=True)

    def run(self, readers: Sequence[int]) -> Batch:
        """Prints the whole table of a store."""
        forget(self.folder)
        batch = self.start()
        forget(self.folder)
        self.load(0, "from the disk")
        read_through(self.folder)
        for number in readers:
            self.load(number, f"from memory, {number} readers" if number else "from memory")
        print(f"  largest memory             {self.memory.own:8.0f} MB own, {self.memory.mapped:,.0f} MB mapped")
        return batch


def crop_loader(folder: Path, config: TrainConfig, readers: int) -> Any:  # noqa: ANN401 - torch's loader
    """The loader of a recognizer's epoch, with all that comes before it."""
    crops = MixedCrops([CropSource(CropStore(folder))])
    config = replace(config, runtime=replace(config.runtime, num_workers=readers))
    return CropDataModule(crops, make_split(crops, config.split), config).train_dataloader()


def tile_loader(folder: Path, config: HeatmapTraining, readers: int) -> Any:  # noqa: ANN401 - torch's loader
    """The loader of a detector's epoch, with all that comes before it."""
    config = replace(config, runtime=replace(config.runtime, num_workers=readers))
    return PageDataModule(split_pages([StoreSource(folder)], config.split), config).train_dataloader()


def measure_augmentation(batch: Batch, config: TrainConfig, device: torch.device) -> None:
    """Prints the rate of what a training step does to a batch before the network sees it."""
    pixels, geometry = (part.to(device) for part in batch[:2])

    def step() -> None:
        ink, boxes = augment(to_unit(pixels), geometry, config.augment, config.preprocess)
        finish_inputs(ink, boxes, config.preprocess)
        if device.type == "cuda":
            torch.cuda.synchronize(device)

    step()
    with timed() as clock:
        for _ in range(AUGMENTED):
            step()
    count = AUGMENTED * len(pixels)
    rate = f"{count / clock.wall:8,.0f} crops/s, {count / max(clock.cpu, 1e-9):,.0f} a CPU second"
    print(f"  augmentation, on {device.type:<9} {rate}; part of the step, not of the loader")


def _gigabytes(folder: Path) -> float:
    return sum(path.stat().st_size for path in files_of(folder)) / 1e9


def main() -> int:
    """Prints a table for each kind of store."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="gets the repeated stores")
    parser.add_argument("--crops", type=Path, metavar="STORE", help="a finished crop store")
    parser.add_argument("--pages", type=Path, metavar="STORE", help="a store of prepared pages")
    parser.add_argument("--crop-count", type=int, default=CROPS, metavar="N")
    parser.add_argument("--page-count", type=int, default=PAGES, metavar="N")
    parser.add_argument("--batches", type=int, default=200, metavar="N", help="batches a measurement (default: 200)")
    parser.add_argument("--readers", type=int, nargs="+", default=[0], metavar="N", help="processes that read")
    parser.add_argument("--reader", default="reader-kaggle", metavar="PRESET", help="settings of the recognizer")
    parser.add_argument("--detector", default="detector-kaggle", metavar="PRESET", help="settings of the detector")
    parser.add_argument("--device", default="cpu", help="where training augments (default: cpu)")
    args = parser.parse_args()
    if not (args.crops or args.pages):
        parser.error("name --crops, --pages or both")
    memory = Memory()
    memory.look()
    try:
        if args.crops:
            reader = read_settings(RecognizerTraining(), args.reader).run
            store = repeat_crops(CropStore(args.crops), args.out / "crops", args.crop_count)
            size = f"{store.crop_config.size} px, {len(store.pages):,} pages, {len(store.manifest.shards)} shards"
            print(f"{len(store):,} crops of {size}: {_gigabytes(store.folder):.2f} GB of disk")
            folder = store.folder
            del store
            bench = Bench("crop", folder, lambda readers: crop_loader(folder, reader, readers), args.batches, memory)
            measure_augmentation(bench.run(args.readers), reader, torch.device(args.device))
        if args.pages:
            detector = read_settings(HeatmapTraining(), args.detector)
            pages = repeat_pages(PageStore(args.pages), args.out / "pages", args.page_count).folder
            print(f"{args.page_count:,} prepared pages: {_gigabytes(pages):.2f} GB of disk if none were links")
            Bench("tile", pages, lambda readers: tile_loader(pages, detector, readers), args.batches, memory).run(
                args.readers
            )
    except KuzushijiError as error:
        sys.stderr.write(f"benchmark_training_data: error: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
