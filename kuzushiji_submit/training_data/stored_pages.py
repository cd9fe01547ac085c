"""Whether the pages of a store are still those that it was made of."""

from collections.abc import Iterator, Mapping

from kuzushiji_submit.core.page.fingerprint import PageFingerprint
from kuzushiji_submit.core.page.page_files import PageFile
from kuzushiji_submit.core.progress import progress

SHOWN = 3
"""How many changed pages are named; the others are counted."""
DELAY = 3.0
"""Seconds after which a progress bar appears: looking at dates is quick, reading every image that was copied is not."""


def describe_changes(
    stored: Mapping[str, PageFingerprint | None], truths: Mapping[str, str], images: Mapping[str, PageFile]
) -> str:
    """What has changed of the pages of a store since it was made, in words; empty if nothing has.

    A page whose image is gone cannot be compared: what the store has of it is taken as it is.

    Args:
        stored: the fingerprint of each page of the store by image_id; None where it has none.
        truths: digits of what is annotated on each page now, see `truth_digest`.
        images: the image file of each page now.
    """
    changes = list(_changes(stored, truths, images))
    named = ", ".join(f"{image_id} ({what})" for image_id, what in changes[:SHOWN])
    return f"{named} and {len(changes) - SHOWN} more" if len(changes) > SHOWN else named


def _changes(
    stored: Mapping[str, PageFingerprint | None], truths: Mapping[str, str], images: Mapping[str, PageFile]
) -> Iterator[tuple[str, str]]:
    for image_id, fingerprint in progress(stored.items(), "look for changes", delay=DELAY):
        if image_id not in truths:
            yield image_id, "no longer annotated"
        elif fingerprint is None:
            yield image_id, "unknown files"
        elif image_id in images and (what := fingerprint.changed(images[image_id].path, truths[image_id])):
            yield image_id, what
