"""Pipelines of weights files: dense readers among them, column models after them."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from detection.dense.weights_file import DenseCalibration, load_dense, save_dense
from kuzushiji_submit.core.charset import Charset
from kuzushiji_submit.core.errors import ConfigError, WeightsError
from kuzushiji_submit.core.settings import read_settings
from kuzushiji_submit.reading.book_hand import HandConfig
from kuzushiji_submit.reading.column.config import ColumnConfig
from kuzushiji_submit.reading.context.config import ContextConfig
from kuzushiji_submit.reading.load_pipeline import (
    PipelineConfig,
    describe,
    load_in_worker,
    load_pipeline,
    load_recognizer,
    load_second_opinion,
)
from kuzushiji_submit.reading.second_opinion import DenseOpinionConfig
from kuzushiji_submit.reading.step_files import StepFiles
from recognition.calibration import Calibration
from recognition.weights_file import with_calibration
from tests.kuzushiji_submit.conftest import CODEPOINTS

PLAIN = PipelineConfig(hand=HandConfig(enabled=False), min_score=0.0)


@pytest.fixture
def read(draw_page):
    """Reads a drawn page with weights."""
    page, _ = draw_page(2)

    def run(weights, config=PLAIN, **files):
        (reading,) = load_pipeline(config, weights, [], "cpu", StepFiles(**files)).read([("p", page)])
        return reading

    return run


def with_share(share):
    return replace(PLAIN, dense=DenseOpinionConfig(share))


def saved_again(path, source, order=None, **changes):
    """A copy of a dense reader's file, with its classes in another order or with other metadata."""
    network, metadata = load_dense(source)
    if order is not None:
        with torch.no_grad():
            for array in network.classifier.parameters():
                array.copy_(array[list(order)].clone())
        changes["charset"] = Charset(tuple(metadata.charset.codepoints[place] for place in order))
    save_dense(path, network.state_dict(), replace(metadata, **changes))
    return path


def test_a_dense_reader_joins_and_changes_what_is_read(read, weights, dense_weights):
    alone, joined = read([weights]), read([weights, dense_weights])
    np.testing.assert_array_equal(alone.boxes, joined.boxes)
    assert len(alone) == 12
    assert np.abs(alone.top_scores - joined.top_scores).max() > 0.01


def test_where_it_stands_among_the_files_does_not_matter(read, weights, dense_weights):
    first, last = read([dense_weights, weights]), read([weights, dense_weights])
    np.testing.assert_array_equal(first.top_ids, last.top_ids)
    np.testing.assert_array_equal(first.top_scores, last.top_scores)


def test_the_order_of_its_classes_does_not_matter(read, weights, dense_weights, tmp_path):
    turned = saved_again(tmp_path / "turned.safetensors", dense_weights, order=(1, 2, 0))
    first, second = read([weights, dense_weights]), read([weights, turned])
    np.testing.assert_array_equal(first.top_ids, second.top_ids)
    np.testing.assert_allclose(first.top_scores, second.top_scores, atol=1e-3)


def test_all_of_the_share_is_the_dense_reader_alone(read, weights, dense_weights):
    reading = read([weights, dense_weights], with_share(1.0))
    pipeline = load_pipeline(with_share(1.0), [weights, dense_weights], [], "cpu")
    assert pipeline.second_opinion is not None
    assert pipeline.second_opinion.share == 1.0
    np.testing.assert_allclose(reading.top_scores.sum(axis=1), 1, atol=1e-4)
    assert np.abs(reading.top_scores - read([weights]).top_scores).max() > 0.01


def test_without_a_share_it_is_not_even_asked(read, weights, dense_weights):
    assert load_pipeline(with_share(0.0), [weights, dense_weights], [], "cpu").second_opinion is None
    alone, unheard = read([weights]), read([weights, dense_weights], with_share(0.0))
    np.testing.assert_array_equal(unheard.top_scores, alone.top_scores)


@pytest.mark.parametrize(("crops", "dense", "share"), [(1, 0, None), (1, 1, 1 / 2), (2, 1, 1 / 3), (1, 2, 2 / 3)])
def test_each_reader_counts_alike_unless_told(weights, dense_weights, crops, dense, share):
    files = [weights] * crops + [dense_weights] * dense
    recognizer = load_recognizer(PLAIN, files, "cpu")
    opinion = load_second_opinion(PLAIN, files, recognizer, "cpu")
    assert (opinion and opinion.share) == (share and pytest.approx(share))
    assert len(opinion.members if opinion else ()) == dense


def test_its_own_temperature_makes_it_less_sure(read, weights, dense_weights, tmp_path):
    calm = saved_again(tmp_path / "calm.safetensors", dense_weights, calibration=DenseCalibration(50.0))
    joined, calmed = (read([weights, path], with_share(1.0)) for path in (dense_weights, calm))
    assert calmed.top_scores[:, 0].max() < joined.top_scores[:, 0].min()


