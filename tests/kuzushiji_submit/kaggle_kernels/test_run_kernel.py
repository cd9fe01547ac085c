"""The kernels' main program: its steps, their time, and how it goes on."""

import json
import shutil
from pathlib import Path

import pytest

from kuzushiji_submit.competition.truth import read_truth
from kuzushiji_submit.core.errors import KernelError
from kuzushiji_submit.core.time_budget import TIME_IS_UP
from kuzushiji_submit.kaggle_kernels.run_kernel import run_kernel, run_session
from tests.kuzushiji_submit.kaggle_kernels.conftest import option, save_weights, write_shard

TRAINING = ["detector", "recognizer", "predict"]
EVERY_STEP = [*TRAINING[:2], "prior", "calibrate", "held_out", "second_level", "threshold", "predict"]
FOLD = {"folds": 4, "fold": 1}


def trains(code: int = 0):
    """What a training leaves: a checkpoint and weights named after the model."""

    def act(call: list[str]) -> int:
        run = Path(option(call, "--out"))
        (run / "checkpoints").mkdir(parents=True, exist_ok=True)
        (run / "checkpoints" / "last.ckpt").touch()
        split = next((word for word in call if word.startswith("split.validation_books=")), "=[]")
        save_weights(run / f"{call[1]}.safetensors", json.loads(split.split("=", 1)[1]), bytes([code]))
        return code

    return act


def writes(content: bytes = b"made", code: int = 0):
    """A command that writes what its option --out names."""

    def act(call: list[str]) -> int:
        Path(option(call, "--out")).write_bytes(content)
        return code

    return act


def reads_held_out(content: bytes = b"readings"):
    """The command that leaves readings and their table."""

    def act(call: list[str]) -> int:
        Path(option(call, "--out")).with_suffix(".csv").write_text("book,F1\n")
        return writes(content)(call)

    return act


def calibrates(call: list[str]) -> int:
    """The command that writes a threshold where it is given readings, and weights where it is given those."""
    return writes(b"min_score = 0.4\n" if "--readings" in call else b"calibrated")(call)


@pytest.fixture
def record(roots):
    return lambda: json.loads((roots.working / "kuzushiji_run.json").read_text())


@pytest.fixture
def commands(pretended):
    """Commands that leave what the real ones do."""
    pretended.acts |= {"train": trains(), "predict": write_shard}
    pretended.acts |= {"prior": writes(), "held-out": reads_held_out(), "second-level": writes()}
    pretended.acts["calibrate"] = calibrates
    return pretended


def run(steps, **values) -> int:
    return run_kernel("train", {"steps": steps, **values})


def statuses(record) -> dict[str, str]:
    return {name: step["status"] for name, step in record()["steps"].items()}


def seconds(call: list[str]) -> float:
    return float(option(call, "--time-budget")[:-1])


def test_each_step_has_its_share_of_the_time_and_what_others_leave_over(roots, commands, record):
    shares = {"detector": 2, "recognizer": 3, "predict": 5}
    assert run(TRAINING, time_budget="11h", reserve="1h", shares=shares) == 0
    detector, recognizer = commands.of("train")
    assert (detector[1], recognizer[1]) == ("detector", "recognizer")
    assert seconds(detector) == pytest.approx(2 * 3600, abs=30)
    # The detector took no time here, so the other two have all of it.
    assert seconds(recognizer) == pytest.approx(10 * 3600 * 3 / 8, abs=30)
    assert all(not Path(option(call, "--data")).is_relative_to(roots.working) for call in (detector, recognizer))
    assert Path(option(recognizer, "--crops")).is_relative_to(roots.scratch)
    call = commands.of("predict")[0]
    assert seconds(call) == pytest.approx(10 * 3600, abs=30)
    assert option(call, "--recognizer-weights") == str(roots.working / "recognizer.safetensors")
    assert option(call, "--detector-weights") == str(roots.working / "detector.safetensors")
    assert set(statuses(record).values()) == {"done"}


