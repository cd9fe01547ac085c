"""What keeps memory flat."""

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
    assert asked == [("mallopt", -3, memory.OWN_PAGES_BYTES), ("malloc_trim", 0)]


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
