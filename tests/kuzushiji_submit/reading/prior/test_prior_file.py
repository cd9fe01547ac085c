"""A text prior on disk."""

import json

import numpy as np
import pytest
from safetensors.numpy import save_file

from kuzushiji_submit.core.errors import PriorFileError
from kuzushiji_submit.reading.prior.kneser_ney import estimate
from kuzushiji_submit.reading.prior.make_prior import make_prior
from kuzushiji_submit.reading.prior.prior_file import load_prior, save_prior

TEXT = [["U+306E", "U+306F", "U+304B", "U+306E", "U+306F", "U+306E"], ["U+304B", "U+306F"]]


@pytest.mark.parametrize("pages", [[], TEXT])
@pytest.mark.parametrize("order", [1, 2, 4])
def test_a_prior_comes_back_as_it_went(tmp_path, pages, order):
    prior = estimate(pages, order)
    save_prior(tmp_path / "prior.safetensors", prior)
    back = load_prior(tmp_path / "prior.safetensors")
    assert back.codepoints == prior.codepoints
    assert [table.keys.tolist() for table in back.tables] == [table.keys.tolist() for table in prior.tables]
    for page in TEXT:
        assert back.log_probs(back.ids(page)) == pytest.approx(prior.log_probs(prior.ids(page)), abs=0.1)


def test_provenance_travels_with_it(tmp_path):
    prior = make_prior({"b": TEXT, "c": TEXT}, {"genji.txt": TEXT}, left_out=["d"], license_text="CC0: 源氏")
    save_prior(tmp_path / "prior.safetensors", prior)
    assert load_prior(tmp_path / "prior.safetensors").provenance == prior.provenance


def test_saving_twice_gives_the_same_file(tmp_path):
    prior = estimate(TEXT, 3)
    for name in ("a", "b"):
        save_prior(tmp_path / name, prior)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_a_missing_file_says_what_to_do(tmp_path):
    with pytest.raises(PriorFileError, match=r"no text prior: make one \(kuzushiji prior\)"):
        load_prior(tmp_path / "nowhere.safetensors")


@pytest.mark.parametrize("damage", ["empty", "cut", "noise"])
def test_a_damaged_file_is_named(tmp_path, damage):
    path = tmp_path / "prior.safetensors"
    save_prior(path, estimate(TEXT, 3))
    whole = path.read_bytes()
    path.write_bytes({"empty": b"", "cut": whole[: len(whole) // 2], "noise": b"x" * 100}[damage])
    with pytest.raises(PriorFileError, match="damaged"):
        load_prior(path)


def test_another_kind_of_file_is_named(tmp_path):
    save_file({"weights": np.zeros(3, np.float32)}, tmp_path / "other.safetensors", {"kind": "detector"})
    with pytest.raises(PriorFileError, match="not a text prior of this version"):
        load_prior(tmp_path / "other.safetensors")


def test_arrays_that_do_not_agree_are_damage(tmp_path):
    header = {"kind": "kuzushiji text prior 1", "order": 1, "codepoints": "U+306E", "provenance": {"sources": []}}
    arrays = {"1.log_probs": np.zeros(7, np.float32), "1.backoffs": np.zeros(7, np.float32)}
    save_file(arrays, tmp_path / "prior.safetensors", {"text_prior": json.dumps(header)})
    with pytest.raises(PriorFileError, match="7 tokens for 1 codepoints"):
        load_prior(tmp_path / "prior.safetensors")