def test_both_networks_are_trained_without_the_same_books(commands, record):
    run(["detector", "recognizer"], **FOLD)
    splits = {word for call in commands.of("train") for word in call if word.startswith("split.")}
    assert splits == {f"split.validation_books={json.dumps(record()['held_out'])}"}
    assert len(record()["held_out"]) == 1


def test_without_folds_every_book_is_trained_on(commands, record):
    run(["recognizer", "calibrate", "held_out", "second_level", "threshold", "predict"])
    (call,) = commands.of("train")
    assert "split.folds=0" in call
    assert "export=last" in call
    assert statuses(record)["calibrate"] == statuses(record)["held_out"] == "skipped"
    assert record()["steps"]["calibrate"]["message"] == "no book is held out"
    assert record()["steps"]["threshold"]["message"].startswith("no readings of held-out books")


def test_scores_are_calibrated_on_the_books_held_out_and_read_with(roots, commands, record):
    assert run(EVERY_STEP, **FOLD) == 0
    books = record()["held_out"]
    (prior,) = commands.of("prior")
    assert option(prior, "--leave-out") == books[0]
    calibrate, threshold = commands.of("calibrate")
    for call in (calibrate, *commands.of("held-out")):
        assert option(call, "--books") == books[0]
        assert option(call, "--detector-weights") == str(roots.working / "detector.safetensors")
        assert option(call, "--prior") == str(roots.working / "prior.safetensors")
    # As they were trained go in, calibrated ones come out, and these are read with.
    trained = roots.working / "runs" / "recognizer" / "recognizer.safetensors"
    assert option(calibrate, "--recognizer-weights") == str(trained)
    calibrated = roots.working / "recognizer.safetensors"
    assert calibrated.read_bytes() == b"calibrated"
    for call in (*commands.of("held-out"), commands.of("predict")[0]):
        assert option(call, "--recognizer-weights") == str(calibrated)
    assert option(threshold, "--readings") == str(roots.working / "held_out.jsonl")
    assert "min_score=0.4" in commands.of("predict")[0]
    # One book is too little for a second level, which says so.
    assert statuses(record)["second_level"] == "skipped"
    assert "it takes readings of 3 books" in record()["steps"]["second_level"]["message"]


def test_further_arguments_and_precision(commands, monkeypatch):
    monkeypatch.setattr("kuzushiji_submit.kaggle_kernels.session.count_gpus", lambda: 2)
    run(["detector", "recognizer"], arguments={"detector": ["--fold", "1"], "recognizer": ["--set", "epochs=3"]})
    detector, recognizer = commands.of("train")
    assert detector[-2:] == ["--fold", "1"]
    assert recognizer[-2:] == ["--set", "epochs=3"]
    assert "runtime.precision=16-mixed" in detector
    # Both GPUs are there for each, one after the other.
    assert commands.environments == [{}, {}]
    assert not commands.of("predict")


def test_a_config_becomes_a_file_for_the_command(commands):
    run(["detector", "recognizer"], configs={"recognizer": "epochs = 2\n"})
    detector, recognizer = commands.of("train")
    assert Path(option(recognizer, "--config")).read_text() == "epochs = 2\n"
    assert "--config" not in detector


def test_without_a_gpu_the_precision_stays(commands):
    run(["recognizer"])
    assert "runtime.precision=16-mixed" not in commands.of("train")[0]


def test_time_that_is_up_leaves_weights_to_predict_with(roots, commands, record):
    commands.acts["train"] = trains(TIME_IS_UP)
    assert run(TRAINING) == 0
    assert statuses(record) == {
        **dict.fromkeys(("run", "predict", "merge", "report"), "done"),
        **dict.fromkeys(("detector", "recognizer"), "partial"),
    }
    assert (roots.working / "recognizer.safetensors").is_file()


