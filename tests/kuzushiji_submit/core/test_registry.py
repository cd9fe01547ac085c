"""Networks by kind and name."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Annotated

import pytest

from kuzushiji_submit.core.errors import ConfigError
from kuzushiji_submit.core.registry import (
    NetworkConfig,
    NetworkOf,
    architecture,
    architecture_of,
    config_from_plain,
    config_to_plain,
    forget,
    names,
    register,
)
from kuzushiji_submit.core.settings import from_plain, read_settings, to_plain


@dataclass(frozen=True)
class OneConfig:
    width: int = 1
    depth: int = 2

    def __post_init__(self) -> None:
        if self.width > 9:
            raise ConfigError("width at most 9")


@dataclass(frozen=True)
class OtherConfig:
    width: int = 5


class One:
    def __init__(self, config: OneConfig) -> None:
        self.config = config


class Other(One):
    pass


@pytest.fixture(autouse=True)
def known() -> Iterator[None]:
    register("thing", "one", OneConfig)(One)
    register("thing", "other", OtherConfig)(Other)
    yield
    for name in names("thing"):
        forget("thing", name)


@dataclass(frozen=True)
class Run:
    epochs: int = 1
    thing: Annotated[NetworkConfig, NetworkOf("thing", "one")] = field(default_factory=OneConfig)


def test_a_network_is_found_by_its_name_and_by_its_settings() -> None:
    assert names("thing") == ["one", "other"]
    assert architecture("thing", "one").build(OneConfig(3)).config == OneConfig(3)
    assert architecture_of(OtherConfig()).network is Other
    assert names("nothing") == []


def test_a_name_and_settings_are_given_once() -> None:
    register("thing", "one", OneConfig)(One)  # a module that is loaded again
    for name, config in (("one", int), ("third", OneConfig)):
        with pytest.raises(ValueError, match="has that name or those settings already"):
            register("thing", name, config)(Other)
    assert names("thing") == ["one", "other"]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: architecture("thing", "onee"), "unknown thing 'onee': did you mean one"),
        (lambda: architecture("nothing", "one"), "there are none"),
        (lambda: architecture_of(Run()), "Run is no registered network's settings"),
        (lambda: architecture("thing", "one").build(OtherConfig()), "takes a OneConfig, got a OtherConfig"),
        (lambda: architecture("thing", "one").build(OneConfig(), 0), "at least one class"),
        (lambda: config_from_plain("thing", {"architecture": "one", "wdth": 1}), "unknown key wdth"),
        (lambda: config_from_plain("thing", {"width": 1}), "unknown thing ''"),
    ],
)
def test_what_is_wrong_is_named(call, message) -> None:
    with pytest.raises(ConfigError, match=message):
        call()


@pytest.mark.parametrize("config", [OneConfig(3), OtherConfig()])
def test_settings_carry_their_name(config) -> None:
    assert config_from_plain("thing", config_to_plain(config)) == config
    run = Run(thing=config)
    assert from_plain(Run, to_plain(run)) == run


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        ([], OneConfig()),
        (["thing=other"], OtherConfig()),
        (["thing.width=3"], OneConfig(3)),
        (["thing=other", "thing.width=3"], OtherConfig(3)),
        (["thing.architecture=other"], OtherConfig()),
        (["thing.width=3", "thing.depth=4"], OneConfig(3, 4)),
        (["thing.width=3", "thing=one"], OneConfig(3)),
        (["thing.depth=3", "thing=other"], OtherConfig()),  # the old network's settings go with it
    ],
)
def test_a_field_of_settings_holds_any_of_them(overrides, expected) -> None:
    assert read_settings(Run(), overrides=overrides).thing == expected


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("thing=third", r"--set thing=third: unknown thing 'third': there are one, other"),
        ("thing=3", "thing must be the name of a thing, or a group"),
        ("thing.wdth=3", r"--set thing\.wdth=3: thing \(one\): unknown key wdth: did you mean width"),
        ("thing.width=10", r"--set thing\.width=10: .*width at most 9"),
    ],
)
def test_faults_of_such_a_field(override, message) -> None:
    with pytest.raises(ConfigError, match=message):
        read_settings(Run(), overrides=[override])
