"""Calibration on pages with truth."""

from pathlib import Path

import numpy as np
import pytest

from kuzushiji_submit.calibration.calibrate import calibrate, spread, truth_of
from kuzushiji_submit.calibration.threshold import judge
from kuzushiji_submit.cli.main import main
from kuzushiji_submit.competition.data_folder import DataFolder
from kuzushiji_submit.competition.truth import PageTruth, write_truth
from kuzushiji_submit.core.charset import Charset
from kuzushiji_submit.core.errors import CompetitionFileError, PageReadError
from kuzushiji_submit.core.page.page_files import PageFile
from kuzushiji_submit.core.page.read import read_page
from kuzushiji_submit.reading.book_hand import HandConfig
from kuzushiji_submit.reading.context.config import ContextConfig
from kuzushiji_submit.reading.load_pipeline import PipelineConfig, load_pipeline
from kuzushiji_submit.reading.pipeline import Pipeline
from kuzushiji_submit.reading.prior.kneser_ney import estimate
from kuzushiji_submit.reading.prior.prior_file import save_prior
from kuzushiji_submit.reading.second_opinion import DenseOpinionConfig
from kuzushiji_submit.reading.step_files import StepFiles
from kuzushiji_submit.reading.text_readers import WEIGHTS
from recognition.calibration import Calibration
from recognition.crops import CropConfig
from recognition.models.reader import ReaderConfig
from recognition.models.registry import build_model
from recognition.preprocess import PreprocessConfig
from recognition.weights_file import load_weights, read_metadata, save_weights, with_calibration
from recognition.weights_metadata import WeightsMetadata


@pytest.fixture
def data(tmp_path, draw_page, save_drawn_page):
    """Two pages of two books; the labels are what the untrained recognizer says, but for one of them."""
    folder = DataFolder(tmp_path / "data")
    truths = []
    for image_id, columns in (("a_1", 2), ("b_1", 1)):
        page, boxes = draw_page(columns)
        save_drawn_page(folder.train_images / f"{image_id}.jpg", page)
        truths.append(PageTruth(image_id, ("U+306E",) * len(boxes), np.array(boxes, np.float32)))
    write_truth(folder.train_csv, truths)
    return folder


def test_threshold_and_temperature_are_those_of_the_pages(data, pipeline):
    result = calibrate(truth_of(data), pipeline.recognizer, pipeline)
    assert (result.pages, result.fit.characters) == (2, 18)
    assert result.fit.loss_after <= result.fit.loss_before + 1e-9
    assert result.counts.f1 >= result.counts_before.f1
    assert pipeline.recognizer.calibration.temperature == result.fit.temperature
    assert 0 <= result.calibration.min_score <= 1


def test_a_second_opinion_joins_before_the_temperature_is_fitted(data, weights, dense_weights):
    """The threshold is chosen on the pages as `predict` will read them with both."""
    for share in (1.0, 0.5):
        config = PipelineConfig(hand=HandConfig(enabled=False), dense=DenseOpinionConfig(share), ask_recognizer=False)
        pipeline, pages = load_pipeline(config, [weights, dense_weights], [], "cpu"), truth_of(data)
        plain = load_pipeline(config, [weights], [], "cpu")
        found = calibrate(pages, pipeline.recognizer, pipeline)
        alone = calibrate(pages, plain.recognizer, plain)
        assert (found.pages, found.fit.characters) == (2, 18)
        assert found.fit.loss_before != pytest.approx(alone.fit.loss_before, abs=1e-3)
        assert found.fit.loss_after <= found.fit.loss_before + 1e-9
        assert pipeline.recognizer.calibration.temperature == found.fit.temperature
        reader = pipeline.with_min_score(found.calibration.min_score)
        read = [(next(reader.read([(truth.image_id, read_page(path))])), truth) for path, truth in pages]
        scores, hits, _ = judge(read)
        assert (len(scores), int(hits.sum())) == (found.counts.tp + found.counts.fp, found.counts.tp)


