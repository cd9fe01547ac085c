"""Settings from files and assignments."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest

from kuzushiji_submit.core.errors import ConfigError
from kuzushiji_submit.core.settings import resolve_config, to_dict


@dataclass(frozen=True)
class Inner:
    window: int = 31
    scale: float = 1.0

    def __post_init__(self) -> None:
        if self.window < 1:
            raise ValueError(f"window must be at least 1, got {self.window}")


@dataclass(frozen=True)
class Outer:
    name: str = "ink"
    fast: bool = False
    mode: Literal["a", "b"] = "a"
    widths: tuple[int, ...] = (1, 2)
    pair: tuple[float, float] = (0.0, 1.0)
    limit: int | None = None
    file: Path = Path("x")
    inner: Inner = field(default_factory=Inner)


@pytest.mark.parametrize(
    ("assignment", "key", "value"),
    [
        ("name=other", "name", "other"),
        ('name="2"', "name", "2"),
        ("fast=true", "fast", True),
        ("mode=b", "mode", "b"),
        ("widths=[3, 4, 5]", "widths", (3, 4, 5)),
        ("widths=[]", "widths", ()),
        ("pair=[1, 2.5]", "pair", (1.0, 2.5)),
        ("limit=7", "limit", 7),
        ("limit=none", "limit", None),
        ("file=a/b", "file", Path("a/b")),
        ("inner.window=5", "inner", Inner(window=5)),
        ("inner.scale=2", "inner", Inner(scale=2.0)),
    ],
)
def test_assignments(assignment, key, value):
    resolved = resolve_config(Outer(), assignments=[assignment])
    assert getattr(resolved, key) == value
    assert type(getattr(resolved, key)) is type(value)


@pytest.mark.parametrize(
    ("assignment", "message"),
    [
        ("name", "write key=value"),
        ("=1", "write key=value"),
        ("nmae=x", "unknown key nmae: the keys there are name, fast"),
        ("inner.widow=1", r"unknown key inner\.widow: the keys there are window, scale"),
        ("inner=1", "inner is a group of settings"),
        ("fast=1", "fast must be bool, not 1"),
        ("inner.window=true", "inner.window must be int, not True"),
        ("inner.window=1.5", "must be int"),
        ("mode=c", "mode must be 'a' or 'b', not 'c'"),
        ("widths=3", "widths must be a list, not 3"),
        ("pair=[1]", "pair must be a list of 2"),
        ("widths=[1.5]", "must be int, not 1.5"),
        ("limit=x", "limit must be"),
        ("inner.window=0", "window must be at least 1"),
    ],
)
def test_faults(assignment, message):
    with pytest.raises(ConfigError, match=message):
        resolve_config(Outer(), assignments=[assignment])


def test_file_then_assignments(tmp_path):
    file = tmp_path / "run.toml"
    file.write_text('name = "file"\n[inner]\nwindow = 3\nscale = 4\n')
    resolved = resolve_config(Outer(), file, ["inner.window=9"])
    assert resolved == Outer(name="file", inner=Inner(window=9, scale=4.0))
    assert to_dict(resolved)["inner"] == {"window": 9, "scale": 4.0}


@pytest.mark.parametrize("content", [b"name = ", b"\xff"])
def test_bad_files(tmp_path, content):
    file = tmp_path / "run.toml"
    file.write_bytes(content)
    with pytest.raises(ConfigError, match=r"run\.toml: not TOML"):
        resolve_config(Outer(), file)
    with pytest.raises(ConfigError, match="cannot be read"):
        resolve_config(Outer(), tmp_path / "none.toml")


def test_to_dict_takes_instances_only():
    with pytest.raises(TypeError, match="not an instance of a dataclass"):
        to_dict(Outer)
