"""`kuzushiji kernel` against the real client, whose exit codes call many failures a success."""

import json

import pytest
from kaggle_server import Failure

from kuzushiji_submit.cli import main
from kuzushiji_submit.kaggle_client import datasets
from kuzushiji_submit.kaggle_kernels import build_kernel as building
from kuzushiji_submit.reading import default_weights

PAGE = "https://www.kaggle.com/code/tester/kuzushiji-train"


@pytest.fixture(autouse=True)
def _small(monkeypatch, tmp_path):
    """What a kernel carries is tested where it is built; packing it takes a second."""
    monkeypatch.setattr(building, "pack_packages", lambda root: b"packages")
    for name in ("TEXT_PRIOR", "COLUMN_MODEL"):
        monkeypatch.setattr(default_weights, name, tmp_path / f"own_{name}.safetensors")


@pytest.fixture
def weights(tmp_path):
    path = tmp_path / "best.safetensors"
    path.write_bytes(b"weights" * 100)
    return path


def test_push_builds_and_runs_the_kernel(kaggle, run):
    code, out, _ = run("kernel", "push", "train", "--session-seconds", "30000", "--set", "time_budget=2h")
    assert (code, out) == (0, f"tester/kuzushiji-train: version 1 runs: {PAGE}\n")
    (saved,) = kaggle.kernels
    assert (saved["slug"], saved["newTitle"]) == ("tester/kuzushiji-train", "Kuzushiji Train")
    assert (saved["machineShape"], saved["enableInternet"], saved["sessionTimeoutSeconds"]) == (
        "NvidiaTeslaT4",
        False,
        30000,
    )
    assert "'time_budget': '2h'" in saved["text"]


def test_push_uploads_weights_and_attaches_them(kaggle, run, weights):
    argv = ["kernel", "push", "predict", "--recognizer-weights", weights, "--detector-weights", weights]
    assert run(*argv)[0] == 0
    name = "tester/kuzushiji-weights"
    content = weights.read_bytes()
    assert kaggle.datasets == {name: [{"recognizer.safetensors": content, "detector.safetensors": content}]}
    assert kaggle.calls("CreateDataset")[0].body["isPrivate"] is True
    assert kaggle.kernels[0]["datasetDataSources"] == [name]
    weights.write_bytes(b"better")
    kaggle.dataset_states = ["READY", "BLOBS_RECEIVED", "READY"]
    assert run(*argv[:5], "--from-kernel", "train", "--dataset", "other/data-set")[0] == 0
    assert kaggle.datasets[name][1] == {"recognizer.safetensors": b"better"}
    assert kaggle.kernels[1]["datasetDataSources"] == ["other/data-set", name]
    assert kaggle.kernels[1]["kernelDataSources"] == ["tester/kuzushiji-train"]


def test_a_dense_reader_goes_along_with_a_recognizer(kaggle, run, weights):
    argv = ["kernel", "push", "predict", "--recognizer-weights", weights, "--dense-weights", weights]
    assert run(*argv)[0] == 0
    (files,) = kaggle.datasets["tester/kuzushiji-weights"]
    assert set(files) >= {"recognizer.safetensors", "dense.safetensors"}
    # By itself it reads nothing.
    code, _, error = run("kernel", "push", "predict", "--dense-weights", weights)
    assert (code, "the predict kernel needs weights" in error) == (1, True)


def test_an_accelerator_of_ones_own(kaggle, run):
    assert run("kernel", "push", "train", "--accelerator", "NvidiaTeslaA100")[0] == 0
    assert kaggle.kernels[0]["machineShape"] == "NvidiaTeslaA100"


def test_every_fold_is_a_kernel_of_its_own(kaggle, run):
    code, out, _ = run("kernel", "push", "train", "--fold", "1", "--from-kernel", "train-fold-0")
    assert code == 0
    assert out.startswith("tester/kuzushiji-train-fold-1: version 1 runs: ")
    (saved,) = kaggle.kernels
    assert (saved["slug"], saved["newTitle"]) == ("tester/kuzushiji-train-fold-1", "Kuzushiji Train Fold 1")
    assert saved["kernelDataSources"] == ["tester/kuzushiji-train-fold-0"]
    assert "'name': 'train-fold-1'" in saved["text"]
    assert "'fold': 1" in saved["text"]
    assert run("kernel", "push", "train", "--fold", "0", "--suffix", "adapted")[0] == 0
    assert kaggle.kernels[1]["slug"] == "tester/kuzushiji-train-adapted"
    assert run("kernel", "status", "train-adapted")[1] == "tester/kuzushiji-train-adapted: COMPLETE\n"


