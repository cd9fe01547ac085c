"""Context as a step of the pipeline."""

import numpy as np
import pytest

from kuzushiji_submit.core.errors import CompetitionFileError
from kuzushiji_submit.reading import default_weights
from kuzushiji_submit.reading.context.config import ContextConfig
from kuzushiji_submit.reading.default_weights import text_prior
from kuzushiji_submit.reading.load_pipeline import PipelineConfig, load_pipeline
from kuzushiji_submit.reading.prior.kneser_ney import estimate
from kuzushiji_submit.reading.prior.prior_file import save_prior
from kuzushiji_submit.reading.step_files import StepFiles


@pytest.fixture
def prior(tmp_path):
    """A text prior under which の is always followed by 一."""
    path = tmp_path / "prior.safetensors"
    save_prior(path, estimate([["U+306E", "U+4E00"] * 8], 3))
    return path


def read(weights, prior, page, **settings):
    config = PipelineConfig(**{"min_score": 0.0, **settings})
    (reading,) = load_pipeline(config, [weights], [], "cpu", StepFiles(prior)).read([("p", page)])
    return reading


def test_context_changes_scores_and_keeps_the_boxes(weights, prior, draw_page):
    drawn, _ = draw_page(2)
    before = read(weights, None, drawn)
    after = read(weights, prior, drawn)
    assert len(after) == len(before) > 0
    assert np.array_equal(after.boxes, before.boxes)
    assert not np.allclose(after.top_scores, before.top_scores[:, : after.top_scores.shape[1]])
    assert np.array_equal(after.class_ids, after.top_ids[:, 0])
    assert after.scores == pytest.approx(after.detection_scores.astype(float) * after.top_scores[:, 0])


@pytest.mark.parametrize("context", [ContextConfig(enabled=False), ContextConfig(weight=0)])
def test_context_that_is_off_changes_nothing(weights, prior, draw_page, context):
    drawn, _ = draw_page(1)
    off, without = read(weights, prior, drawn, context=context), read(weights, None, drawn, context=context)
    assert np.array_equal(off.top_ids, without.top_ids)
    assert np.array_equal(off.top_scores, without.top_scores)


def test_more_is_considered_than_kept(weights, prior, draw_page):
    drawn, _ = draw_page(1)
    assert read(weights, prior, drawn, alternatives=1).top_ids.shape[1] == 1


def test_an_empty_page_with_context(weights, prior):
    assert len(read(weights, prior, np.full((50, 40, 3), 230, np.uint8))) == 0


def test_a_missing_prior_is_named_unless_nobody_asked_for_it(tmp_path, monkeypatch, caplog):
    missing = tmp_path / "none.safetensors"
    with pytest.raises(CompetitionFileError, match="no text prior"):
        text_prior(missing)
    monkeypatch.setattr(default_weights, "TEXT_PRIOR", missing)
    assert text_prior(None) is None
    assert "without the text around them" in caplog.text