@pytest.mark.parametrize("second", [False, True])
def test_pages_without_a_known_character_are_passed_over(data, tmp_path, dense_weights, write_csv, second):
    """Also where the network knows "not a character", of which no crop says nothing."""
    page = "U+306E 560 90 70 70 U+306F 560 210 70 70"
    write_csv("data/train.csv", ["image_id,labels", f"a_1,{page}", "b_1,U+9999 560 90 70 70"])
    reader = ReaderConfig(widths=(4, 4), blocks=(1,), embedding=8)
    metadata = WeightsMetadata(
        reader,
        Charset(("U+306E", "U+306F", "U+4E00")),
        CropConfig(size=32, resize="context"),
        PreprocessConfig(context=1.5, input_size=32),
    )
    path = tmp_path / "reader.safetensors"
    save_weights(path, build_model(reader, 3).state_dict(), metadata)
    files = [path, dense_weights] if second else [path]
    pipeline = load_pipeline(PipelineConfig(ask_recognizer=False), files, [], "cpu")
    result = calibrate(truth_of(data), pipeline.recognizer, pipeline)
    assert (result.pages, result.fit.characters) == (2, 2)


def blank_page(image_id, characters=1):
    truth = PageTruth(image_id, ("U+306E",) * characters, np.zeros((characters, 4), np.float32))
    return PageFile(Path(f"{image_id}.jpg")), truth


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (0, "a0 b0"),  # a book is not left out
        (1, "a0 b0"),
        (5, "a0 a2 a4 a6 b0"),
        (10, "a0 a1 a2 a3 a4 a5 a6 a7 b0 b1"),
        (99, "a0 a1 a2 a3 a4 a5 a6 a7 b0 b1"),
    ],
)
def test_pages_are_spread_over_books_and_over_each(count, expected):
    pages = [blank_page(f"a_{number}") for number in range(8)] + [blank_page(f"b_{number}") for number in range(2)]
    chosen = spread([*pages, blank_page("a_8", 0)], count)
    assert " ".join(truth.image_id.replace("_", "") for _, truth in chosen) == expected


def test_rows_in_another_form_belong_to_the_files_books(data, write_csv):
    write_csv("data/train.csv", ["image_id,labels", "train_images/a_1.jpg,U+306E 1 1 9 9", "B_1,U+306E 1 1 9 9"])
    pages = truth_of(data, lambda image_id: image_id.startswith("a"))
    assert [(file.path.name, page.image_id) for file, page in pages] == [("a_1.jpg", "a_1")]
    assert len(truth_of(data)) == 2


def test_an_unreadable_page_stops_nothing(data, pipeline, caplog):
    (data.train_images / "b_1.jpg").write_bytes(b"no image")
    assert calibrate(truth_of(data), pipeline.recognizer, pipeline).pages == 1
    assert "b_1.jpg" in caplog.text


def test_no_readable_page_is_a_named_error(data, pipeline):
    for image in data.train_images.iterdir():
        image.write_bytes(b"no image")
    with pytest.raises(PageReadError, match=r"no page could be read, the first for this: .*a_1\.jpg: not an image"):
        calibrate(truth_of(data), pipeline.recognizer, pipeline)


@pytest.mark.parametrize(("asks", "times"), [(False, 1), (True, 2)])
def test_a_page_is_made_ready_once_unless_its_boxes_depend_on_the_temperature(asks, times, data, pipeline, monkeypatch):
    made = []
    monkeypatch.setattr(pipeline, "prepare", lambda pixels: made.append(pixels) or Pipeline.prepare(pipeline, pixels))
    calibrate(truth_of(data), pipeline.recognizer, pipeline, detector_asks=asks)
    assert len(made) == 2 * times


def test_boxes_of_a_detector_that_asks_are_those_of_the_new_temperature(data, weights):
    """The threshold is chosen on the pages as `predict` will read them with the calibrated file."""
    pipeline = load_pipeline(PipelineConfig(), [weights], [], "cpu")
    recognizer = pipeline.recognizer
    recognizer.calibrate(Calibration(temperature=9.0))
    found = calibrate(truth_of(data), recognizer, pipeline, detector_asks=True)
    reader, pages = pipeline.with_min_score(found.calibration.min_score), truth_of(data)
    read = [(next(reader.read([(truth.image_id, read_page(path))])), truth) for path, truth in pages]
    scores, hits, _ = judge(read)
    assert (len(scores), int(hits.sum())) == (found.counts.tp + found.counts.fp, found.counts.tp)


