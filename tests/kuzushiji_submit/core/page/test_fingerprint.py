import os
from pathlib import Path

import numpy as np
import pytest

from kuzushiji_submit.core.errors import PageReadError
from kuzushiji_submit.core.page import fingerprint as module
from kuzushiji_submit.core.page.fingerprint import PageFingerprint, truth_digest

BOXES = np.array([[1, 2, 3, 4]], np.float32)


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "page.jpg"
    path.write_bytes(b"an image")
    return path


def test_truth_of_another_page_has_other_digits() -> None:
    digests = [
        truth_digest(),
        truth_digest([]),
        truth_digest([], BOXES[:0]),
        truth_digest(["U+306E"], BOXES),
        truth_digest(["U+306F"], BOXES),
        truth_digest(["U+306E"], BOXES + 1),
        truth_digest(["U+306E"], np.concatenate([BOXES, BOXES])),
        truth_digest(["U+306E", ""], BOXES),
    ]
    assert len(set(digests)) == len(digests)
    assert truth_digest(["U+306E"], BOXES.astype(np.float64)[:, ::-1][:, ::-1]) == truth_digest(("U+306E",), BOXES)


def test_nothing_changed_and_the_file_is_not_read_again(image: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = PageFingerprint.of(image, "aa")
    monkeypatch.setattr(module, "_content_digest", lambda _: pytest.fail("read"))
    assert found.changed(image, "aa") == ""
    assert found.changed(image, "bb") == "its truth"
    image.write_bytes(b"an image of another size")
    assert found.changed(image, "aa") == "its image"


def test_a_copy_with_another_date_is_the_same_image(image: Path) -> None:
    found = PageFingerprint.of(image, "aa")
    os.utime(image, (1, 1))
    assert found.changed(image, "aa") == ""
    image.write_bytes(b"an imagE")
    os.utime(image, (1, 1))
    assert found.changed(image, "aa") == "its image"


def test_an_image_that_is_gone_is_named(image: Path) -> None:
    found = PageFingerprint.of(image, "aa")
    image.unlink()
    assert found.changed(image, "aa") == "its image, which cannot be read: No such file or directory"
    with pytest.raises(PageReadError, match=r"page\.jpg: cannot be read \(No such file"):
        PageFingerprint.of(image, "aa")