def test_settings_of_one_group_are_set_one_by_one(kaggle, run):
    sets = ("--set", 'arguments.recognizer=["--set", "epochs=3"]', "--set", 'arguments.held_out=["--set", "x=1"]')
    assert run("kernel", "push", "train", *sets)[0] == 0
    for expected in ("'recognizer': ['--set', 'epochs=3']", "'held_out': ['--set', 'x=1']", "'--pages', '200'"):
        assert expected in kaggle.kernels[0]["text"]


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (("train", "--fold", "5"), "there is no fold 5 of 5"),
        (("train", "--fold", "-1"), "--fold -1: folds are counted from 0"),
        (("predict", "--fold", "1", "--from-kernel", "train"), "--fold belongs to training"),
        (("train", "--suffix", "a_b"), "cannot be part of a name"),
    ],
)
def test_folds_and_names_that_are_none(kaggle, run, argv, said):
    code, _, last = run("kernel", "push", *argv)
    assert code == 1
    assert said in last
    assert not kaggle.kernels


def test_build_only_pushes_nothing(kaggle, run, tmp_path):
    code, out, _ = run("kernel", "push", "train", "--owner", "somebody", "--build-only", tmp_path / "k")
    assert (code, out) == (0, f"{tmp_path / 'k'}\n")
    metadata = json.loads((tmp_path / "k" / "kernel-metadata.json").read_text())
    assert metadata["id"] == "somebody/kuzushiji-train"
    assert kaggle.requests == []


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"error": "Maximum batch GPU session count of 2 reached."}, "Maximum batch GPU session count of 2 reached."),
        ({"invalidDatasetSources": ["tester/weights"]}, "saved without the dataset tester/weights"),
        ({"invalidCompetitionSources": ["kuzushiji-recognition"]}, "the competition kuzushiji-recognition"),
        ({"invalidKernelSources": ["tester/a"], "invalidModelSources": ["b"]}, "the kernel tester/a, the model b"),
        ({"ref": "/code/tester/kuzushiji-train-2"}, "Kaggle saved it as tester/kuzushiji-train-2"),
    ],
    ids=["error", "dataset", "competition", "two", "renamed"],
)
def test_what_the_client_calls_a_push_and_is_none(kaggle, run, answer, said):
    kaggle.push_answer = answer
    code, out, last = run("kernel", "push", "train")
    assert (code, out) == (1, "")
    assert last.startswith("pushing tester/kuzushiji-train: ")
    assert said in last


def test_unknown_tags_are_a_warning(kaggle, run):
    kaggle.push_answer = {"invalidTags": ["ocr"]}
    code, _, said = run("kernel", "push", "train")
    assert (code, said) == (0, "Kaggle does not know the tags ocr")


@pytest.mark.parametrize(
    ("failure", "said"),
    [
        (Failure(403, "Phone verification needed"), "check that the account is verified by phone"),
        (Failure(409, "Conflict"), f"another push is being saved: look at {PAGE} and push again"),
        (Failure(503), f"look at {PAGE} whether it runs before pushing again"),
        (Failure(cut=True, done=True), f"look at {PAGE} whether it runs before pushing again"),
    ],
    ids=["403", "409", "503", "cut"],
)
def test_a_push_that_fails_is_not_repeated(kaggle, run, failure, said):
    kaggle.fail("SaveKernel", failure)
    code, out, last = run("kernel", "push", "train")
    assert (code, out) == (1, "")
    assert said in last
    assert len(kaggle.calls("SaveKernel")) == 1


