"""A few digits that tell whether two runs saw the same data."""

import hashlib

from recognition.training.sources import MixedCrops


def fingerprint(crops: MixedCrops) -> str:
    """The first 16 hexadecimal digits of a SHA-256 over classes, books and characters of all crops, in their order.

    The pixels are not read: how crops were cut is compared by the crop settings.
    """
    digest = hashlib.sha256(crops.charset.fingerprint.encode())
    digest.update("\n".join(crops.book_ids).encode())
    for places in (crops.class_ids, crops.book_index, crops.source_index):
        digest.update(places.astype("<i8").tobytes())
    return digest.hexdigest()[:16]
