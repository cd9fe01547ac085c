"""`kuzushiji prior`, and the prior that comes with the project."""

import pytest

from kuzushiji_submit.cli.main import main
from kuzushiji_submit.reading.default_weights import TEXT_PRIOR
from kuzushiji_submit.reading.prior.prior_file import load_prior
from kuzushiji_submit.reading.prior.text_prior import perplexity


@pytest.fixture
def truth(write_csv):
    rows = ["image_id,labels"]
    for book in ("a", "b", "c"):
        boxes = " ".join(f"U+30{code} 100 {60 * row} 50 50" for row, code in enumerate(("4B", "6E", "6F") * 4))
        rows.append(f"{book}_1,{boxes}")
    return write_csv("train.csv", [*rows, "a_2,"])


def test_a_prior_of_pages_and_texts(truth, write_csv, tmp_path, capsys):
    text, out = write_csv("genji.txt", ["いつれの御時にか（おほんとき）"]), tmp_path / "prior.safetensors"
    arguments = ["--truth", str(truth), "--text", str(text), "--leave-out", "c", "--license", "CC0", "--out", str(out)]
    assert main(["prior", *arguments, "--set", "order=3"]) == 0
    prior = load_prior(out)
    assert prior.order == 3
    assert prior.provenance.license == "CC0"
    first, second = prior.provenance.sources
    assert (first.name, first.characters, first.left_out) == ("train.csv", 24, ("c",))
    assert (second.name, second.characters, second.left_out) == ("genji.txt", 8, ())
    printed = capsys.readouterr().out
    assert printed.startswith(f"{out}: 0.00 MB, n-grams of length 1, 2, ...: ")
    assert "train.csv: 24 characters, share 1.000, perplexity on books left out" in printed
    assert "mixture: perplexity on books left out" in printed


def test_leaving_every_book_out_leaves_no_text(truth, tmp_path, capsys):
    arguments = ["--truth", str(truth), "--leave-out", "a", "b", "c", "--out", str(tmp_path / "prior.safetensors")]
    assert main(["prior", *arguments]) == 1
    assert "no text to make a prior of" in capsys.readouterr().err
    assert not (tmp_path / "prior.safetensors").exists()


def test_settings_out_of_range_are_named(truth, tmp_path, capsys):
    arguments = ["--truth", str(truth), "--out", str(tmp_path / "prior.safetensors"), "--set", "order=9"]
    assert main(["prior", *arguments]) == 1
    assert "order must lie in 1..6" in capsys.readouterr().err


def test_the_projects_own_prior():
    assert TEXT_PRIOR.stat().st_size < 4e6
    prior = load_prior(TEXT_PRIOR)
    assert prior.order == 4
    assert "CC BY-SA 4.0" in prior.provenance.license
    assert [source.name for source in prior.provenance.sources] == ["train_subset.csv", "genji.txt", "honkoku.csv"]
    written = [f"U+{ord(character):04X}" for character in "右のことくにして水にて洗候"]
    assert perplexity(prior, [written]) < 200 < perplexity(prior, [written[::-1]])
