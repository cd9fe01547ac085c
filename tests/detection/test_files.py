import os
from pathlib import Path
from typing import IO

import pytest

from detection.files import write_whole


def test_content_is_written_into_new_folders(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b.bin"
    write_whole(path, lambda stream: stream.write(b"content"))
    assert path.read_bytes() == b"content"
    assert os.listdir(path.parent) == ["b.bin"]
    assert path.stat().st_mode & 0o777 == 0o644
    write_whole(path, lambda stream: None)
    assert path.read_bytes() == b""


def test_what_fails_midway_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "b.bin"
    path.write_bytes(b"before")

    def fail(stream: IO[bytes]) -> None:
        stream.write(b"half of it")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_whole(path, fail)
    assert path.read_bytes() == b"before"
    assert os.listdir(tmp_path) == ["b.bin"]