def test_pages_without_truth_are_refused(data):
    with pytest.raises(CompetitionFileError, match="no annotated page"):
        truth_of(data, lambda image_id: image_id.startswith("z"))


def test_command_writes_a_copy_that_predict_uses(data, weights, tmp_path, capsys):
    out = tmp_path / "out" / "calibrated.safetensors"
    command = ["calibrate", "--data", str(data.root), "--books", "a", "--recognizer-weights", str(weights)]
    assert main([*command, "--detector", "ink", "--device", "cpu", "--out", str(out)]) == 0
    printed = capsys.readouterr().out
    assert "on 12 characters" in printed
    found = read_metadata(out).calibration
    assert f"temperature {found.temperature:.3f}" in printed
    assert load_pipeline(PipelineConfig(), [out], [], "cpu").min_score == found.min_score
    before, after = load_weights(weights)[0].state_dict(), load_weights(out)[0].state_dict()
    assert all(before[name].equal(after[name]) for name in before)


def right(page):
    """The only class that the pages' truth has, and which the untrained recognizer reads by chance alone."""
    table = np.full_like(page.top_ids[:, :1], page.charset.class_id("U+306E"))
    return page.reread(table, np.ones(table.shape, np.float32))


def nothing(page):
    """No character at all."""
    return page.select(np.zeros(len(page), np.bool_))


@pytest.mark.parametrize(
    ("contexts", "chosen"),
    [
        ({0.0: [nothing], 0.5: [right]}, 0.5),
        ({0.5: [right], 0.9: [nothing, right], 0.7: [right]}, 0.5),  # of several the smallest
        ({0.0: [right], 0.5: [right, nothing]}, 0.0),  # the text only hurts
    ],
)
def test_the_weight_of_the_text_is_the_one_that_reads_best(data, pipeline, contexts, chosen):
    result = calibrate(truth_of(data), pipeline.recognizer, pipeline, contexts)
    assert result.calibration.context_weight == chosen
    assert result.counts.f1 == result.f1_by_weight[chosen] == max(result.f1_by_weight.values())
    assert list(result.f1_by_weight) == sorted(contexts)


def test_a_weight_that_was_chosen_is_kept_where_none_is_to_be(data, pipeline):
    pipeline.recognizer.calibrate(Calibration(context_weight=0.25))
    result = calibrate(truth_of(data), pipeline.recognizer, pipeline)
    assert (result.calibration.context_weight, result.f1_by_weight) == (0.25, {})


def test_the_command_chooses_a_weight_that_predict_uses(data, weights, tmp_path, capsys):
    prior, out = tmp_path / "prior.safetensors", tmp_path / "calibrated.safetensors"
    save_prior(prior, estimate([["U+306E", "U+4E00"] * 8], 3))
    command = ["calibrate", "--data", data.root, "--recognizer-weights", weights, "--prior", prior]
    command += ["--detector", "ink", "--device", "cpu", "--out", out]
    assert main([str(argument) for argument in command]) == 0
    chosen = read_metadata(out).calibration.context_weight
    assert chosen in WEIGHTS
    assert f"context.weight {chosen:g} of (weight, best F1) 0 " in capsys.readouterr().out
    with_calibration(out, out, Calibration(context_weight=0.25))
    (step,) = load_pipeline(PipelineConfig(), [out], [], "cpu", StepFiles(prior)).steps
    assert step.context.config.weight == 0.25
    config = PipelineConfig(context=ContextConfig(weight=0.75))
    (step,) = load_pipeline(config, [out], [], "cpu", StepFiles(prior)).steps
    assert step.context.config.weight == 0.75
    with_calibration(out, out, Calibration(context_weight=0.0))
    assert load_pipeline(PipelineConfig(), [out], [], "cpu", StepFiles(prior)).steps == ()
    assert main([*map(str, command), "--set", "context.weight=0.5"]) == 0
    assert "context.weight" not in capsys.readouterr().out
