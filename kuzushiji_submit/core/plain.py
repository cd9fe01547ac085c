"""Between configuration dataclasses and the plain values of JSON and TOML."""

import dataclasses
import types
from collections.abc import Mapping
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from kuzushiji_submit.core.errors import ConfigError

ConfigT = TypeVar("ConfigT")


def to_plain(config: Any) -> dict[str, Any]:  # noqa: ANN401 - any dataclass instance
    """A configuration as nested dictionaries of numbers, strings, booleans and lists."""
    plain: dict[str, Any] = _to_lists(dataclasses.asdict(config))
    return plain


def from_plain(config_class: type[ConfigT], values: object, where: str = "") -> ConfigT:
    """A configuration dataclass out of plain values; a key that is left out keeps its default.

    Args:
        config_class: a dataclass of int, float, str, bool, tuples of these, and dataclasses of the same kind.
        values: the mapping to read.
        where: the dotted name of the mapping, for messages.

    Raises:
        ConfigError: if a key is unknown, a value has the wrong type, or the dataclass refuses a value.
    """
    if not isinstance(values, Mapping):
        raise ConfigError(f"{where or config_class.__name__}: expected a table of settings, got {values!r}")
    hints = get_type_hints(config_class)
    names = [field.name for field in dataclasses.fields(config_class) if field.init]  # type: ignore[arg-type]
    unknown = sorted(set(values) - set(names))
    if unknown:
        raise ConfigError(
            f"unknown setting {_dotted(where, unknown[0])}: {config_class.__name__} has {', '.join(names)}"
        )
    arguments = {name: _convert(value, hints[name], _dotted(where, name)) for name, value in values.items()}
    try:
        return config_class(**arguments)
    except TypeError as error:
        raise ConfigError(f"{where or config_class.__name__}: {error}") from error


def _convert(value: object, hint: Any, where: str) -> object:  # noqa: ANN401 - a type annotation
    if dataclasses.is_dataclass(hint):
        return from_plain(hint, value, where)  # type: ignore[arg-type]
    if get_origin(hint) is tuple:
        if not isinstance(value, list | tuple):
            raise ConfigError(f"{where}: expected a list, got {value!r}")
        return tuple(_convert(item, get_args(hint)[0], f"{where}[{place}]") for place, item in enumerate(value))
    if isinstance(hint, types.GenericAlias) or get_origin(hint) is not None:
        return value
    return _convert_scalar(value, hint, where)


def _convert_scalar(value: object, hint: type, where: str) -> object:
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, hint) or (isinstance(value, bool) and hint is not bool):
        raise ConfigError(f"{where}: expected {hint.__name__}, got {value!r}")
    return value


def _to_lists(value: object) -> Any:  # noqa: ANN401 - the JSON value
    if isinstance(value, dict):
        return {key: _to_lists(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_to_lists(item) for item in value]
    return value


def _dotted(where: str, name: str) -> str:
    return f"{where}.{name}" if where else name
