"""What a recognizer's weights file says about itself, with the types of this stage."""

from dataclasses import dataclass, field

from kuzushiji_submit.core.charset import Charset
from kuzushiji_submit.core.errors import WeightsError
from kuzushiji_submit.core.page.ink import InkConfig
from kuzushiji_submit.core.registry import NetworkConfig, architecture_of
from kuzushiji_submit.core.settings import from_plain, to_plain
from kuzushiji_submit.core.weights_record import Provenance, WeightsRecord, settings_of
from recognition.calibration import Calibration
from recognition.crops import CropConfig
from recognition.models.registry import KIND
from recognition.preprocess import PreprocessConfig


@dataclass(frozen=True)
class WeightsMetadata:
    """Everything prediction needs beside the numbers.

    Attributes:
        model: the settings of the network, which say which one it is.
        charset: the characters in class order.
        crop: how boxes become crops.
        preprocess: how crops become the model's input.
        ink: how the ink was made that the crops were cut from.
        calibration: how its scores are to be taken.
        provenance: where the weights come from.
    """

    model: NetworkConfig
    charset: Charset
    crop: CropConfig = field(default_factory=CropConfig)
    preprocess: PreprocessConfig = field(default_factory=PreprocessConfig)
    ink: InkConfig = field(default_factory=InkConfig)
    calibration: Calibration = field(default_factory=Calibration)
    provenance: Provenance = field(default_factory=Provenance)

    @property
    def model_name(self) -> str:
        """The network's name."""
        return architecture_of(self.model).name

    def to_record(self) -> WeightsRecord:
        """As every weights file says it."""
        return WeightsRecord(
            kind=KIND,
            architecture=self.model_name,
            settings=to_plain(self.model),
            charset=self.charset,
            ink=self.ink,
            preprocessing={"crop": to_plain(self.crop), "preprocess": to_plain(self.preprocess)},
            calibration=to_plain(self.calibration),
            provenance=self.provenance,
        )

    @classmethod
    def from_record(cls, record: WeightsRecord, where: str) -> "WeightsMetadata":
        """Reads what `to_record` made.

        Args:
            record: what a weights file says.
            where: the file, for messages.

        Raises:
            WeightsError: if the record is another kind's, or says something that this version does not know.
        """
        record.require_kind(KIND, where)
        charset = record.require_charset(where)
        if record.ink is None:
            raise WeightsError(f"{where}: weights of a {KIND} without its ink: export them again")
        with settings_of(where):
            inputs = from_plain(_Inputs, record.preprocessing, "preprocessing")
            return cls(
                model=record.network_config(),
                charset=charset,
                crop=inputs.crop,
                preprocess=inputs.preprocess,
                ink=record.ink,
                calibration=from_plain(Calibration, record.calibration, "calibration"),
                provenance=record.provenance,
            )


@dataclass(frozen=True)
class _Inputs:
    """What the record calls preprocessing."""

    crop: CropConfig
    preprocess: PreprocessConfig
