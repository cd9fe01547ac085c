"""Pages in shards: the unit of work of several processes, or of a cluster.

```
pages ─ shards of a few ─ map_pages ─▶ a process: loads the pipeline once, reads a shard ─▶ journal ─▶ submission
                                       a process: ...                                        │
                                       a process that died: its shard is read anew ──────────┘ as if nothing had been
```

A shard is only read, and what comes of it is the same whoever reads it and how often; one process alone writes the
journal. So a worker that is killed loses nothing but its time, a shard that was read twice is written once, and a run
that was killed as a whole goes on with the pages that its journal lacks.
"""

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from kuzushiji_submit.core.engine import Failure, Kind, available_workers, map_pages
from kuzushiji_submit.core.memory import limit_caches, release_freed
from kuzushiji_submit.core.page.page_files import PageFile
from kuzushiji_submit.core.time_budget import TimeBudget
from kuzushiji_submit.reading.debug_sheets import DebugSheets
from kuzushiji_submit.reading.page_reader import ImageFiles, PageFailure, PageReader
from kuzushiji_submit.reading.page_reading import PageReading
from kuzushiji_submit.reading.pipeline import Pipeline

Read = list[PageReading | PageFailure]


@dataclass(frozen=True)
class Shard:
    """Some pages, with all that a worker must know of them.

    Attributes:
        image_ids: the pages.
        files: the image of each that has one.
        missing: why the others have none.
    """

    image_ids: tuple[str, ...]
    files: Mapping[str, PageFile]
    missing: Mapping[str, str]

    @classmethod
    def of(cls, image_ids: Sequence[str], images: ImageFiles) -> "Shard":
        """The shard of some pages of a folder."""
        found = {image_id: images.get(image_id) for image_id in image_ids}
        files = {image_id: file for image_id, file in found.items() if file is not None}
        missing = {image_id: images.why_missing(image_id) for image_id, file in found.items() if file is None}
        return cls(tuple(image_ids), files, missing)

    @property
    def image_id(self) -> str:
        """What it is called in errors."""
        return self.image_ids[0] if len(self.image_ids) == 1 else f"{self.image_ids[0]} ... {self.image_ids[-1]}"

    def get(self, image_id: str, /) -> PageFile | None:
        """As `ImageFiles`."""
        return self.files.get(image_id)

    def why_missing(self, image_id: str) -> str:
        """As `ImageFiles`."""
        return self.missing[image_id]

    def single_pages(self) -> Iterator["Shard"]:
        """A shard of each page."""
        for image_id in self.image_ids:
            yield Shard.of([image_id], self)


@dataclass(frozen=True)
class ShardReader:
    """What a worker does with a shard; it travels to the worker, the pipeline does not.

    Attributes:
        load: makes the pipeline, in every process once.
        debug: folder for debug sheets, or None.
        batch_pages: pages recognized together.
        name: tells the pipelines of several readers apart.
    """

    load: Callable[[], Pipeline]
    debug: Path | None = None
    batch_pages: int = 1
    name: str = field(default_factory=lambda: uuid.uuid4().hex)

    def __call__(self, shard: Shard) -> Read:
        """What was read on each page, in their order."""
        pipeline = self._pipeline()
        sheets = DebugSheets(pipeline.detector, self.debug) if self.debug is not None else None
        read: Read = []
        for done in PageReader(pipeline, shard, sheets, self.batch_pages).read(shard.image_ids):
            read.append(done)
            release_freed()
        return read

    def _pipeline(self) -> Pipeline:
        if self.name not in _loaded:
            _loaded.clear()
            limit_caches()
            _loaded[self.name] = self.load()
        return _loaded[self.name]


_loaded: dict[str, Pipeline] = {}


@dataclass(frozen=True)
class ShardedReader:
    """Reads pages by their ids, as `PageReader`, in many processes or on a cluster.

    Attributes:
        reader: what each worker does.
        images: the image files by image_id.
        kind: where the workers are.
        shard_pages: pages in a shard: what a worker reads before it hands anything back. More where pages that are
            read together are more.
        workers: how many shards are read at once; None for one on each processor.
        time_budget: no further shard is waited for after the one in which it is used up; None for no limit.
        windows: which pages must be read together (`Pipeline.windows`); None where each is read by itself.
    """

    reader: ShardReader
    images: ImageFiles
    kind: Kind = "processes"
    shard_pages: int = 8
    workers: int | None = None
    time_budget: TimeBudget | None = None
    windows: Callable[[Sequence[str]], list[list[str]]] | None = None

    def read(self, image_ids: Sequence[str]) -> Iterator[PageReading | PageFailure]:
        """Readings and failures as they come; all pages, or those that the time suffices for."""
        yield from self._read(Shard.of(pages, self.images) for pages in self._packed(image_ids))

    def _packed(self, image_ids: Sequence[str]) -> Iterator[list[str]]:
        """Whole windows, so many together that they have the pages of a shard."""
        pages: list[str] = []
        for window in self.windows(image_ids) if self.windows else [[image_id] for image_id in image_ids]:
            pages += window
            if len(pages) >= self.shard_pages:
                yield pages
                pages = []
        if pages:
            yield pages

    def _read(self, shards: Iterator[Shard]) -> Iterator[PageReading | PageFailure]:
        workers = self.workers or available_workers(self.kind)
        for done in map_pages(self.reader, shards, workers, self.kind):
            if not isinstance(done, Failure):
                yield from done
            elif len(done.item.image_ids) == 1:
                yield PageFailure(done.item.image_id, str(done.error))
            else:
                # Which of its pages it was shows when each is read alone.
                yield from self._read(done.item.single_pages())
            if self.time_budget is not None and self.time_budget.used_up:
                return