def test_a_training_that_fails_leaves_the_other_and_the_pages(commands, record):
    commands.acts["train detector"] = lambda _: 1
    assert run(TRAINING) == 0
    assert statuses(record)["detector"] == "failed"
    assert record()["steps"]["detector"]["message"] == "ended with 1"
    assert statuses(record)["predict"] == "done"
    assert option(commands.of("predict")[0], "--detector") == "ink"


def test_pages_are_read_with_attached_weights_where_none_were_trained(roots, commands):
    commands.acts["train"] = lambda _: 1
    assert run(TRAINING) == 1  # the pretended merge writes nothing
    call = commands.of("predict")[0]
    assert option(call, "--recognizer-weights") == str(roots.inputs / "weights" / "recognizer.safetensors")


def test_without_any_weights_it_says_where_to_look(roots, commands, record):
    commands.acts["train"] = lambda _: 1
    shutil.rmtree(roots.inputs / "weights")
    assert run(TRAINING) == 1
    assert "none was trained (logs/recognizer.log): attach a data set" in record()["steps"]["predict"]["message"]
    assert not commands.of("predict")


def attach(roots, name: str = "kuzushiji-train") -> Path:
    """What a session left becomes an input of the next."""
    attached = roots.inputs / "notebooks" / "someone" / name
    attached.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(roots.working, attached)
    roots.working.mkdir()
    return attached


def test_an_attached_run_goes_on_and_what_was_finished_is_not_done_again(roots, commands, record):
    commands.acts["train recognizer"] = trains(TIME_IS_UP)
    run(["detector", "recognizer"])
    attached = attach(roots)
    shutil.rmtree(roots.inputs / "weights")
    commands.calls.clear()
    commands.acts["train recognizer"] = trains()
    assert run(TRAINING) == 0
    assert [call[1] for call in commands.of("train")] == ["recognizer"]
    assert (roots.working / "runs" / "recognizer" / "checkpoints" / "last.ckpt").is_file()
    assert record()["earlier_run"] == str(attached)
    assert statuses(record)["detector"] == "done"
    # The partial weights of the run that was gone on with are no second reader.
    call = commands.of("predict")[0]
    place = call.index("--recognizer-weights")
    assert call[place + 1 : place + 3] == [str(roots.working / "recognizer.safetensors"), "--detector"]


def test_a_finished_run_does_nothing_again_in_its_own_folder(roots, commands, record):
    run(EVERY_STEP, **FOLD)
    commands.calls.clear()
    run(EVERY_STEP, **FOLD)
    assert {call[0] for call in commands.calls} == {"merge", "validate", "report"}
    assert set(statuses(record).values()) == {"done", "skipped"}


@pytest.mark.parametrize(
    ("changed", "again"),
    [
        ({"arguments": {"recognizer": ["--set", "epochs=3"]}}, {"train", "calibrate", "held-out"}),
        ({"arguments": {"calibrate": ["--pages", "9"]}}, {"calibrate", "held-out"}),
        ({"fold": 2}, {"train", "prior", "calibrate", "held-out"}),
        ({"shares": {"predict": 0.5}}, set()),
    ],
)
def test_what_is_wanted_otherwise_is_done_again_with_all_that_depends_on_it(commands, changed, again):
    run(EVERY_STEP, **FOLD)
    commands.calls.clear()
    run(EVERY_STEP, **FOLD | changed)
    assert {call[0] for call in commands.calls} - {"merge", "validate", "report", "predict"} == again


def test_a_run_begun_on_other_gpus_does_not_go_on(roots, commands, record, monkeypatch):
    commands.acts["train"] = trains(TIME_IS_UP)
    run(["recognizer"])
    attach(roots)
    commands.calls.clear()
    monkeypatch.setattr("kuzushiji_submit.kaggle_kernels.session.count_gpus", lambda: 2)
    assert run(["recognizer"]) == 1
    assert "was begun on 0 GPUs, here are 2" in record()["steps"]["run"]["message"]
    assert commands.calls == []


