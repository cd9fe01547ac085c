"""Settings by name: TOML files that come with the package, and those of the user."""

import tomllib
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from kuzushiji_submit.core.errors import ConfigError

PRESETS = Path(__file__).resolve().parents[1] / "presets"
SUFFIX = ".toml"
EXTENDS = "extends"
"""The key by which a file names the preset, or file, whose settings it starts from."""
ARCHITECTURE = "architecture"
"""The key by which a group of settings says which network they are of."""


def nearest_names(name: str, names: Iterable[str]) -> list[str]:
    """The name that was probably meant, or none."""
    return get_close_matches(name, list(names), 1, cutoff=0.7)


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """A question for the middle of a message, such as "did you mean reader? "; empty where no name is near."""
    nearest = nearest_names(name, names)
    return f"did you mean {nearest[0]}? " if nearest else ""


def preset_names() -> list[str]:
    """The names of the presets."""
    return sorted(path.stem for path in PRESETS.glob(f"*{SUFFIX}"))


def read_preset(preset_or_path: str) -> dict[str, Any]:
    """The settings of a preset or a TOML file, those of what it extends included.

    Raises:
        ConfigError: if there is no such preset or file, it is not TOML, or files extend each other in a circle.
    """
    return _read(preset_or_path, ())


def merge(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of `new` on top of those of `old`, group by group.

    A network is a name alone, or a group whose key `architecture` is that name. Under another name nothing of the old
    group is kept, since it holds another network's settings.
    """
    return {**old, **{key: _merge_value(old.get(key), value) for key, value in new.items()}}


def _merge_value(old: object, new: object) -> object:
    if isinstance(old, Mapping) and ARCHITECTURE in old and isinstance(new, str):
        new = {ARCHITECTURE: new}
    if isinstance(old, str) and isinstance(new, Mapping):
        old = {ARCHITECTURE: old}
    if not (isinstance(old, Mapping) and isinstance(new, Mapping)):
        return new
    if ARCHITECTURE in old and new.get(ARCHITECTURE, old[ARCHITECTURE]) != old[ARCHITECTURE]:
        return new
    return merge(old, new)


def _read(preset_or_path: str, before: tuple[Path, ...]) -> dict[str, Any]:
    path = _find(preset_or_path)
    if path in before:
        raise ConfigError(f"{path}: extends itself by way of {' and '.join(map(str, before))}: take one extends out")
    values = _read_toml(path)
    if EXTENDS not in values:
        return values
    base = values.pop(EXTENDS)
    if not isinstance(base, str):
        raise ConfigError(f"{path}: {EXTENDS} must be the name of a preset or file, not {base!r}")
    near = path.parent / base
    return merge(_read(str(near) if near.is_file() else base, (*before, path)), values)


def _find(preset_or_path: str) -> Path:
    path = Path(preset_or_path)
    if path.suffix == SUFFIX or len(path.parts) != 1:
        return path
    names = preset_names()
    if preset_or_path in names:
        return PRESETS / f"{preset_or_path}{SUFFIX}"
    if path.is_file():
        return path
    question = did_you_mean(preset_or_path, names)
    raise ConfigError(
        f"{preset_or_path}: no such preset: {question}the presets are {', '.join(names)}; or name a TOML file"
    )


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}): check the path") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not TOML ({error}): correct the line") from None
