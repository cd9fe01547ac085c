"""Images that Pillow reads at less than their full depth, or not at all: their samples come from OpenCV."""

from pathlib import Path

import cv2
import numpy as np
from cv2.typing import MatLike
from numpy.typing import NDArray
from PIL import Image

from kuzushiji_submit.core.page.colors import lay_on_white, to_srgb
from kuzushiji_submit.core.page.samples import WHITE, scaled_note, to_eight_bits
from kuzushiji_submit.core.page.tiff import CIELAB, WHITE_IS_ZERO, TiffImage


def read_deep(source: Path | bytes, tags: TiffImage | None, notes: list[str]) -> NDArray[np.uint8] | None:
    """Reads an image with its samples as they are stored, and scales them to 8 bits.

    Args:
        source: the file, or what stands in it.
        tags: which image of a TIFF file, and what it says of its samples; None for another format.
        notes: gets a line on each conversion that changes what is seen.

    Returns:
        uint8 (H, W, 3) RGB, not turned; None where OpenCV cannot read it either.
    """
    samples = _decode(source, 0 if tags is None else tags.frame)
    if samples is None or samples.size == 0:
        return None
    if samples.dtype != np.uint8:
        notes.append(scaled_note(samples.dtype))
    if samples.ndim == 2:
        samples = samples[..., None]
    if samples.shape[2] == 1:
        gray = to_eight_bits(samples, tags.maximum if tags else None)
        if tags is not None and tags.photometric == WHITE_IS_ZERO and samples.dtype != np.uint8:
            gray = WHITE - gray
        return np.repeat(gray, 3, axis=2)
    ordered = samples[..., 2::-1] if samples.shape[2] >= 3 else np.repeat(samples[..., :1], 3, axis=2)  # was BGR(A)
    if tags is not None and tags.photometric == CIELAB and samples.dtype == np.uint16:
        lab = np.ascontiguousarray(ordered.astype(np.uint16) >> 8, np.uint8)
        return to_srgb(Image.frombytes("LAB", (lab.shape[1], lab.shape[0]), lab.tobytes(), "raw", "LAB"), notes)
    colors = to_eight_bits(ordered, tags.maximum if tags else None)
    if samples.shape[2] not in (2, 4):
        return colors
    return lay_on_white(colors, _alpha(samples[..., -1], ordered), notes)


def _alpha(alpha: NDArray[np.generic], colors: NDArray[np.generic]) -> NDArray[np.uint8]:
    """Alpha on the colors' own scale, unless it has larger values than they."""
    whole = np.concatenate([alpha.ravel(), colors.max().ravel()])
    return to_eight_bits(whole)[:-1].reshape(alpha.shape)


def _decode(source: Path | bytes, frame: int) -> NDArray[np.generic] | None:
    """What OpenCV makes of a file's content: its name is none that OpenCV must be able to spell."""
    content = np.frombuffer(source, np.uint8) if isinstance(source, bytes) else np.fromfile(source, np.uint8)
    try:
        if frame == 0:
            # None where it cannot be decoded, whatever OpenCV's types say.
            image: MatLike | None = cv2.imdecode(content, cv2.IMREAD_UNCHANGED)
        else:
            found, images = cv2.imdecodemulti(content, cv2.IMREAD_UNCHANGED, range=(frame, frame + 1))
            image = images[0] if found and len(images) else None
    except cv2.error as error:
        if error.code == cv2.Error.StsNoMem:
            raise MemoryError from error
        return None
    return None if image is None else np.asarray(image)