def test_pages_alone_need_no_training_pages(roots, commands, record):
    shutil.rmtree(roots.inputs / "competitions" / "kuzushiji-recognition" / "train_images")
    run(["prior", "second_level", "threshold", "predict"])
    assert statuses(record)["predict"] == "done"
    run(["recognizer"])
    assert "neither train_images" in record()["steps"]["run"]["message"]


def test_readers_of_several_kernels_are_averaged(roots, commands, record):
    shutil.rmtree(roots.inputs / "weights")
    for fold in (0, 1):
        commands.acts["held-out"] = reads_held_out(f"readings of {fold}".encode())
        run(
            EVERY_STEP,
            folds=4,
            fold=fold,
            name=f"train-fold-{fold}",
            arguments={"recognizer": ["--set", f"seed={fold}"]},
        )
        attach(roots, f"kuzushiji-train-fold-{fold}")
    commands.calls.clear()
    assert run_kernel("predict", {"steps": ["prior", "second_level", "threshold", "predict"]}) == 0
    folders = [roots.inputs / "notebooks" / "someone" / f"kuzushiji-train-fold-{fold}" for fold in (0, 1)]
    call = commands.of("predict")[0]
    assert record()["readers"]["detectors"] == [str(folder / "detector.safetensors") for folder in folders]
    place = call.index("--detector-weights")
    assert call[place + 1 : place + 3] == record()["readers"]["detectors"]
    (threshold,) = commands.of("calibrate")
    place = threshold.index("--readings")
    assert threshold[place + 1 : place + 3] == [str(folder / "held_out.jsonl") for folder in folders]
    # Made of every book, since nothing is held out here.
    assert "--leave-out" not in commands.of("prior")[0]
    assert option(call, "--prior") == str(roots.working / "prior.safetensors")


ADAPTED = ["prior", "adapt", "calibrate", "held_out", "threshold", "predict"]


def adapts(adopted: bool = True):
    """What an adaptation leaves."""

    def act(call: list[str]) -> int:
        out = Path(option(call, "--out"))
        out.mkdir(parents=True)
        (out / "result.json").write_text(json.dumps({"adopted": adopted}))
        if adopted:
            (out / "recognizer.safetensors").write_bytes(b"adapted")
        return 0 if adopted else 1

    return act


@pytest.fixture
def folds(roots, commands, record):
    """Recognizers of two folds, attached; gives the books that each has not seen."""
    shutil.rmtree(roots.inputs / "weights")
    books = []
    for fold in (0, 1):
        commands.acts["calibrate"] = lambda call: calibrates(call) if "--readings" in call else 1
        run(["detector", "recognizer"], folds=4, fold=fold, name=f"train-fold-{fold}")
        books.append(record()["held_out"])
        attach(roots, f"kuzushiji-train-fold-{fold}")
    commands.acts["calibrate"] = calibrates
    commands.calls.clear()
    return books


def weights_of(roots, fold: int) -> str:
    folder = roots.inputs / "notebooks" / "someone" / f"kuzushiji-train-fold-{fold}"
    return str(folder / "recognizer.safetensors")


