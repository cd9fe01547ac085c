import json
from dataclasses import dataclass, field

import pytest

from kuzushiji_submit.core.errors import ConfigError
from kuzushiji_submit.core.plain import from_plain, to_plain
from recognition.training.config import TrainConfig


@dataclass(frozen=True)
class Inner:
    side: float = 1.0

    def __post_init__(self) -> None:
        if self.side < 0:
            raise ConfigError("side must not be negative")


@dataclass(frozen=True)
class Outer:
    count: int = 2
    name: str = "x"
    on: bool = False
    widths: tuple[int, ...] = (1, 2)
    inner: Inner = field(default_factory=Inner)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, Outer()),
        ({"inner": {}}, Outer()),
        ({"widths": []}, Outer(widths=())),
        ({"widths": [3], "on": True}, Outer(widths=(3,), on=True)),
        ({"inner": {"side": 2}}, Outer(inner=Inner(2.0))),
    ],
)
def test_values_become_settings(values: dict, expected: Outer) -> None:
    assert from_plain(Outer, values) == expected


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([], "expected a table"),
        ({"cuont": 1}, "unknown setting cuont"),
        ({"inner": {"sied": 1}}, r"unknown setting inner\.sied"),
        ({"inner": 1}, "inner: expected a table"),
        ({"count": 1.5}, "count: expected int"),
        ({"count": True}, "count: expected int"),
        ({"on": 1}, "on: expected bool"),
        ({"name": None}, "name: expected str"),
        ({"widths": 3}, "widths: expected a list"),
        ({"widths": [1, "2"]}, r"widths\[1\]: expected int"),
        ({"inner": {"side": -1}}, "must not be negative"),
    ],
)
def test_what_does_not_fit_is_refused(values: object, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        from_plain(Outer, values)


def test_train_config_survives_json() -> None:
    config = TrainConfig(epochs=3)
    assert from_plain(TrainConfig, json.loads(json.dumps(to_plain(config)))) == config
