"""`kuzushiji download` against the real client."""

import json

import cv2
import numpy as np
import pytest
from kaggle_server import Failure, zip_of

from kuzushiji_submit.kaggle_client import waiting

RULES = "https://www.kaggle.com/competitions/kuzushiji-recognition/rules"


def image(seed, size=64):
    page = np.random.default_rng(seed).integers(0, 255, (size, size, 3), np.uint8)
    return cv2.imencode(".png", page)[1].tobytes()


@pytest.fixture(scope="module")
def competition():
    """A small competition whose archive takes several of the client's blocks."""
    return {
        "train.csv": b"image_id,labels\na_1,U+3042 5 5 9 9\na_2,\n",
        "unicode_translation.csv": "Unicode,char\nU+3042,あ\n".encode(),
        "sample_submission.csv": b"image_id,labels\nt_1,U+003F 1 1 U+FF2F 2 2\n",
        "train_images.zip": zip_of({"a_1.png": image(1, 600), "a_2.png": image(2)}),
        "test_images.zip": zip_of({"t_1.png": image(3)}),
    }


@pytest.fixture
def out(tmp_path):
    return tmp_path / "data"


@pytest.fixture
def download(kaggle, competition, run, out):
    kaggle.files = dict(competition)
    return lambda *more: run("download", "--out", out, *more)