def test_a_wrong_setting_is_seen_before_the_upload(kaggle, run, weights):
    assert run("kernel", "push", "predict", "--recognizer-weights", weights, "--set", "shards=0")[0] == 1
    assert run("kernel", "push", "predict")[2] == (
        "the predict kernel needs weights: give --recognizer-weights FILE, --dataset OWNER/SLUG or --from-kernel train"
    )
    assert run("kernel", "push", "train", "--from-kernel", "a/b/c")[2] == (
        "'a/b/c' is no kernel: write train, predict, train-fold-1 or owner/slug"
    )
    assert kaggle.uploads == {}


def test_a_dataset_that_kaggle_does_not_take(kaggle, run, weights):
    kaggle.dataset_answer = {"status": "Error", "error": "The title is taken"}
    code, _, said = run("kernel", "push", "predict", "--recognizer-weights", weights)
    assert (code, said) == (
        1,
        "uploading the dataset tester/kuzushiji-weights: Kaggle answers 'The title is taken': correct what it names",
    )
    assert kaggle.kernels == []


def test_an_upload_that_fails_pushes_nothing(kaggle, run, weights):
    kaggle.fail("PUT", Failure(403))
    code, out, said = run("kernel", "push", "predict", "--recognizer-weights", weights)
    assert (code, out, kaggle.kernels) == (1, "", [])
    # The client says so from version 2.2.5 on; before, Kaggle's listing shows it.
    assert "Upload unsuccessful: recognizer.safetensors" in said or "without recognizer.safetensors as it was" in said


def test_a_dataset_that_lacks_a_file(kaggle, run, weights, monkeypatch):
    def without_files(body, base):
        kaggle.datasets["tester/kuzushiji-weights"] = [{"notes.txt": b""}]
        return {"ref": "tester/kuzushiji-weights", "url": "", "status": "Ok", "error": ""}

    monkeypatch.setattr(kaggle, "rpc_CreateDataset", without_files, raising=False)
    monkeypatch.setattr(datasets, "READY_SECONDS", 60.0)
    code, _, said = run("kernel", "push", "predict", "--recognizer-weights", weights)
    assert code == 1
    assert said == (
        "waiting for the dataset tester/kuzushiji-weights: it is ready after 60 s, without recognizer.safetensors as "
        "it was uploaded: see https://www.kaggle.com/datasets/tester/kuzushiji-weights"
    )


def test_a_dataset_that_kaggle_cannot_unpack(kaggle, run, weights):
    kaggle.datasets["tester/kuzushiji-weights"] = [{"a": b""}]
    kaggle.dataset_states = ["READY", "FAILED"]
    code, _, said = run("kernel", "push", "predict", "--recognizer-weights", weights)
    assert code == 1
    assert said.startswith("waiting for the dataset tester/kuzushiji-weights: Kaggle says it is failed: see ")


@pytest.mark.parametrize(
    ("status", "code"),
    [("QUEUED", 0), ("RUNNING", 0), ("COMPLETE", 0), ("ERROR", 1), ("CANCEL_REQUESTED", 1), ("CANCEL_ACKNOWLEDGED", 1)],
)
def test_status(kaggle, run, status, code):
    kaggle.kernel_states = [{"status": status, "failureMessage": "Out of\nmemory" if code else ""}]
    done, out, said = run("kernel", "status", "train")
    assert (done, out) == (code, f"tester/kuzushiji-train: {status}\n")
    if code:
        assert said == (
            f"tester/kuzushiji-train: the run ended with {status} (Out of memory): `kuzushiji kernel output` fetches "
            "its log"
        )


def test_status_waits(kaggle, run, pauses):
    kaggle.kernel_states = [{"status": "QUEUED"}, {"status": "RUNNING"}, {"status": "COMPLETE"}]
    assert run("kernel", "status", "tester/kuzushiji-train", "--wait")[:2] == (0, "tester/kuzushiji-train: COMPLETE\n")
    assert pauses == [10.0, 15.0]
    kaggle.kernel_states = [{"status": "RUNNING"}]
    code, out, said = run("kernel", "status", "train", "--wait", "--timeout", "60")
    assert (code, out) == (1, "")
    assert said == f"tester/kuzushiji-train is running after 60 s: it goes on, see {PAGE}"


