"""Settings from presets, files, `--set` and stored JSON."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Literal

import pytest

from kuzushiji_submit.core.errors import ConfigError, DurationError
from kuzushiji_submit.core.page.ink import InkConfig
from kuzushiji_submit.core.page.lines import LineConfig
from kuzushiji_submit.core.settings import describe_difference, from_plain, parse_override, read_settings, to_plain


@dataclass(frozen=True)
class Inner:
    window: int = 31
    scale: float = 1.0

    def __post_init__(self) -> None:
        if self.window < 1:
            raise ValueError(f"window must be at least 1, got {self.window}")


@dataclass(frozen=True)
class Pair:
    widths: tuple[int, ...] = (1, 2)
    blocks: tuple[int, ...] = (1,)

    def __post_init__(self) -> None:
        if len(self.widths) != len(self.blocks) + 1:
            raise ConfigError("one width more than blocks")


@dataclass(frozen=True)
class Outer:
    name: str = "ink"
    fast: bool = False
    mode: Literal["a", "b"] = "a"
    widths: tuple[int, ...] = (1, 2)
    pair: tuple[float, float] = (0.0, 1.0)
    limit: int | None = None
    either: int | str = 0
    file: Path = Path("x")
    inner: Inner = field(default_factory=Inner)
    agreeing: Pair = field(default_factory=Pair)


@pytest.mark.parametrize(
    ("override", "key", "value"),
    [
        ("name=other", "name", "other"),
        ('name="2"', "name", "2"),
        ("name=none", "name", "none"),
        ("fast=true", "fast", True),
        ("mode=b", "mode", "b"),
        ("widths=[3, 4, 5]", "widths", (3, 4, 5)),
        ("widths=[]", "widths", ()),
        ("pair=[1, 2.5]", "pair", (1.0, 2.5)),
        ("limit=7", "limit", 7),
        ("limit=none", "limit", None),
        ("either=x", "either", "x"),
        ("file=a/b", "file", Path("a/b")),
        ("inner.window=5", "inner", Inner(window=5)),
        ("inner.scale=2", "inner", Inner(scale=2.0)),
    ],
)
def test_overrides(override, key, value):
    resolved = read_settings(Outer(), overrides=[override])
    assert getattr(resolved, key) == value
    assert type(getattr(resolved, key)) is type(value)


FAULTS = [
    ({"nmae": "x"}, "unknown key nmae: did you mean name"),
    (
        {"inner": {"widow": 1}},
        r"unknown key inner\.widow: did you mean inner\.window\? the keys there are window, scale",
    ),
    ({"window": 1}, r"unknown key window: did you mean inner\.window\? the keys there are name, fast"),
    ({"qqq": 1}, "unknown key qqq: the keys there are name, fast"),
    ({"inner": 1}, r"inner is a group of settings: set inner\.KEY"),
    ({"fast": 1}, "fast must be bool, not 1"),
    ({"inner": {"window": True}}, r"inner\.window must be int, not True"),
    ({"inner": {"window": 1.5}}, "must be int, not 1.5"),
    ({"inner": {"window": "1"}}, "must be int, not '1'"),
    ({"mode": "c"}, "mode must be 'a' or 'b', not 'c'"),
    ({"widths": 3}, "widths must be a list of int, not 3"),
    ({"widths": [1.5]}, r"widths\[0\] must be int, not 1.5"),
    ({"pair": [1]}, r"pair must be a list of 2 \(float, float\), not \[1\]"),
    ({"pair": [1, 2, 3]}, r"pair must be a list of 2 \(float, float\), not \[1, 2, 3\]"),
    ({"limit": "x"}, "limit must be int or none, not 'x'"),
    ({"either": [1]}, r"either must be int or str, not \[1\]"),
    ({"name": None}, "name must be str, not None"),
    ({"inner": {"window": 0}}, "window must be at least 1"),
    ({"agreeing": {"widths": [1]}}, "one width more than blocks"),
]


@pytest.mark.parametrize(("values", "message"), FAULTS)
def test_faults_of_stored_values(values, message):
    with pytest.raises(ConfigError, match=rf"^run: .*{message}"):
        from_plain(Outer, values, "run")


# TOML has no empty value.
@pytest.mark.parametrize(("values", "message"), [fault for fault in FAULTS if fault[0] != {"name": None}])
def test_the_same_faults_of_overrides_name_the_override(values, message):
    ((key, value),) = values.items()
    while isinstance(value, dict):
        ((inner, value),) = value.items()
        key = f"{key}.{inner}"
    override = f"{key}={json.dumps(value)}"
    with pytest.raises(ConfigError) as caught:
        read_settings(Outer(), overrides=["file=other", override, "mode=b"] if key != "mode" else [override])
    assert str(caught.value).startswith(f"--set {override}: ")
    with pytest.raises(ConfigError, match=message):
        raise caught.value


@pytest.mark.parametrize("override", ["name", "=1", "a..b=1", ""])
def test_no_override(override):
    with pytest.raises(ConfigError, match="write key=value"):
        parse_override(override)


def test_settings_that_must_agree_are_given_together():
    overrides = ["agreeing.widths=[1, 2, 3]", "agreeing.blocks=[4, 5]"]
    for given in (overrides, overrides[::-1]):
        assert read_settings(Outer(), overrides=given).agreeing == Pair((1, 2, 3), (4, 5))


def test_the_default_is_what_nothing_overrides():
    default = Outer(name="mine", inner=Inner(window=3))
    assert read_settings(default) == default
    assert read_settings(default, overrides=["inner.scale=2"]).inner == Inner(3, 2.0)


def test_file_then_overrides(tmp_path):
    file = tmp_path / "run.toml"
    file.write_text('name = "file"\n[inner]\nwindow = 3\nscale = 4\n')
    resolved = read_settings(Outer(), str(file), ["inner.window=9"])
    assert resolved == Outer(name="file", inner=Inner(window=9, scale=4.0))
    assert to_plain(resolved)["inner"] == {"window": 9, "scale": 4.0}


def test_a_fault_names_the_file_it_stands_in(tmp_path):
    file = tmp_path / "run.toml"
    file.write_text("[inner]\nwindow = 0\n")
    with pytest.raises(ConfigError, match=r"^--config .*run\.toml: window must be at least 1"):
        read_settings(Outer(), str(file), ["name=x"])


@pytest.mark.parametrize("values", [[], 3, "x", None])
def test_no_table(values):
    with pytest.raises(ConfigError, match="expected a table of settings"):
        from_plain(Outer, values)


@dataclass(frozen=True)
class Derived:
    DERIVED: ClassVar[tuple[str, ...]] = ("inner.window",)
    fast: bool = False
    inner: Inner = field(default_factory=Inner)

    def __post_init__(self) -> None:
        if self.inner == Inner():
            object.__setattr__(self, "inner", Inner(7 if self.fast else 9))


def test_what_a_class_derives_is_derived_again():
    assert read_settings(Derived()).inner.window == 9
    assert read_settings(Derived(), overrides=["fast=true"]).inner.window == 7
    assert read_settings(Derived(), overrides=["fast=true", "inner.window=4"]).inner.window == 4


@dataclass(frozen=True)
class Timed:
    time: str = "8h"

    def __post_init__(self) -> None:
        raise DurationError(f"{self.time} is no duration")


def test_a_named_error_keeps_its_class():
    with pytest.raises(DurationError, match="run: 8h is no duration"):
        from_plain(Timed, {}, "run")


@dataclass(frozen=True)
class Required:
    count: int


def test_a_missing_key_is_named():
    with pytest.raises(ConfigError, match="count is missing"):
        from_plain(Required, {})


@pytest.mark.parametrize("settings", [Outer(), Outer(limit=3, widths=(), file=Path("a"), inner=Inner(2, 0.5))])
def test_plain_values_survive_json(settings):
    assert from_plain(Outer, json.loads(json.dumps(to_plain(settings)))) == settings


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (InkConfig(), ""),
        (InkConfig(floor=0.7), "floor 0.7, not 0.25"),
        (
            InkConfig(remove_lines=False, lines=LineConfig(level=50)),
            "remove_lines False, not True, lines.level 50, not 40",
        ),
    ],
)
def test_differences_are_named(found: InkConfig, expected: str) -> None:
    assert describe_difference(found, InkConfig()) == expected
