"""Settings: frozen dataclasses with defaults, overridden by a TOML file and then by `key=value` texts."""

import dataclasses
import tomllib
import types
import typing
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from kuzushiji_submit.core.errors import ConfigError

T = TypeVar("T")


def resolve_config(default: T, file: Path | None = None, assignments: Sequence[str] = ()) -> T:
    """Overrides the fields of a settings dataclass, nested ones by tables or dotted keys.

    Args:
        default: an instance of a frozen dataclass.
        file: a TOML file whose keys are field names.
        assignments: texts such as "detector.window=31", applied after the file; a value that is not TOML is a string.

    Raises:
        ConfigError: on an unknown key, a value of the wrong type, or a file that cannot be read.
    """
    resolved = default
    if file is not None:
        resolved = _override(resolved, _read_toml(file), str(file), ())
    for assignment in assignments:
        resolved = _override(resolved, parse_assignment(assignment), f"--set {assignment}", ())
    return resolved


def to_dict(settings: object) -> dict[str, Any]:
    """A settings dataclass as nested dicts of JSON types."""
    if not dataclasses.is_dataclass(settings) or isinstance(settings, type):
        raise TypeError(f"{settings!r} is not an instance of a dataclass")
    return dataclasses.asdict(settings)


def _read_toml(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read ({error.strerror}): check the path") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file}: not TOML ({error}): correct the line") from None


def parse_assignment(assignment: str) -> dict[str, Any]:
    """The nested dict of a text such as "detector.window=31"; a value that is not TOML is a string.

    Raises:
        ConfigError: if it is not of the form key=value.
    """
    key, sign, text = assignment.partition("=")
    parts = key.strip().split(".")
    if not sign or not all(parts):
        raise ConfigError(f"--set {assignment}: write key=value")
    try:
        value: Any = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text
    for part in reversed(parts):
        value = {part: value}
    return dict(value)


def _override(settings: T, values: Mapping[str, Any], source: str, path: tuple[str, ...]) -> T:
    hints = typing.get_type_hints(type(settings))
    names = [field.name for field in dataclasses.fields(settings) if field.init]  # type: ignore[arg-type]
    changes: dict[str, Any] = {}
    for key, value in values.items():
        dotted = ".".join((*path, key))
        if key not in names:
            raise ConfigError(f"{source}: unknown key {dotted}: the keys there are {', '.join(names)}")
        current = getattr(settings, key)
        if dataclasses.is_dataclass(current) and not isinstance(current, type):
            if not isinstance(value, Mapping):
                raise ConfigError(f"{source}: {dotted} is a group of settings: set {dotted}.KEY")
            changes[key] = _override(current, value, source, (*path, key))
        else:
            changes[key] = _convert(value, hints[key], dotted, source)
    try:
        return dataclasses.replace(settings, **changes)  # type: ignore[type-var]
    except ValueError as error:
        raise ConfigError(f"{source}: {error}") from None


def _convert(value: Any, hint: Any, dotted: str, source: str) -> Any:  # noqa: ANN401  # a value of any TOML type
    origin = typing.get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        return _convert_union(value, hint, dotted, source)
    if origin is typing.Literal:
        fits = value in typing.get_args(hint)
    elif origin is tuple:
        return _convert_tuple(value, hint, dotted, source)
    elif hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    elif hint is Path and isinstance(value, str):
        return Path(value)
    else:
        fits = isinstance(value, hint) and not (isinstance(value, bool) and hint is not bool)
    if not fits:
        wanted = " or ".join(map(repr, typing.get_args(hint))) if origin is typing.Literal else hint.__name__
        raise ConfigError(f"{source}: {dotted} must be {wanted}, not {value!r}")
    return value


def _convert_union(value: Any, hint: Any, dotted: str, source: str) -> Any:  # noqa: ANN401
    if value in ("none", "None") and types.NoneType in typing.get_args(hint):
        return None
    for option in typing.get_args(hint):
        if option is not types.NoneType:
            try:
                return _convert(value, option, dotted, source)
            except ConfigError:
                continue
    raise ConfigError(f"{source}: {dotted} must be {hint}, not {value!r}")


def _convert_tuple(value: Any, hint: Any, dotted: str, source: str) -> tuple[Any, ...]:  # noqa: ANN401
    items = typing.get_args(hint)
    repeated = len(items) == 2 and items[1] is Ellipsis
    if not isinstance(value, list) or not (repeated or len(value) == len(items)):
        raise ConfigError(f"{source}: {dotted} must be a list{'' if repeated else f' of {len(items)}'}, not {value!r}")
    each = [items[0]] * len(value) if repeated else items
    return tuple(_convert(item, one, dotted, source) for item, one in zip(value, each, strict=True))
