"""Archives in archives, archives that lie, and unpacking that was stopped."""

import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kaggle_server import zip_of

from kuzushiji_submit.core.errors import CompetitionFileError
from kuzushiji_submit.kaggle_client.unpack import unpack


@pytest.fixture
def pack(tmp_path):
    def write(files):
        path = tmp_path / "c.zip"
        path.write_bytes(zip_of(files))
        return path

    return write


def content_of(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_an_empty_archive_leaves_nothing(pack, tmp_path):
    assert unpack(pack({}), tmp_path / "out") == {}
    assert unpack(pack({"train_images.zip": zip_of({})}), tmp_path / "out") == {}
    assert not (tmp_path / "out").exists()


def test_archives_inside_go_into_folders_of_their_name(pack, tmp_path):
    inner = {"a_1.jpg": b"1" * 5000, "a_2.jpg": b""}
    doubled = {f"test_images/{name}": content for name, content in inner.items()}
    files = {
        "train.csv": b"image_id,labels\n",
        "train_images.zip": zip_of(inner),
        "test_images.zip": zip_of(doubled),
        "more/deep.txt": b"x",
    }
    sizes = unpack(pack(files), tmp_path / "out")
    expected = {
        "train.csv": files["train.csv"],
        "more/deep.txt": b"x",
        **{f"train_images/{name}": content for name, content in inner.items()},
        **doubled,
    }
    assert content_of(tmp_path / "out") == expected
    assert sizes == {name: len(content) for name, content in expected.items()}


def test_goes_on_where_it_was_stopped(pack, tmp_path):
    out = tmp_path / "out"
    archive = pack({"train_images.zip": zip_of({f"a_{n}.jpg": bytes([n]) * 3000 for n in range(9)}), "train.csv": b"x"})
    whole = unpack(archive, out)
    kept = out / "train_images" / "a_3.jpg"
    stamp = kept.stat().st_mtime_ns
    (out / "train_images" / "a_4.jpg").unlink()
    leftover = out / "train_images" / ".a_5.jpg.0.tmp"
    foreign = out / "train_images" / ".notes.0.tmp"
    leftover.mkdir()
    (leftover / "lock").touch()
    foreign.write_bytes(b"not ours")
    assert unpack(archive, out) == whole
    assert (out / "train_images" / "a_4.jpg").read_bytes() == bytes([4]) * 3000
    assert kept.stat().st_mtime_ns == stamp
    assert (leftover.exists(), foreign.exists()) == (False, True)


def test_a_file_of_ones_own_is_kept_under_another_name(pack, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    archive = pack({"train.csv": b"Kaggle's"})
    for number in ("", "2"):
        (out / "train.csv").write_bytes(b"my own" + number.encode())
        unpack(archive, out)
        assert (out / "train.csv").read_bytes() == b"Kaggle's"
        assert (out / f"train.csv.bak{number}").read_bytes() == b"my own" + number.encode()


@pytest.mark.parametrize("name", ["../x", "a/../../x", "/etc/x", "a\\..\\x", "C:x"])
def test_a_name_that_leads_out_of_the_folder(pack, tmp_path, name):
    for files in ({"ok.txt": b"", name: b"x"}, {"i.zip": zip_of({name: b"x"})}):
        with pytest.raises(CompetitionFileError, match="leads out of the folder"):
            unpack(pack(files), tmp_path / "deep" / "out")
    assert {path.name for path in tmp_path.rglob("x")} == set()


@given(st.text(alphabet="ab./\\:", min_size=1, max_size=12))
def test_whatever_the_name_nothing_lands_outside(tmp_path_factory, name):
    root = tmp_path_factory.mktemp("root")
    archive = root / "c.zip"
    archive.write_bytes(zip_of({name: b"x"}))
    try:
        sizes = unpack(archive, root / "deep" / "out")
    except CompetitionFileError:
        sizes = {}
    found = {path for path in root.rglob("*") if path.is_file()} - {archive}
    assert found == {root / "deep" / "out" / path for path in sizes}


@pytest.mark.parametrize("where", [40, -30, None])
def test_a_damaged_archive_says_what_to_do(tmp_path, where):
    archive = tmp_path / "c.zip"
    content = bytearray(zip_of({"a.txt": bytes(range(256)) * 40}))
    if where is None:
        content = content[: len(content) // 2]
    else:
        content[where] ^= 0xFF
    archive.write_bytes(content)
    with pytest.raises(CompetitionFileError, match="delete it and run the same command again"):
        unpack(archive, tmp_path / "out")
    assert content_of(tmp_path / "out") == {}


def test_a_member_with_a_password(tmp_path):
    archive = tmp_path / "c.zip"
    with zipfile.ZipFile(archive, "w") as stream:
        stream.writestr("a.txt", "x")
    content = bytearray(archive.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(signature) + offset] |= 1
    archive.write_bytes(content)
    with pytest.raises(CompetitionFileError, match="password"):
        unpack(archive, tmp_path / "out")
