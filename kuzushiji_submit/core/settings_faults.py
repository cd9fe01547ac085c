"""What is wrong with settings, in the project's words: the key, what is allowed there, and what was given."""

import dataclasses
import types
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import ValidationError

from kuzushiji_submit.core.errors import ConfigError
from kuzushiji_submit.core.presets import nearest_names

_NONE_WORDS = ("none", "None")


@dataclass(frozen=True)
class Fault:
    """Why values were refused.

    Attributes:
        key: the dotted name of the setting, or of the group whose settings do not agree; "" for the whole.
        message: what is wrong, without saying where the values come from.
        error: the class of error to raise.
    """

    key: str
    message: str
    error: type[ConfigError] = ConfigError


def find_fault(cls: type, error: ValidationError) -> Fault:
    """The first fault of a settings class's values."""
    first = error.errors()[0]
    owner, hint, key = _locate(cls, first["loc"])
    if first["type"] == "value_error":
        cause = first["ctx"]["error"]
        return Fault(key, str(cause), type(cause) if isinstance(cause, ConfigError) else ConfigError)
    if first["type"] == "unexpected_keyword_argument":
        return Fault(key, _unknown(owner, cls, key))
    if first["type"] == "missing" and not isinstance(first["loc"][-1], int):
        return Fault(key, f"{key} is missing: set it")
    if first["type"] == "dataclass_type":
        return Fault(key, f"{key} is a group of settings: set {key}.KEY" if key else _not_a_table(first["input"]))
    return Fault(key, f"{key} must be {_describe(hint)}, not {first['input']!r}")


def spell_none(cls: Any, values: object) -> object:  # noqa: ANN401 - a type annotation
    """Puts None where a setting that may be left empty is the word none: TOML has no empty value."""
    if (group := _group(cls)) is None or not isinstance(values, Mapping):
        may_be_none = types.NoneType in get_args(cls) and str not in get_args(cls)
        return None if may_be_none and values in _NONE_WORDS else values
    hints = get_type_hints(group)
    return {key: spell_none(hints.get(key), value) for key, value in values.items()}


def _locate(cls: type, place: Sequence[str | int]) -> tuple[type, Any, str]:
    """The settings class that an error lies in, the annotation there, and the key such as "inner.widths[1]"."""
    owner: Any = cls
    hint: Any = cls
    key = ""
    for part in place:
        if isinstance(part, int):
            items = get_args(hint)
            if not _fixed(hint):
                hint, key = items[0] if items else Any, f"{key}[{part}]"
            continue
        if (group := _group(hint)) is not None:
            owner, hint = group, get_type_hints(group).get(part, Any)
            key = f"{key}.{part}" if key else part
    return owner, hint, key


def _unknown(owner: type, root: type, key: str) -> str:
    *groups, name = key.split(".")
    names = [field.name for field in dataclasses.fields(owner) if field.init]
    nearest = nearest_names(name, names)
    if nearest:
        meant = ".".join([*groups, nearest[0]])
    else:
        everywhere = {dotted.rpartition(".")[2]: dotted for dotted in reversed(list(_all_keys(root)))}
        elsewhere = nearest_names(name, everywhere)
        meant = everywhere[elsewhere[0]] if elsewhere else ""
    question = f"did you mean {meant}? " if meant else ""
    return f"unknown key {key}: {question}the keys there are {', '.join(names)}"


def _all_keys(cls: type, prefix: str = "") -> Iterator[str]:
    for name, hint in get_type_hints(cls).items():
        yield f"{prefix}{name}"
        if (group := _group(hint)) is not None:
            yield from _all_keys(group, f"{prefix}{name}.")


def _group(hint: Any) -> type | None:  # noqa: ANN401 - a type annotation
    """The settings class that an annotation is, or allows beside none."""
    return next((option for option in (hint, *get_args(hint)) if dataclasses.is_dataclass(option)), None)  # type: ignore[return-value]


def _not_a_table(value: object) -> str:
    return f"expected a table of settings, got {value!r}"


def _fixed(hint: Any) -> bool:  # noqa: ANN401 - a type annotation
    """Whether it is a tuple of a fixed length."""
    return get_origin(hint) is tuple and Ellipsis not in get_args(hint)


def _describe(hint: Any) -> str:  # noqa: ANN401 - a type annotation
    """What an annotation allows, in words."""
    origin, items = get_origin(hint), get_args(hint)
    if origin is Literal:
        return " or ".join(map(repr, items))
    if origin in (Union, types.UnionType):
        return " or ".join(map(_describe, items))
    if _fixed(hint):
        return f"a list of {len(items)} ({', '.join(map(_describe, items))})"
    if origin is tuple:
        return f"a list of {_describe(items[0])}"
    plain = {types.NoneType: "none", Path: "a path"}
    return plain.get(hint) or str(getattr(hint, "__name__", hint))
