from collections.abc import Callable

from kuzushiji_submit.core.charset import Charset
from recognition.training.crop_store import CropStore
from recognition.training.fingerprint import fingerprint
from recognition.training.sources import CropSource, MixedCrops


def test_fingerprint_tells_classes_books_and_charsets_apart(make_store: Callable[..., CropStore]) -> None:
    def of(name: str, *pages: tuple[str, str, list[int]], **options: Charset) -> str:
        return fingerprint(MixedCrops([CropSource(make_store(*pages, name=name, **options))]))

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
