"""Files that are given as CSV and are something else."""

import gzip
import io
import zipfile

import pytest

from kuzushiji_submit.competition.csv_table import read_rows
from kuzushiji_submit.core.errors import CompetitionFileError

TABLE = "image_id,labels\na,U+3042 1 2\n"


def zipped() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("sample_submission.csv", TABLE)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (zipped(), "is a zip archive or an Excel workbook: unpack it, or save the table as CSV"),
        (gzip.compress(TABLE.encode(), mtime=0), "is packed with gzip"),
        (TABLE.encode("utf-16"), "is UTF-16 text: save the table as CSV"),
        (TABLE.encode("utf-16-be"), "holds zero bytes"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "is an old Excel workbook"),
        (b"<!DOCTYPE html>\n<html>", "is a web page"),
        ("image_id,labels\nくずし字,\n".encode("cp932"), r"byte 16 is not UTF-8: save .* \(in Excel: CSV UTF-8\)"),
        (b"image_id;labels\na;U+3042 1 2\n", "columns are separated by ';': save the table with commas"),
        (b'image_id;labels\n"a;b";\n"c""d";x\n', "columns are separated by ';'"),
        (b"image_id\tlabels\na\tU+3042 1 2\n", "columns are separated by tabs"),
        (b"Image_ID,labels\na,\n", "line 1: no column image_id among Image_ID,labels: write 'image_id' for 'Image_ID'"),
        (b"image_id, labels\na,\n", "no column labels among image_id, labels: write 'labels' for ' labels'"),
        (b"image_id,label\na,\n", "no column labels among image_id,label: write 'labels' for 'label'"),
        (b"image-id,labels\na,\n", "write 'image_id' for 'image-id'"),
        (b"", "is empty"),
        (b"\n\n", "is empty"),
    ],
)
def test_what_it_is_and_what_to_do(tmp_path, content, message):
    path = tmp_path / "table.csv"
    path.write_bytes(content)
    with pytest.raises(CompetitionFileError, match=message):
        read_rows(path, ("image_id", "labels"))


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_line_ends_and_a_byte_order_mark_are_no_matter(tmp_path, end, encoding):
    path = tmp_path / "table.csv"
    path.write_bytes(f'{TABLE}くずし字,"U+3042 1 2"\n'.replace("\n", end).encode(encoding))
    assert [row.cells for row in read_rows(path, ("image_id", "labels"))] == [
        ("a", "U+3042 1 2"),
        ("くずし字", "U+3042 1 2"),
    ]