def test_one_of_the_ensemble_learns_what_all_of_it_reads(roots, commands, record, folds):
    commands.acts["adapt"] = adapts()
    run(ADAPTED, folds=4, fold=1, name="train-adapted")
    (call,) = commands.of("adapt")
    # The one that has not seen the guard's books learns; crops of all other books keep it from forgetting.
    assert option(call, "--recognizer-weights") == weights_of(roots, 1)
    assert option(call, "--teachers") == weights_of(roots, 0)
    guard, labeled = (read_truth(Path(option(call, name)) / "train.csv") for name in ("--guard", "--labeled"))
    assert {page.image_id.split("_")[0] for page in guard} == set(folds[1])
    assert len(labeled) == 3
    assert (Path(option(call, "--guard")) / "train_images").is_dir()
    assert Path(option(call, "--store")).is_relative_to(roots.scratch)
    # Calibrated once more, it stands in the ensemble for the one that it was.
    calibrate = commands.of("calibrate")[0]
    assert option(calibrate, "--recognizer-weights") == str(roots.working / "runs" / "adapt" / "recognizer.safetensors")
    assert record()["readers"]["recognizers"] == [str(roots.working / "recognizer.safetensors"), weights_of(roots, 0)]
    # The fold's detector comes along, and counts once.
    detectors = [roots.working / "detector.safetensors", Path(weights_of(roots, 0)).with_name("detector.safetensors")]
    assert record()["readers"]["detectors"] == [str(path) for path in detectors]


def test_what_the_guard_refuses_leaves_the_ensemble_as_it_was(roots, commands, record, folds):
    commands.acts["adapt"] = adapts(adopted=False)
    run(["adapt", "predict"], folds=4, fold=1, name="train-adapted")
    assert record()["steps"]["adapt"]["status"] == "done"
    assert record()["steps"]["adapt"]["message"].startswith("refused, the weights before stay")
    assert record()["readers"]["recognizers"] == [weights_of(roots, 0), weights_of(roots, 1)]


def test_without_a_reader_of_the_fold_there_is_nothing_to_adapt(commands, record, folds):
    run(["adapt"], folds=4, fold=2, name="train-adapted")
    assert record()["steps"]["adapt"]["status"] == "failed"
    assert "attach the kernel of this fold" in record()["steps"]["adapt"]["message"]
    run(["adapt"], name="train-adapted-2")
    assert record()["steps"]["adapt"]["message"] == "no book is held out to guard the result with"


def test_a_prior_of_a_data_set_goes_before_one_of_the_train_pages(roots, commands, record):
    (roots.inputs / "weights" / "prior.safetensors").write_bytes(b"prior")
    run(["prior", "predict"])
    assert statuses(record)["prior"] == "skipped"
    assert option(commands.of("predict")[0], "--prior") == str(roots.inputs / "weights" / "prior.safetensors")


def test_a_threshold_that_cannot_be_read_is_named(roots, commands, record):
    (roots.inputs / "weights" / "threshold.toml").write_text("min_score = ")
    run(["predict"])
    assert "threshold.toml: holds no min_score" in record()["steps"]["predict"]["message"]


def run_program(work, values=None) -> int:
    return run_session("predict", values or {}, work)


def test_a_run_that_makes_something_has_not_failed(roots, pretended, record, capsys):
    def half(session):
        (roots.working / "submission.csv").touch()
        session.step("report", lambda: ("failed", ""))

    assert run_program(half) == 0
    assert "written: submission.csv; failed: report" in capsys.readouterr().out


def test_a_run_that_makes_nothing_has(roots, pretended, record, capsys):
    def nothing(session):
        raise KernelError("no pages: attach them")

    assert run_program(nothing) == 1
    assert "run: failed after 0 s: no pages: attach them" in capsys.readouterr().out
    assert record()["steps"]["run"]["status"] == "failed"
    assert run_program(lambda session: None) == 0


def test_settings_that_are_wrong_end_it_at_once(roots, pretended, record, capsys):
    assert run_program(lambda session: pytest.fail("began"), {"hours": 3}) == 1
    assert "kernel: error: the kernel's settings: unknown key hours" in capsys.readouterr().out
    assert not (roots.working / "kuzushiji_run.json").exists()


def test_a_working_folder_that_cannot_be_written(roots, pretended, monkeypatch, capsys):
    (roots.scratch / "file").touch()
    monkeypatch.setenv("KUZUSHIJI_WORKING_ROOT", str(roots.scratch / "file" / "working"))
    assert run_program(lambda session: None) == 1
    assert "cannot be written" in capsys.readouterr().out
