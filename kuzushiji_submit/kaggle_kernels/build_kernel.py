"""Builds the folder that Kaggle's client pushes: kernel-metadata.json and one code file that carries everything."""

import base64
import hashlib
import json
import re
import textwrap
import tomllib
from pathlib import Path
from pprint import pformat
from typing import Any

from kuzushiji_submit.core.errors import KernelError
from kuzushiji_submit.core.files import atomic_text
from kuzushiji_submit.core.presets import merge
from kuzushiji_submit.core.settings import to_plain
from kuzushiji_submit.kaggle_kernels import bootstrap
from kuzushiji_submit.kaggle_kernels.bundle import pack_packages
from kuzushiji_submit.kaggle_kernels.kernel_settings import KernelSettings, RunSettings
from kuzushiji_submit.kaggle_kernels.run_kernel import read_run_settings

KERNELS = ("train", "predict")
CODE_FILE = "kernel.py"
METADATA = "kernel-metadata.json"
# Kaggle takes code files of up to about a megabyte.
MAX_SOURCE_BYTES = 1_000_000
MAX_TITLE = 50

_ROOT = Path(__file__).resolve().parents[2]
_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*", re.ASCII | re.IGNORECASE)
_PLACEHOLDER = "SETTINGS: dict[str, object] = {}\n"


def build_kernel(name: str, out: Path, settings: KernelSettings) -> Path:
    """Writes a kernel's folder from the templates in kernels/NAME and the packages of this checkout.

    Args:
        name: "train" or "predict".
        out: folder to write; its kernel-metadata.json and kernel.py are replaced.
        settings: owner, attached inputs, and what differs from kernels/NAME/settings.toml.

    Returns:
        `out`.

    Raises:
        KernelError: if there is no such kernel or no template, a name or setting is wrong, or the code is too large.
        OutputError: if the folder cannot be written.
    """
    if name not in KERNELS:
        raise KernelError(f"there is no kernel {name!r}: build one of {', '.join(KERNELS)}")
    template = _ROOT / "kernels" / name
    metadata = kernel_metadata(name, settings)
    code = _code(template, _run_settings(name, settings))
    if len(code.encode()) > MAX_SOURCE_BYTES:
        raise KernelError(
            f"the code file of {name} has {len(code.encode()):,} bytes, Kaggle takes {MAX_SOURCE_BYTES:,}: take what "
            "is not code out of the packages"
        )
    with atomic_text(out / METADATA) as stream:
        json.dump(metadata, stream, indent=2)
        stream.write("\n")
    with atomic_text(out / CODE_FILE) as stream:
        stream.write(code)
    return out


def kernel_metadata(name: str, settings: KernelSettings) -> dict[str, Any]:
    """kernel-metadata.json of a kernel: the template with owner and attached inputs filled in.

    Raises:
        KernelError: if there is no template, or a name is none that Kaggle could have given.
    """
    if not _NAME.fullmatch(settings.owner):
        raise KernelError(f"{settings.owner!r} is no Kaggle user name: give the one in your profile's address")
    for source in (*settings.datasets, *settings.kernels):
        if len(parts := source.split("/")) != 2 or not all(map(_NAME.fullmatch, parts)):
            raise KernelError(f"{source!r} is no data set or kernel: write owner/name as in its address")
    metadata: dict[str, Any] = json.loads(_read(_ROOT / "kernels" / name / METADATA))
    if settings.suffix:
        if not _NAME.fullmatch(settings.suffix):
            raise KernelError(f"{settings.suffix!r} cannot be part of a name: write letters, digits and single hyphens")
        metadata["title"] = f"{metadata['title']} {settings.suffix.replace('-', ' ').title()}"
        if len(metadata["title"]) > MAX_TITLE:
            raise KernelError(f"{settings.suffix!r}: Kaggle's titles have {MAX_TITLE} characters at most: shorten it")
    metadata["id"] = f"{settings.owner}/{slug(metadata['title'])}"
    metadata["dataset_sources"] = list(settings.datasets)
    metadata["kernel_sources"] = list(settings.kernels)
    return metadata


def slug(title: str) -> str:
    """The name that Kaggle makes of an ASCII title; a kernel whose id has another would be a different kernel."""
    return "-".join(re.findall(r"[a-z0-9]+", title.lower()))


def short_name(name: str, suffix: str) -> str:
    """What a kernel is called on the command line and in its record, such as "train-fold-1"."""
    return f"{name}-{suffix.lower()}" if suffix else name


def _run_settings(name: str, settings: KernelSettings) -> RunSettings:
    path = _ROOT / "kernels" / name / "settings.toml"
    try:
        values = tomllib.loads(_read(path))
    except tomllib.TOMLDecodeError as error:
        raise KernelError(f"{path}: not TOML ({error}): correct the line") from error
    return read_run_settings({**merge(values, settings.run), "name": short_name(name, settings.suffix)})


def _code(template: Path, run: RunSettings) -> str:
    main = _read(template / "main.py")
    if main.count(_PLACEHOLDER) != 1:
        raise KernelError(f"{template / 'main.py'}: has no line {_PLACEHOLDER.strip()!r}: restore it")
    archive = pack_packages(_ROOT)
    lines = "\n".join(textwrap.wrap(base64.b64encode(archive).decode(), 120))
    plain = pformat(to_plain(run), width=110, sort_dicts=False)
    return (
        f"{_read(Path(bootstrap.__file__))}\n\n"
        f'BUNDLE_SHA256 = "{hashlib.sha256(archive).hexdigest()}"\n'
        f'BUNDLE = """\n{lines}\n"""\n'
        "open_bundle(BUNDLE, BUNDLE_SHA256)\n\n\n"
        f"{main.replace(_PLACEHOLDER, f'SETTINGS: dict[str, object] = {plain}' + chr(10))}"
    )


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise KernelError(
            f"{path}: cannot be read ({error.strerror}): kernels are built from a checkout of the project"
        ) from error
