"""What a weights file says about itself."""

import dataclasses
from dataclasses import dataclass, field
from typing import Any

from kuzushiji_submit.core.charset import Charset
from kuzushiji_submit.core.errors import CharsetError, ConfigError
from kuzushiji_submit.core.settings import from_plain, to_plain
from recognition.calibration import Calibration
from recognition.crops import CropConfig
from recognition.models.registry import ModelConfig, architecture
from recognition.preprocess import PreprocessConfig


@dataclass(frozen=True)
class Provenance:
    """Where weights come from. Text that is not known is empty.

    Attributes:
        training_data: what the model saw, with names and versions.
        license: the license the weights are under, as its SPDX name where there is one.
        attribution: the words the license asks for.
        split: how training and validation books were told apart.
        seed: the seed of the training run.
        scores: measured figures as (name, value), such as ("val_top1", 0.93).
        date: the day of the export, ISO 8601.
        notes: anything else.
    """

    training_data: str = ""
    license: str = ""
    attribution: str = ""
    split: str = ""
    seed: int = 0
    scores: tuple[tuple[str, float], ...] = ()
    date: str = ""
    notes: str = ""


@dataclass(frozen=True)
class WeightsMetadata:
    """Everything prediction needs beside the numbers.

    Attributes:
        model_name: a name of the model registry.
        model_config: the shape of the model.
        charset: the characters in class order.
        crop: how boxes become crops.
        preprocess: how crops become the model's input.
        calibration: how its scores are to be taken.
        provenance: where the weights come from.
    """

    model_name: str
    model_config: ModelConfig
    charset: Charset
    crop: CropConfig = field(default_factory=CropConfig)
    preprocess: PreprocessConfig = field(default_factory=PreprocessConfig)
    calibration: Calibration = field(default_factory=Calibration)
    provenance: Provenance = field(default_factory=Provenance)

    def to_plain(self) -> dict[str, Any]:
        """As JSON values; the charset as its codepoints and their fingerprint."""
        return {
            "model_name": self.model_name,
            "model_config": to_plain(self.model_config),
            "charset": list(self.charset.codepoints),
            "charset_fingerprint": self.charset.fingerprint,
            "crop": to_plain(self.crop),
            "preprocess": to_plain(self.preprocess),
            "calibration": to_plain(self.calibration),
            "provenance": to_plain(self.provenance),
        }

    @classmethod
    def from_plain(cls, values: dict[str, Any]) -> "WeightsMetadata":
        """Reads what `to_plain` wrote.

        Raises:
            ConfigError: if a key is missing, unknown or of the wrong type, or the model is unknown.
            CharsetError: if the charset is malformed or does not have the fingerprint it says.
        """
        expected = {one.name for one in dataclasses.fields(cls)} | {"charset_fingerprint"}
        # Files of the first version have no calibration.
        if set(values) | {"calibration"} != expected:
            odd = sorted((set(values) | {"calibration"}) ^ expected)
            raise ConfigError(f"its description has missing or unknown keys: {', '.join(odd)}")
        model_name = str(values["model_name"])
        provenance = dict(values["provenance"])
        scores = tuple((str(name), float(value)) for name, value in provenance.pop("scores", []))
        return cls(
            model_name=model_name,
            model_config=from_plain(architecture(model_name).config_class, values["model_config"], "model_config"),
            charset=_read_charset(values["charset"], values["charset_fingerprint"]),
            crop=from_plain(CropConfig, values["crop"], "crop"),
            preprocess=from_plain(PreprocessConfig, values["preprocess"], "preprocess"),
            calibration=from_plain(Calibration, values.get("calibration", {}), "calibration"),
            provenance=dataclasses.replace(from_plain(Provenance, provenance, "provenance"), scores=scores),
        )


def _read_charset(codepoints: list[str], fingerprint: str) -> Charset:
    charset = Charset(tuple(codepoints))
    if not codepoints:
        raise CharsetError("its charset is empty")
    if charset.fingerprint != fingerprint:
        raise CharsetError(
            f"its charset of {len(charset)} characters has the fingerprint {charset.fingerprint}, the file says "
            f"{fingerprint}: the class order is not the one the model was trained with"
        )
    return charset
