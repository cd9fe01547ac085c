"""Lays the competition's files out in the project's layout, whether they come plain, nested or zipped."""

import shutil
import zipfile
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from kuzushiji_submit.competition.data_folder import DataFolder
from kuzushiji_submit.core.errors import KernelError
from kuzushiji_submit.core.page.image_formats import image_suffixes
from kuzushiji_submit.core.progress import progress
from kuzushiji_submit.kaggle_client.competition import COMPETITION

_TABLES = ("train.csv", "unicode_translation.csv", "sample_submission.csv")
_DEPTH = 4
_SPARE_BYTES = 1 << 30


def lay_out_data(competition: Path, scratch: Path, images: Sequence[str]) -> DataFolder:
    """A data folder in the scratch folder: links to what lies plain, unzipped copies of what is zipped.

    Args:
        competition: the competition's folder among the inputs.
        scratch: where to; what an earlier call finished is taken as it is.
        images: which image folders are needed: "train_images", "test_images" or both.

    Raises:
        KernelError: if images are missing, an archive is damaged, or the disk is too small.
    """
    data = DataFolder(scratch / COMPETITION)
    data.root.mkdir(parents=True, exist_ok=True)
    for name in _TABLES:
        _lay_out_table(competition, data.root, name)
    for name in images:
        target = data.root / name
        if target.is_dir():
            continue
        folder = _folder_of_images(competition / name)
        if folder is not None:
            _link(folder, target)
        elif (competition / f"{name}.zip").is_file():
            _unzip_images(competition / f"{name}.zip", target)
        else:
            raise KernelError(f"{competition}: neither {name} with images in it nor {name}.zip: attach the competition")
    return data


def _lay_out_table(competition: Path, data: Path, name: str) -> None:
    if (competition / name).is_file():
        _link(competition / name, data / name)
        return
    archive = competition / f"{name}.zip"
    if archive.is_file():
        with _opened(archive) as packed, packed.open(name) as source, (data / name).open("wb") as target:
            shutil.copyfileobj(source, target)


def _link(source: Path, target: Path) -> None:
    if target.is_symlink():
        target.unlink()
    target.symlink_to(source.resolve(), target_is_directory=source.is_dir())


def _folder_of_images(folder: Path) -> Path | None:
    """The folder itself or the nearest below it that holds images; None if none does."""
    level = [folder] if folder.is_dir() else []
    for _ in range(_DEPTH):
        for one in level:
            if any(path.suffix.lower() in image_suffixes() for path in one.iterdir()):
                return one
        level = sorted(path for one in level for path in one.iterdir() if path.is_dir())
    return None


def _unzip_images(archive: Path, target: Path) -> None:
    """All images of an archive into one folder, which appears when it is whole."""
    unfinished = target.with_name(f".{target.name}.unfinished")
    with _opened(archive) as packed:
        members = [one for one in packed.infolist() if _is_image(PurePosixPath(one.filename))]
        if not members:
            raise KernelError(f"{archive}: holds no image: attach the competition's own files")
        _check_space(sum(one.file_size for one in members), target.parent)
        unfinished.mkdir(exist_ok=True)
        for member in progress(members, f"unzip {archive.name}"):
            place = unfinished / PurePosixPath(member.filename).name
            if place.is_file() and place.stat().st_size == member.file_size:
                continue
            try:
                with packed.open(member) as source, place.open("wb") as stream:
                    shutil.copyfileobj(source, stream)
            except (zipfile.BadZipFile, EOFError, OSError) as error:
                raise KernelError(
                    f"{archive}: {member.filename} cannot be unzipped ({error}): attach it anew"
                ) from error
    unfinished.rename(target)


def _opened(archive: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(archive)
    except (zipfile.BadZipFile, OSError) as error:
        raise KernelError(f"{archive}: is no zip archive ({error}): attach the competition's own files") from error


def _is_image(path: PurePosixPath) -> bool:
    hidden = any(part.startswith((".", "__MACOSX")) for part in path.parts)
    return path.suffix.lower() in image_suffixes() and not hidden


def _check_space(needed: int, folder: Path) -> None:
    free = shutil.disk_usage(folder).free
    if free < needed + _SPARE_BYTES:
        raise KernelError(
            f"{folder}: {needed / 1e9:.1f} GB of pages do not fit, {free / 1e9:.1f} GB are free: name a larger disk in "
            "KUZUSHIJI_SCRATCH_ROOT"
        )
