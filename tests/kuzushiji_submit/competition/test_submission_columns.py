"""The columns of a submission."""

import pytest

from kuzushiji_submit.competition.csv_table import read_table
from kuzushiji_submit.competition.submission_columns import column_faults


@pytest.mark.parametrize(
    ("lines", "starts"),
    [
        (["image_id,labels"], []),
        (["image_id,labels", "a,", "", "b,U+3042 1 2"], []),
        (["labels,image_id", ",a"], []),
        ([",image_id,labels", "0,a,"], ["line 1: column 1 ('') is an index, as pandas writes it"]),
        (["Unnamed: 0,image_id,labels", "0,a,"], ["line 1: column 1 ('Unnamed: 0') is an index"]),
        (["image_id,labels,Usage", "a,,Public"], ["line 1: column 3 ('Usage') is neither image_id nor labels"]),
        (["image_id,labels,labels", "a,,"], ["line 1: the column labels is there 2 times"]),
        (["image_id,image_id,labels,labels", "a,a,,"], ["line 1: the column image_id", "line 1: the column labels"]),
        (["image_id,labels,", "a,,"], ["line 1: the header ends in a comma"]),
        # without a name for it in the header, pandas takes the first cell of longer rows for an index
        (["image_id,labels", "0,a,", "1,b,U+3042 1 2"], ["line 2: 3 cells", "line 3: 3 cells"]),
        (["image_id,labels", "a,,"], ["line 2: 3 cells instead of 2: the row ends in a comma"]),
        (["image_id,labels", "a,U+3042 1,5 2"], ["line 2: 3 cells instead of 2, the last is '5 2'"]),
        (["image_id,labels", "a"], ["line 2: 1 cell instead of 2"]),
        (["image_id,labels,", "a,"], ["line 1: the header ends in a comma", "line 2: 2 cells instead of 3"]),
    ],
)
def test_faults(write_csv, lines, starts):
    faults = column_faults(read_table(write_csv("s.csv", lines)))
    assert len(faults) == len(starts)
    for fault, start in zip(faults, starts, strict=True):
        assert fault.startswith(start)