def names(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


WHOLE = {
    ".kaggle-download.json",
    "sample_submission.csv",
    "test_images/t_1.png",
    "train.csv",
    "train_images/a_1.png",
    "train_images/a_2.png",
    "unicode_translation.csv",
}


def test_fetches_unpacks_checks_and_tidies_up(kaggle, download, out):
    code, printed, _ = download()
    assert (code, names(out)) == (0, WHOLE)
    assert "2 train pages, 1 characters of 1 classes" in printed
    assert printed.endswith(f"{out}: 6 files, complete\n")
    assert [request.name for request in kaggle.requests] == ["ListDataFiles", "DownloadDataFiles", "GET"]
    assert kaggle.calls("GET")[0].headers["Authorization"].startswith("Basic ")


def test_a_second_time_fetches_nothing(kaggle, download, out):
    download()
    assert download()[0] == 0
    assert len(kaggle.calls("DownloadDataFiles")) == 1
    (out / "train.csv").unlink()
    assert (download()[0], names(out)) == (0, WHOLE)
    assert len(kaggle.calls("DownloadDataFiles")) == 2


def test_a_new_edition_is_fetched_and_the_old_one_kept(kaggle, download, out):
    download()
    old = (out / "sample_submission.csv").read_bytes()
    kaggle.files["sample_submission.csv"] = b"image_id,labels,Useage\nt_1,U+003F 1 1 U+FF2F 2 2,Public\n"
    kaggle.etag = '"edition-2"'
    assert download()[0] == 0
    assert (out / "sample_submission.csv").read_bytes() == kaggle.files["sample_submission.csv"]
    assert (out / "sample_submission.csv.bak").read_bytes() == old


def test_cut_connections_are_taken_up_where_they_were(kaggle, download, out, pauses):
    kaggle.cut_after = [300_000, 300_000, 300_000]
    assert (download()[0], names(out)) == (0, WHOLE)
    ranges = [request.headers.get("Range") for request in kaggle.calls("GET")]
    # Each try asks for the archive anew, at a freshly signed address, and then for the part that is missing.
    assert ranges == [None, None, "bytes=262144-", None, "bytes=524288-"]
    assert pauses == [2.0, 2.0]


def test_goes_on_in_another_process(kaggle, download, out, monkeypatch):
    monkeypatch.setattr(waiting, "MAXIMUM_FAILURES", 1)
    kaggle.cut_after = [300_000]
    code, printed, said = download()
    assert (code, printed) == (1, "")
    assert said.startswith("downloading kuzushiji-recognition: no answer from Kaggle (")
    assert said.endswith(": check the network and run the same command again")
    assert names(out) == {"kuzushiji-recognition.zip", "kuzushiji-recognition.zip.kaggle-partial"}
    part = (out / "kuzushiji-recognition.zip").stat().st_size
    assert part == 262_144
    kaggle.requests.clear()
    assert (download()[0], names(out)) == (0, WHOLE)
    assert kaggle.calls("GET")[1].headers["Range"] == f"bytes={part}-"
    assert kaggle.calls("GET")[1].headers["If-Range"] == kaggle.etag


def test_a_part_of_another_edition_is_not_glued_to_this_one(kaggle, download, out, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(waiting, "MAXIMUM_FAILURES", 1)
        kaggle.cut_after = [300_000]
        download()
    kaggle.etag = '"edition-2"'
    kaggle.files["train.csv"] = b"image_id,labels\na_1,U+3042 6 6 9 9\na_2,\n"
    assert download()[0] == 0
    assert (out / "train.csv").read_bytes() == kaggle.files["train.csv"]


def test_a_connection_that_never_gets_anywhere_is_given_up(kaggle, download, pauses):
    kaggle.cut_after = [0] * 100
    code, _, said = download()
    assert code == 1
    assert said.startswith("downloading kuzushiji-recognition: no answer from Kaggle (")
    assert pauses == [2.0, 4.0, 8.0, 16.0]


def test_rules_that_were_not_accepted(kaggle, download, out):
    kaggle.fail("DownloadDataFiles", Failure(403, "You must accept the rules"))
    code, printed, said = download()
    assert (code, printed, names(out)) == (1, "", set())
    assert said == (
        "downloading kuzushiji-recognition: You must accept the rules (status 403): accept the rules at "
        f"{RULES} with this account, then run the same command again"
    )


def test_a_competition_that_kaggle_does_not_know(kaggle, download):
    kaggle.fail("ListDataFiles", Failure(404, "Not found"))
    code, _, said = download("--competition", "kuzushiji")
    assert code == 1
    assert said == (
        "listing the files of kuzushiji: Not found (status 404): there is no competition 'kuzushiji', or it is closed: "
        "check --competition"
    )


def test_a_busy_server_is_waited_for(kaggle, download, out, pauses):
    kaggle.fail("DownloadDataFiles", Failure(429, "Too many requests", {"Retry-After": "11"}))
    kaggle.fail("GET", Failure(403), Failure(503))
    assert (download()[0], names(out)) == (0, WHOLE)
    assert pauses == [11.0, 4.0, 8.0]


def test_a_disk_that_is_too_small_is_seen_before(kaggle, download, out):
    kaggle.listed_sizes = {"train_images.zip": 10**18}
    code, _, said = download()
    assert code == 1
    assert said.startswith(f"{out}: 2000000000.00 GB are needed for the archive and its unpacked files, ")
    assert said.endswith(" GB are free: free space or name another place")
    assert kaggle.calls("DownloadDataFiles") == []


def test_an_archive_from_another_download_is_used(kaggle, download, out):
    out.mkdir()
    (out / "kuzushiji-recognition.zip").write_bytes(kaggle.archive())
    assert (download()[0], names(out)) == (0, WHOLE)
    assert kaggle.calls("GET") == []


@pytest.mark.parametrize("content", [b"half an archive", zip_of({"other.txt": b"x"})], ids=["broken", "another"])
def test_an_archive_that_is_none_of_it_is_kept(download, out, content):
    out.mkdir()
    (out / "kuzushiji-recognition.zip").write_bytes(content)
    assert (download()[0], names(out)) == (0, WHOLE | {"kuzushiji-recognition.zip.bak"})
    assert (out / "kuzushiji-recognition.zip.bak").read_bytes() == content


def test_an_archive_that_lacks_a_listed_file(kaggle, download, out, monkeypatch):
    listed = dict(kaggle.files)
    monkeypatch.setattr(kaggle, "archive", lambda: zip_of({**listed, "train.csv": b""}), raising=False)
    kaggle.files["late.csv"] = b"x"
    code, _, said = download()
    assert code == 1
    assert said == (
        f"{out}/kuzushiji-recognition.zip: lacks late.csv (1 such), which Kaggle lists: delete it and run the same "
        "command again"
    )


def test_what_the_check_finds_keeps_the_archive(kaggle, download, out):
    kaggle.files["test_images.zip"] = zip_of({"t_1.png": b"no image"})
    code, printed, _ = download()
    assert code == 1
    assert "error: unreadable-image:" in printed
    assert (out / "kuzushiji-recognition.zip").is_file()
    assert not (out / ".kaggle-download.json").exists()


def test_a_place_that_cannot_be_made(kaggle, run, tmp_path):
    (tmp_path / "file").write_text("")
    out = tmp_path / "file" / "data"
    assert run("download", "--out", out)[::2] == (1, f"{out}: cannot be made (Not a directory): name another place")


def test_a_competition_without_files(kaggle, run, out):
    said = "kuzushiji-recognition: Kaggle lists no file of it: check --competition"
    assert run("download", "--out", out)[::2] == (1, said)


def test_the_record_is_what_was_listed(kaggle, download, out):
    download()
    record = json.loads((out / ".kaggle-download.json").read_text())
    assert [entry["name"] for entry in record["listing"]] == list(kaggle.files)
    assert record["sizes"]["train_images/a_2.png"] == (out / "train_images" / "a_2.png").stat().st_size
