"""Pages into a journal."""

import pytest

from kuzushiji_submit.core.charset import Charset
from kuzushiji_submit.reading.fill_journal import fill_journal
from kuzushiji_submit.reading.journal import Journal
from kuzushiji_submit.reading.page_reader import PageFailure
from tests.page_readings import page_reading

CHARSET = Charset(("U+306E", "U+306F"))


class StubReader:
    """Reads as many pages as its time suffices for; "bad" cannot be read."""

    def __init__(self, most: int = 9) -> None:
        self.most = most
        self.asked: list[str] = []

    def read(self, image_ids):
        self.asked = list(image_ids)
        for image_id in self.asked[: self.most]:
            yield PageFailure(image_id, "broken") if image_id == "bad" else page_reading(image_id, (), charset=CHARSET)


@pytest.mark.parametrize(
    ("windows", "most", "asked", "kept", "failures"),
    [
        ([], 9, [], ["old"], {}),
        ([["old"]], 9, [], ["old"], {}),
        ([["a"], ["old"], ["bad"], ["b"]], 9, ["a", "bad", "b"], ["old", "a", "b"], {"bad": "broken"}),
        ([["a"], ["b"]], 1, ["a", "b"], ["old", "a"], {}),  # time was up
        # A window is read as a whole, and what was known of it stays as it was.
        ([["a", "old"], ["b"]], 9, ["a", "old", "b"], ["old", "a", "b"], {}),
        ([["old"], ["a", "b"]], 9, ["a", "b"], ["old", "a", "b"], {}),
    ],
)
def test_what_the_journal_lacks_is_read(tmp_path, capsys, windows, most, asked, kept, failures):
    reader = StubReader(most)
    with Journal(tmp_path / "journal.jsonl", {}, CHARSET, resume=False) as journal:
        journal.add(page_reading("old", (), charset=CHARSET))
        assert fill_journal(reader, windows, journal, "read") == failures
        assert reader.asked == asked
        assert list(journal) == kept
    assert ("bad: broken" in capsys.readouterr().err) is bool(failures)
