"""What keeps memory flat."""

import ctypes
import os
from types import SimpleNamespace

import cv2
import pytest

from kuzushiji_submit.core import memory
from kuzushiji_submit.core.errors import PageReadError


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int, ...]]:
    """What a C library that stands in was asked for."""
    monkeypatch.delenv("ONEDNN_PRIMITIVE_CACHE_CAPACITY", raising=False)
    monkeypatch.delenv("MALLOC_MMAP_THRESHOLD_", raising=False)
    monkeypatch.delenv("THP_MEM_ALLOC_ENABLE", raising=False)
    calls: list[tuple[str, int, ...]] = []
    library = SimpleNamespace(
        mallopt=lambda *values: calls.append(("mallopt", *values)),
        malloc_trim=lambda *values: calls.append(("malloc_trim", *values)),
    )
    monkeypatch.setattr(memory, "_glibc", lambda: library)
    return calls


def test_caches_are_bounded(asked: list) -> None:
    memory.limit_caches()
    memory.release_freed()
    assert os.environ["ONEDNN_PRIMITIVE_CACHE_CAPACITY"] == str(memory.KERNELS)
    assert os.environ["THP_MEM_ALLOC_ENABLE"] == "1"
    assert asked == [("mallopt", -3, memory.OWN_PAGES_BYTES), ("mallopt", -1, memory.KEPT_BYTES), ("malloc_trim", 0)]


@pytest.mark.parametrize(
    ("freed", "expected"),
    [(0, []), (memory.KEPT_BYTES, []), (memory.KEPT_BYTES + 1, [("malloc_trim", 0)])],
)
def test_only_what_is_too_much_is_given_back(asked: list, freed: int, expected: list) -> None:
    memory._glibc().mallinfo2 = lambda: SimpleNamespace(fordblks=freed)
    memory.release_freed()
    assert asked == expected


@pytest.mark.skipif(memory._glibc() is None or not hasattr(memory._glibc(), "mallinfo2"), reason="needs glibc 2.33")
def test_the_library_tells_what_was_freed() -> None:
    library = memory._glibc()
    library.malloc_trim(0)
    library.malloc.restype, library.free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
    blocks = [library.malloc(ctypes.c_size_t(50_000)) for _ in range(400)]
    before = memory._freed_bytes(library)
    for block in blocks[:-1]:
        library.free(block)
    assert memory._freed_bytes(library) - before > 15_000_000
    library.free(blocks[-1])


def test_what_the_user_says_goes_first(asked: list, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "7")
    monkeypatch.setenv("MALLOC_MMAP_THRESHOLD_", "65536")
    memory.limit_caches()
    assert os.environ["ONEDNN_PRIMITIVE_CACHE_CAPACITY"] == "7"
    assert asked == []


def test_another_c_library_is_let_be(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(name: None) -> None:
        raise OSError(f"no library {name}")

    monkeypatch.setattr(memory.ctypes, "CDLL", refuse)
    assert memory._glibc.__wrapped__() is None
    monkeypatch.setattr(memory.ctypes, "CDLL", lambda _: SimpleNamespace(malloc_trim=refuse))
    assert memory._glibc.__wrapped__() is None
    monkeypatch.setattr(memory, "_glibc", lambda: None)
    memory.limit_caches()
    memory.release_freed()


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ValueError(), False),
        (RuntimeError("odd"), False),
        (MemoryError(), True),
        (cv2.error("(-4:Insufficient memory) Failed to allocate 9 bytes"), True),
        (
            RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried 9 bytes"),
            True,
        ),
    ],
)
def test_lacks_memory(error, expected) -> None:
    assert memory.lacks_memory(error) is expected


def test_a_page_too_large_is_named_with_its_size() -> None:
    message = r"9000 x 12000 pixels \(0\.3 GB\) do not fit the memory: scale the image"
    with pytest.raises(PageReadError, match=message), memory.naming_large_page((12_000, 9_000)):
        raise MemoryError
    with pytest.raises(ValueError, match="odd"), memory.naming_large_page((1, 1)):
        raise ValueError("odd")
