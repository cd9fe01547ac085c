from collections.abc import Callable

import numpy as np

from kuzushiji_submit.core.charset import Charset
from recognition.training.crop_store import CropStore
from recognition.training.sources import CropSource, MixedCrops
from recognition.training.split import Split
from recognition.training.train import _describe_data


def test_fingerprint_tells_classes_books_and_charsets_apart(make_store: Callable[..., CropStore]) -> None:
    def of(name: str, *pages: tuple[str, str, list[int]], **options: Charset) -> str:
        crops = MixedCrops([CropSource(make_store(*pages, name=name, **options))])
        split = Split(np.arange(len(crops)), np.arange(0), (), "")
        return _describe_data(crops, split)["data_fingerprint"]

    first = of("first", ("p", "a", [0, 1]), ("q", "b", [2]))
    assert first == of("same", ("p", "a", [0, 1]), ("q", "b", [2]))
    others = {
        of("class", ("p", "a", [0, 1]), ("q", "b", [3])),
        of("book", ("p", "a", [0, 1]), ("q", "a", [2])),
        of("order", ("q", "b", [2]), ("p", "a", [0, 1])),
        of("charset", ("p", "a", [0, 1]), ("q", "b", [2]), charset=Charset(("U+0031", "U+0032", "U+0033"))),
        of("empty"),
    }
    assert len(others) == 5
    assert first not in others
