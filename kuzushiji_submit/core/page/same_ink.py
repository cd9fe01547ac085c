"""Where ink meets ink: what was made of one must not be used with another."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

from kuzushiji_submit.core.errors import WeightsError
from kuzushiji_submit.core.page.ink import InkConfig


def require_trained_ink(shown: InkConfig, trained_on: InkConfig, what: str) -> None:
    """Refuses to show a network an ink that it was not trained on.

    Args:
        shown: the ink it would be shown.
        trained_on: the ink that its weights name.
        what: whose ink it is, for the message, such as "the ink in the settings".

    Raises:
        WeightsError: if they differ; names the settings.
    """
    if difference := ink_difference(shown, trained_on):
        raise WeightsError(
            f"{what} is not the ink that the weights were trained on ({difference}): leave these settings out, or name "
            "weights that were trained on it"
        )


def ink_difference(found: InkConfig, wanted: InkConfig) -> str:
    """In words, in which settings two inks differ: "floor 0.7, not 0.25"; empty where they are the same."""
    return ", ".join(f"{name} {one}, not {other}" for name, one, other in _differing(found, wanted))


def _differing(found: Any, wanted: Any, prefix: str = "") -> Iterator[tuple[str, object, object]]:  # noqa: ANN401
    for field in fields(found):
        one, other = getattr(found, field.name), getattr(wanted, field.name)
        if is_dataclass(one):
            yield from _differing(one, other, f"{prefix}{field.name}.")
        elif one != other:
            yield f"{prefix}{field.name}", one, other
