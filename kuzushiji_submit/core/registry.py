"""Networks by kind and name: a weights file and a run's settings name theirs, and one decorator makes it known.

    @register("recognizer", "reader", ReaderConfig)
    class Reader(nn.Module):
        def __init__(self, config: ReaderConfig, class_count: int) -> None: ...

A network that says characters is built from its settings and the number of classes, any other from its settings alone.
A network is known once its module is imported; `recognition.models` imports all that come with it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, TypeVar

from pydantic import ValidationInfo
from pydantic_core import CoreSchema, core_schema

from kuzushiji_submit.core.errors import ConfigError
from kuzushiji_submit.core.presets import ARCHITECTURE, did_you_mean
from kuzushiji_submit.core.settings import from_plain, to_plain

ClassT = TypeVar("ClassT", bound=type)


class NetworkConfig(Protocol):
    """The settings of a network: an instance of the frozen dataclass that it was registered with."""

    __dataclass_fields__: ClassVar[dict[str, Any]]


@dataclass(frozen=True)
class Architecture:
    """A registered network.

    Attributes:
        kind: what it does: "detector", "recognizer", ...
        name: its name among the networks of its kind.
        config_class: the dataclass of its settings; no two networks share one.
        network: the class of the network.
    """

    kind: str
    name: str
    config_class: type[Any]
    network: type[Any]

    def build(self, config: NetworkConfig, class_count: int | None = None) -> Any:  # noqa: ANN401 - torch is not loaded
        """A fresh network.

        Args:
            config: an instance of `config_class`.
            class_count: how many characters it tells apart; None for a network that says none.

        Raises:
            ConfigError: if the settings are another network's, or there is no class.
        """
        if not isinstance(config, self.config_class):
            raise ConfigError(
                f"{self.kind} {self.name} takes a {self.config_class.__name__}, got a {type(config).__name__}"
            )
        if class_count is None:
            return self.network(config)
        if class_count < 1:
            raise ConfigError(f"{self.kind} {self.name} needs at least one class, got {class_count}")
        return self.network(config, class_count)


_KNOWN: dict[tuple[str, str], Architecture] = {}


def register(kind: str, name: str, config_class: type) -> Callable[[ClassT], ClassT]:
    """Makes a network known, as a decorator of its class.

    Raises:
        ValueError: if another network has the name, or its settings, already.
    """

    def known(network: ClassT) -> ClassT:
        for other in _KNOWN.values():
            taken = (other.kind, other.name) == (kind, name) or other.config_class is config_class
            if taken and other.network is not network:
                raise ValueError(f"{kind} {name}: {other.network.__qualname__} has that name or those settings already")
        _KNOWN[kind, name] = Architecture(kind, name, config_class, network)
        return network

    return known


def forget(kind: str, name: str) -> None:
    """Takes a network out again, for those that tests make up."""
    del _KNOWN[kind, name]


def names(kind: str) -> list[str]:
    """The names of the networks of a kind."""
    return sorted(name for of, name in _KNOWN if of == kind)


def architecture(kind: str, name: str) -> Architecture:
    """The registered network of a name.

    Raises:
        ConfigError: if there is none.
    """
    if (kind, name) in _KNOWN:
        return _KNOWN[kind, name]
    question = did_you_mean(name, names(kind))
    raise ConfigError(f"unknown {kind} {name!r}: {question}there are {', '.join(names(kind)) or 'none'}")


def architecture_of(config: NetworkConfig) -> Architecture:
    """The registered network that settings are of.

    Raises:
        ConfigError: if they are none's.
    """
    for known in _KNOWN.values():
        if known.config_class is type(config):
            return known
    raise ConfigError(f"{type(config).__name__} is no registered network's settings: decorate the network's class")


def config_to_plain(config: NetworkConfig) -> dict[str, Any]:
    """A network's settings as JSON values, its name among them."""
    return {ARCHITECTURE: architecture_of(config).name, **to_plain(config)}


def config_from_plain(kind: str, values: str | Mapping[str, Any], where: str = "", default: str = "") -> Any:  # noqa: ANN401 - torch is not loaded
    """A network's settings out of its name alone, or of a mapping with the key `architecture`.

    Args:
        kind: the network's kind.
        values: a name or a mapping.
        where: what they are, for messages.
        default: the name to take where the mapping has none.

    Raises:
        ConfigError: if the network is unknown, or its settings are not right.
    """
    if isinstance(values, str):
        values = {ARCHITECTURE: values}
    name = values.get(ARCHITECTURE, default)
    settings = {key: value for key, value in values.items() if key != ARCHITECTURE}
    return from_plain(architecture(kind, str(name)).config_class, settings, where or f"{kind} {name}")


@dataclass(frozen=True)
class NetworkOf:
    """Marks a settings field that holds a network's settings, as in `Annotated[NetworkConfig, NetworkOf(kind, name)]`.

    In TOML and JSON the field is the network's name, or a group with the key `architecture` beside the settings.

    Attributes:
        kind: the network's kind.
        default: the network that a group without that key is of.
    """

    kind: str
    default: str

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> CoreSchema:  # noqa: ANN401
        """How pydantic reads and writes such a field."""
        return core_schema.with_info_plain_validator_function(
            self._read, serialization=core_schema.plain_serializer_function_ser_schema(config_to_plain)
        )

    def _read(self, values: object, info: ValidationInfo) -> object:
        if not isinstance(values, str | dict):
            raise ConfigError(f"{info.field_name} must be the name of a {self.kind}, or a group with its settings")
        name = values if isinstance(values, str) else values.get(ARCHITECTURE, self.default)
        return config_from_plain(self.kind, values, f"{info.field_name} ({name})", self.default)
