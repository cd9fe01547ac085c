"""Bring weights files of the first format to the one that this version reads; the numbers stay as they are.

Usage: python scripts/convert_weights.py FILE [FILE ...] [--out DIR] [--ink KEY=VALUE ...]

The first format had a header of its own for each stage and said nothing of the ink that crops were cut from: weights of
a run with other settings of the ink need them here, as `--ink floor=0.3`. Without --out a file is replaced where it
lies. A file that is of the new format already is left as it is.
"""

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from safetensors.torch import load_file

import recognition.models.registry  # noqa: F401 - makes the recognizer's networks known
from detection.heatmap.weights_file import DetectorMetadata, PageScale
from kuzushiji_submit.core.charset import Charset
from kuzushiji_submit.core.errors import CharsetError, ConfigError, KuzushijiError, WeightsError
from kuzushiji_submit.core.page.ink import InkConfig
from kuzushiji_submit.core.registry import config_from_plain
from kuzushiji_submit.core.settings import from_plain, read_settings
from kuzushiji_submit.core.weights import save_weights
from kuzushiji_submit.core.weights_record import FORMAT_NAME, Provenance, WeightsRecord, read_header
from recognition.calibration import Calibration
from recognition.crops import CropConfig
from recognition.preprocess import PreprocessConfig
from recognition.weights_metadata import WeightsMetadata

_PROVENANCE = ("training_data", "license", "attribution", "split", "seed", "scores", "date")


def convert(source: Path, target: Path, ink: InkConfig) -> bool:
    """Writes a weights file of the first format as one of this format; both paths may be one file.

    Args:
        source: the file.
        target: where to write.
        ink: how the ink was made that a recognizer's crops were cut from.

    Returns:
        False where the source is of this format already: nothing is written then.

    Raises:
        WeightsError: if the file is missing, damaged or of another format, or its numbers are not its network's.
        OutputError: if the target cannot be written.
    """
    header = read_header(source)
    if FORMAT_NAME in header:
        return False
    # Replacing the old file is what is asked for; a file elsewhere is somebody's.
    in_place = target.exists() and target.samefile(source)
    save_weights(target, load_file(source), old_record(source, header, ink), overwrite=in_place)
    return True


def old_record(path: Path, header: Mapping[str, str], ink: InkConfig) -> WeightsRecord:
    """What the header of a file of the first format says.

    Raises:
        WeightsError: if it is no such header, or cannot be understood.
    """
    readers: dict[str, Callable[[dict[str, Any], InkConfig], WeightsRecord]] = {
        "kuzushiji-recognizer": _recognizer,
        "kuzushiji-detector": _detector,
    }
    for name, reader in readers.items():
        if name in header:
            try:
                values = dict(json.loads(header[name]))
                if values.pop("format_version") != 1:
                    raise ConfigError("not of format version 1")
                return reader(values, ink)
            except (ConfigError, CharsetError, KeyError, TypeError, ValueError) as error:
                raise WeightsError(f"{path}: its description cannot be read ({error}): train anew") from error
    raise WeightsError(f"{path}: no weights of the first format: its header has {', '.join(header) or 'nothing'}")


def _recognizer(values: dict[str, Any], ink: InkConfig) -> WeightsRecord:
    charset = Charset(tuple(values["charset"]))
    if charset.fingerprint != values["charset_fingerprint"]:
        raise CharsetError("its charset does not have the fingerprint it says")
    return WeightsMetadata(
        model=config_from_plain("recognizer", {**values["model_config"], "architecture": values["model_name"]}),
        charset=charset,
        crop=from_plain(CropConfig, values["crop"], "crop"),
        preprocess=from_plain(PreprocessConfig, values["preprocess"], "preprocess"),
        ink=ink,
        calibration=from_plain(Calibration, values.get("calibration", {}), "calibration"),
        provenance=from_plain(Provenance, values["provenance"], "provenance"),
    ).to_record()


def _detector(values: dict[str, Any], _ink: InkConfig) -> WeightsRecord:
    return DetectorMetadata(
        network=config_from_plain("detector", {**values["network"], "architecture": values["architecture"]}),
        scale=from_plain(PageScale, {"stride": values["stride"], "unit": values["unit"]}, "scale"),
        provenance=from_plain(Provenance, {name: values[name] for name in _PROVENANCE}, "provenance"),
    ).to_record()


def main(arguments: Sequence[str] | None = None) -> int:
    """Converts the files of the command line, and says of each what became of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("files", type=Path, nargs="+", metavar="FILE", help="weights files of the first format")
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder for the new files (default: where the old lie)")
    parser.add_argument(
        "--ink",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="the ink that a recognizer's crops were cut from",
    )
    args = parser.parse_args(arguments)
    try:
        ink = read_settings(InkConfig(), overrides=args.ink)
        for file in args.files:
            target = args.out / file.name if args.out else file
            done = convert(file, target, ink)
            print(f"{file}: {f'converted to {target}' if done else 'is of this format already'}")
    except KuzushijiError as error:
        sys.stderr.write(f"convert_weights: error: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
