"""The prediction kernel's main program."""

import json

import pytest

from kuzushiji_submit.kaggle_kernels.run_predict import run_predict
from tests.kuzushiji_submit.kaggle_kernels.conftest import option, write_shard


@pytest.fixture
def record(roots):
    return lambda: json.loads((roots.working / "kuzushiji_run.json").read_text())


def test_pages_and_weights_are_found(roots, pretended, record):
    pretended.acts["predict"] = write_shard
    detector = roots.inputs / "datasets" / "o" / "d" / "detector.safetensors"
    detector.parent.mkdir(parents=True)
    detector.touch()
    prior = detector.with_name("prior.safetensors")
    prior.touch()
    assert run_predict({}) == 0
    assert record()["weights"] == {
        "recognizer": str(roots.inputs / "weights" / "recognizer.safetensors"),
        "detector": str(detector),
        "prior": str(prior),
    }
    call = pretended.of("predict")[0]
    assert option(call, "--prior") == str(prior)
    assert option(call, "--images") == str(roots.scratch / "kuzushiji-recognition" / "test_images")
    assert not (roots.scratch / "kuzushiji-recognition" / "train_images").exists()


def test_given_weights_go_before_found_ones(roots, pretended, record):
    pretended.acts["predict"] = write_shard
    (roots.inputs / "weights" / "other.safetensors").write_bytes(b"other")
    run_predict({"recognizer_weights": "weights/other.safetensors"})
    assert option(pretended.of("predict")[0], "--recognizer-weights").endswith("weights/other.safetensors")


def test_without_weights_nothing_is_begun(roots, pretended, record, capsys):
    (roots.inputs / "weights" / "recognizer.safetensors").unlink()
    assert run_predict({}) == 1
    assert "no recognizer.safetensors there: attach a data set or a training kernel" in capsys.readouterr().out
    assert pretended.calls == []
    assert record()["steps"]["run"]["status"] == "failed"
