"""Any color space as sRGB."""

import io
import logging

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from kuzushiji_submit.core.page.samples import WHITE, on_white

logger = logging.getLogger(__name__)

SRGB = ImageCms.createProfile("sRGB")
# Profiles of these color spaces are applied; Pillow keeps the others as RGB, or they have lost their own by now.
WITH_PROFILE = ("L", "RGB", "CMYK", "LAB")
_STRIP = 256  # rows
NAMES = {"CMYK": "CMYK", "LAB": "CIELAB", "YCbCr": "YCbCr", "HSV": "HSV"}


def to_srgb(image: Image.Image, notes: list[str]) -> NDArray[np.uint8]:
    """An image of 8 bits a sample, any mode, as sRGB on white paper.

    Args:
        image: as Pillow loaded it.
        notes: gets a line on each conversion that changes what is seen.

    Returns:
        uint8 (H, W, 3).
    """
    profile = _profile(image)
    if not image.has_transparency_data:
        return _convert(image, profile, notes)
    image, alpha = _split_alpha(image)
    colors = _convert(image, profile, notes)
    return lay_on_white(colors, alpha, notes)


def lay_on_white(colors: NDArray[np.uint8], alpha: NDArray[np.uint8], notes: list[str]) -> NDArray[np.uint8]:
    """As `on_white`, with a note where anything is transparent."""
    if (alpha == WHITE).all():
        return colors
    notes.append("transparency laid on white")
    return on_white(colors, alpha)


def _split_alpha(image: Image.Image) -> tuple[Image.Image, NDArray[np.uint8]]:
    gray = image.mode in ("1", "L", "LA", "La")
    if image.mode == "La":
        image = image.convert("LA")
    whole = image.convert("RGBA")
    alpha = np.asarray(whole.getchannel("A"), np.uint8)
    colors = whole.convert("RGB")
    return colors.convert("L") if gray else colors, alpha


def _convert(image: Image.Image, profile: ImageCms.ImageCmsProfile | None, notes: list[str]) -> NDArray[np.uint8]:
    source = image.mode
    if source == "LAB" and profile is None:
        profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
    converted = None
    if profile is not None and source in WITH_PROFILE:
        try:
            converted = ImageCms.profileToProfile(
                image, profile, SRGB, ImageCms.Intent.RELATIVE_COLORIMETRIC, outputMode="RGB"
            )
        except (ImageCms.PyCMSError, ValueError, OSError):
            logger.debug("a color profile that does not fit %s", source, exc_info=True)
    if converted is not None:
        notes.append(f"{NAMES.get(source, source)} converted to sRGB by its color profile")
        return _to_array(converted)
    if source in NAMES:
        notes.append(f"{NAMES[source]} converted to sRGB")
    return _to_array(image if source == "RGB" else image.convert("RGB"))


def _to_array(image: Image.Image) -> NDArray[np.uint8]:
    """An RGB image's pixels, uint8 (H, W, 3), row by row: all at once Pillow holds them twice more on the way."""
    pixels = np.empty((image.height, image.width, 3), np.uint8)
    for top in range(0, image.height, _STRIP):
        bottom = min(top + _STRIP, image.height)
        pixels[top:bottom] = np.asarray(image.crop((0, top, image.width, bottom)), np.uint8)
    return pixels


def _profile(image: Image.Image) -> ImageCms.ImageCmsProfile | None:
    """The image's own profile; None where there is none, it is damaged, or it is sRGB already."""
    content = image.info.get("icc_profile")
    if not isinstance(content, bytes) or not content:
        return None
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(content))
        is_srgb = "srgb" in ImageCms.getProfileDescription(profile).lower()
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        logger.debug("a damaged color profile", exc_info=True)
        return None
    return None if is_srgb else profile
