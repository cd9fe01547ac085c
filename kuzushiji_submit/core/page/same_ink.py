"""Where ink meets ink: what was made of one must not be used with another."""

from kuzushiji_submit.core.errors import WeightsError
from kuzushiji_submit.core.page.ink import InkConfig
from kuzushiji_submit.core.settings import describe_difference


def require_trained_ink(shown: InkConfig, trained_on: InkConfig, what: str) -> None:
    """Refuses to show a network an ink that it was not trained on.

    Args:
        shown: the ink it would be shown.
        trained_on: the ink that its weights name.
        what: whose ink it is, for the message, such as "the ink in the settings".

    Raises:
        WeightsError: if they differ; names the settings.
    """
    if difference := describe_difference(shown, trained_on):
        raise WeightsError(
            f"{what} is not the ink that the weights were trained on ({difference}): leave these settings out, or name "
            "weights that were trained on it"
        )