def test_other_characters_are_refused(weights, dense_weights, tmp_path):
    charset = Charset(("U+306E", "U+306F", "U+9999"))
    other = saved_again(tmp_path / "other.safetensors", dense_weights, charset=charset)
    with pytest.raises(WeightsError, match=r"other\.safetensors: does not know the same characters as the recognizer"):
        load_pipeline(PLAIN, [weights, other], [], "cpu")


def test_dense_readers_alone_are_refused(dense_weights):
    with pytest.raises(WeightsError, match="a dense reader joins a recognizer that reads crops"):
        load_pipeline(PLAIN, [dense_weights], [], "cpu")


def test_a_share_that_is_none_is_refused():
    with pytest.raises(ConfigError, match=r"dense\.share must lie in 0\.\.1, got 2"):
        read_settings(PipelineConfig(), overrides=["dense.share=2.0"])


def test_what_a_reading_depends_on_names_both(weights, dense_weights):
    config, files = with_share(0.25), [weights, dense_weights]
    told = describe(config, load_in_worker(config, files, [], "cpu"), files, [])
    assert [file["file"] for file in told["recognizer_weights"]] == ["recognizer.safetensors", "dense.safetensors"]
    assert len({file["sha256"] for file in told["recognizer_weights"]}) == 2
    assert told["pipeline"]["dense"] == {"share": 0.25}


def test_a_blank_page_takes_the_same_path(weights, dense_weights):
    pipeline = load_pipeline(PLAIN, [weights, dense_weights], [], "cpu")
    for size in ((1, 1, 3), (300, 200, 3)):
        (reading,) = pipeline.read([("p", np.full(size, 230, np.uint8))])
        assert len(reading) == 0


def test_a_column_model_changes_what_is_read_and_the_eye_stays_the_eye(read, weights, column_model):
    alone, again = read([weights]), read([weights], column=column_model)
    np.testing.assert_array_equal(again.boxes, alone.boxes)
    assert np.abs(again.top_scores - alone.top_scores).max() > 0.01
    np.testing.assert_allclose(again.top_scores.sum(axis=1), alone.top_scores.sum(axis=1), atol=1e-5)
    np.testing.assert_array_equal(again.eye_ids, alone.top_ids)
    np.testing.assert_array_equal(again.eye_scores, alone.top_scores)


@pytest.mark.parametrize(
    "settings",
    [
        {"column": ColumnConfig(enabled=False)},
        {"column": ColumnConfig(weight=0.0)},
        {"context": ContextConfig(enabled=False)},
        {"context": ContextConfig(weight=0.0)},
    ],
)
def test_a_column_model_that_is_off_changes_nothing(read, weights, column_model, settings):
    config = replace(PLAIN, **settings)
    off, alone = read([weights], config, column=column_model), read([weights], config)
    np.testing.assert_array_equal(off.top_ids, alone.top_ids)
    np.testing.assert_array_equal(off.top_scores, alone.top_scores)
    assert off.eye_ids is None


def test_a_reader_that_the_text_would_hurt_is_left_alone(read, weights, column_model, tmp_path):
    strong = tmp_path / "strong.safetensors"
    with_calibration(weights, strong, Calibration(context_weight=0.0))
    alone, left = read([strong]), read([strong], column=column_model)
    np.testing.assert_array_equal(left.top_scores, alone.top_scores)
    assert left.eye_ids is None
    asked = read([strong], replace(PLAIN, column=ColumnConfig(weight=0.6)), column=column_model)
    assert np.abs(asked.top_scores - alone.top_scores).max() > 0.01


def test_the_chosen_weight_of_the_text_scales_that_of_the_column_model(weights, column_model, tmp_path):
    calibrated = tmp_path / "calibrated.safetensors"
    with_calibration(weights, calibrated, Calibration(context_weight=0.35))
    (step,) = load_pipeline(PLAIN, [calibrated], [], "cpu", StepFiles(column=column_model)).steps
    assert step.config.weight_for(step.context, beside_prior=True) == pytest.approx(0.15)
    assert step.config.weight_for(step.context, beside_prior=False) == pytest.approx(0.3)


def test_the_readings_that_the_column_model_hears_are_kept_for_it(weights):
    def top_k(**settings):
        config = replace(PLAIN, alternatives=1, context=ContextConfig(alternatives=1), **settings)
        return load_recognizer(config, [weights], "cpu").top_k

    assert (top_k(), top_k(column=ColumnConfig(enabled=False))) == (len(CODEPOINTS), 1)


def test_a_column_model_that_is_none_is_named(read, weights, dense_weights):
    with pytest.raises(WeightsError, match=r"dense\.safetensors: "):
        read([weights], column=dense_weights)


def test_what_a_reading_depends_on_names_the_column_model(weights, column_model, tmp_path):
    def told(**files):
        return describe(PLAIN, load_pipeline(PLAIN, [weights], [], "cpu"), [weights], [], StepFiles(**files))

    assert told()["column_model"] is None
    assert told(column=column_model)["column_model"].keys() == {"file", "sha256"}
    assert told()["pipeline"]["column"] == {"enabled": True, "weight": None, "prior_share": 0.7}