def test_push_may_wait_for_the_end(kaggle, run):
    kaggle.kernel_states = [{"status": "RUNNING"}, {"status": "ERROR"}]
    code, out, _ = run("kernel", "push", "train", "--wait")
    assert (code, out.splitlines()[1]) == (1, "tester/kuzushiji-train: ERROR")


def test_a_kernel_that_may_not_be_seen(kaggle, run, tmp_path):
    for part in (["status"], ["output", "--out", str(tmp_path / "output")]):
        kaggle.fail("GetKernelSessionStatus", Failure(403, "Permission 'kernels.get' was denied"))
        kaggle.fail("ListKernelSessionOutput", Failure(403, "Permission 'kernels.get' was denied"))
        code, _, said = run("kernel", *part, "tester/other-kernel")
        assert code == 1
        assert said.endswith(
            "Permission 'kernels.get' was denied (status 403): there is no kernel tester/other-kernel that this "
            "account may see: check its name at https://www.kaggle.com/code/tester/other-kernel"
        )


def test_output_fetches_every_page_and_the_log(kaggle, run, tmp_path):
    out = tmp_path / "out"
    kaggle.page_size = 3
    kaggle.output = {f"plots/{n}.txt": bytes([n]) * n for n in range(1, 9)}
    code, printed, _ = run("kernel", "output", "train", "--out", out)
    assert code == 0
    assert printed.splitlines() == [*(f"{out}/{name}" for name in kaggle.output), f"{out}/kuzushiji-train.log"]
    for name, content in kaggle.output.items():
        assert (out / name).read_bytes() == content
    assert (out / "kuzushiji-train.log").read_text() == kaggle.log


def test_output_goes_on_where_it_was_cut(kaggle, run, tmp_path, pauses):
    content = bytes(range(256)) * 3000
    kaggle.output = {"model.ckpt": content, "submission.csv": b"image_id,labels\n"}
    kaggle.cut_after = [300_000]
    kaggle.fail("ListKernelSessionOutput", None, Failure(429, "slower", {"Retry-After": "3"}))
    assert run("kernel", "output", "train", "--out", tmp_path)[0] == 0
    assert (tmp_path / "model.ckpt").read_bytes() == content
    assert "bytes=262144-" in [request.headers.get("Range") for request in kaggle.calls("GET")]
    assert pauses == [2.0, 3.0]


def test_an_error_page_is_not_kept_as_the_file(kaggle, run, tmp_path):
    kaggle.output = {"submission.csv": b"image_id,labels\n"}
    kaggle.fail("GET", *[Failure(403)] * 5)
    code, out, said = run("kernel", "output", "train", "--out", tmp_path / "out")
    assert (code, out) == (1, "")
    assert said.startswith("fetching the output of tester/kuzushiji-train: 403 Client Error: Forbidden for url: ")
    assert not (tmp_path / "out" / "submission.csv").exists()


def test_a_file_that_would_land_elsewhere(kaggle, run, tmp_path):
    kaggle.output = {"../outside.txt": b"x"}
    code, _, said = run("kernel", "output", "train", "--out", tmp_path / "out")
    assert code == 1
    assert "'../outside.txt', which lies outside the folder" in said
    assert not (tmp_path / "outside.txt").exists()


def test_wrong_usage(capsys):
    for argv in (["kernel"], ["kernel", "push", "cook"], ["kernel", "output", "train"]):
        with pytest.raises(SystemExit) as caught:
            main(argv)
        assert caught.value.code == 2


@pytest.mark.parametrize(("option", "default"), [("prior", "TEXT_PRIOR"), ("column", "COLUMN_MODEL")])
def test_a_predict_kernel_gets_what_reads_the_text_with_its_weights(kaggle, run, weights, tmp_path, option, default):
    mine = tmp_path / "mine.safetensors"
    mine.write_bytes(b"mine")
    argv = ["kernel", "push", "predict", "--recognizer-weights", weights]
    assert run(*argv)[0] == 0
    assert run(*argv, f"--{option}", mine)[0] == 0
    getattr(default_weights, default).write_bytes(b"own")
    assert run(*argv)[0] == 0
    versions = kaggle.datasets["tester/kuzushiji-weights"]
    assert [version.get(f"{option}.safetensors") for version in versions] == [None, b"mine", b"own"]
