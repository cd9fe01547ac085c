"""The file of class counts."""

import pytest

from kuzushiji_submit.competition.class_counts import read_class_counts, write_class_counts
from kuzushiji_submit.core.errors import CompetitionFileError


@pytest.mark.parametrize("counts", [{}, {"U+306F": 2, "U+002C": 1, "U+0022": 3}])
def test_what_is_written_is_read(tmp_path, counts):
    write_class_counts(tmp_path / "counts.csv", counts)
    assert read_class_counts(tmp_path / "counts.csv") == counts


@pytest.mark.parametrize("row", ["は,1", "U+306F,", "U+306F,1.5"])
def test_bad_rows_are_named(write_csv, row):
    path = write_csv("counts.csv", ["codepoint,train_count", "U+306E,1", row])
    with pytest.raises(CompetitionFileError, match="line 3: "):
        read_class_counts(path)
