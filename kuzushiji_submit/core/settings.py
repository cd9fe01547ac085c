"""Settings: frozen dataclasses with defaults, read out of TOML, `key=value` texts and stored JSON by one reader.

Pydantic checks the values against the dataclasses' annotations, strictly: `"3"` is no number, `1` no truth value.
"""

import json
import tomllib
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from typing import Any, TypeVar, cast

from pydantic import TypeAdapter, ValidationError

from kuzushiji_submit.core.errors import ConfigError
from kuzushiji_submit.core.presets import merge, read_preset
from kuzushiji_submit.core.settings_faults import find_fault, spell_none

T = TypeVar("T")


def to_plain(value: object) -> Any:  # noqa: ANN401 - the JSON value
    """A dataclass, or what lies in one, as numbers, strings, booleans, lists and dictionaries."""
    return _adapter(cast("Hashable", type(value))).dump_python(value, mode="json")


def from_plain(cls: type[T], values: object, where: str = "") -> T:
    """A settings dataclass out of plain values; a key that is left out keeps its default.

    Args:
        cls: the dataclass.
        values: the mapping to read.
        where: what the mapping is, for messages.

    Raises:
        ConfigError: if a key is unknown, a value has the wrong type, or the dataclass refuses a value.
    """
    return _validate(cls, values, lambda _: where or cls.__name__)


def describe_difference(found: T, wanted: T) -> str:
    """In words, in which settings two dataclasses of one type differ: "floor 0.7, not 0.25"; empty if in none."""
    return ", ".join(f"{name} {one}, not {other}" for name, one, other in _differing(found, wanted))


def read_settings(default: T, preset_or_path: str | None = None, overrides: Sequence[str] = ()) -> T:
    """Settings out of a preset or TOML file and then `key=value` texts; the whole is checked once, at the end.

    So settings that must agree can be given together, one after the other.

    Args:
        default: an instance of a frozen dataclass. What its attribute DERIVED names (dotted) is not taken from it: the
            class works that out of the other settings.
        preset_or_path: the name of a preset, or a TOML file whose keys are field names.
        overrides: texts such as "detector.window=31"; a value that is not TOML is a string, "none" is no value.

    Raises:
        ConfigError: if a key is unknown, a value has the wrong type or is refused by its dataclass, or the file cannot
            be read.
    """
    sources = []
    if preset_or_path is not None:
        sources.append(_Source(f"--config {preset_or_path}", read_preset(preset_or_path)))
    sources += [_Source(f"--set {override}", parse_override(override)) for override in overrides]
    values: Any = to_plain(default)
    for dotted in getattr(type(default), "DERIVED", ()):
        _forget(values, dotted.split("."))
    for source in sources:
        values = merge(values, source.values)

    def source_of(key: str) -> str:
        return next((source.name for source in reversed(sources) if source.sets(key)), "settings")

    return _validate(type(default), values, source_of)


def parse_override(override: str) -> dict[str, Any]:
    """The nested dict of a text such as "detector.window=31"; a value that is not TOML is a string.

    Raises:
        ConfigError: if it is not of the form key=value.
    """
    key, sign, text = override.partition("=")
    parts = key.strip().split(".")
    if not sign or not all(parts):
        raise ConfigError(f"--set {override}: write key=value")
    try:
        value: Any = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text
    for part in reversed(parts):
        value = {part: value}
    return dict(value)


def _differing(found: Any, wanted: Any, prefix: str = "") -> Iterator[tuple[str, object, object]]:  # noqa: ANN401
    for field in fields(found):
        one, other = getattr(found, field.name), getattr(wanted, field.name)
        if is_dataclass(one):
            yield from _differing(one, other, f"{prefix}{field.name}.")
        elif one != other:
            yield f"{prefix}{field.name}", one, other


@dataclass(frozen=True)
class _Source:
    """A preset, a file or one `--set`, and what it sets."""

    name: str
    values: Mapping[str, Any]

    def sets(self, key: str) -> bool:
        """Whether the setting of a dotted name, a group above it, or one below it, comes from here."""
        setting = key.partition("[")[0]
        return any(
            not setting or f"{setting}.".startswith(f"{leaf}.") or leaf.startswith(f"{setting}.")
            for leaf in _leaves(self.values)
        )


def _validate(cls: type[T], values: object, source_of: Callable[[str], str]) -> T:
    """The settings of a class; a fault is named with the source that the dotted key at fault comes from."""
    # As JSON, because there strictness still takes a list for a tuple, a whole number for a float, a text for a path.
    text = json.dumps(spell_none(cls, values), default=str)
    try:
        settings: T = _adapter(cast("Hashable", cls)).validate_json(text, strict=True, extra="forbid")
    except ValidationError as error:
        fault = find_fault(cls, error)
        raise fault.error(f"{source_of(fault.key)}: {fault.message}") from None
    return settings


@cache
def _adapter(cls: Any) -> TypeAdapter[Any]:  # noqa: ANN401 - any class
    return TypeAdapter(cls)


def _forget(values: dict[str, Any], parts: Sequence[str]) -> None:
    """Takes a setting out of nested dictionaries."""
    *groups, name = parts
    for group in groups:
        values = values[group]
    del values[name]


def _leaves(values: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    """The dotted names of what nested dictionaries set."""
    for key, value in values.items():
        if isinstance(value, Mapping) and value:
            yield from _leaves(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}"
