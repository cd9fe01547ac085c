"""From a page to characters."""

from dataclasses import replace

import numpy as np
import pytest

from kuzushiji_submit import defaults
from kuzushiji_submit.errors import CompetitionFileError
from kuzushiji_submit.pipeline import Pipeline, PipelineConfig
from kuzushiji_submit.reading.context.config import ContextConfig
from kuzushiji_submit.reading.prior.kneser_ney import estimate
from kuzushiji_submit.reading.prior.prior_file import save_prior


def test_an_empty_page_takes_the_same_path(pipeline):
    (page,) = pipeline.read([("empty", np.full((50, 40, 3), 230, np.uint8))])
    assert (page.image_id, page.characters) == ("empty", ())
    assert pipeline.recognize([]) == []


def test_every_character_is_found_in_its_box(pipeline, draw_page):
    page, boxes = draw_page(2)
    (read,) = pipeline.read([("p", page)])
    assert len(read.characters) == len(boxes)
    for x0, y0, x1, y1 in boxes:
        inside = [one for one in read.characters if x0 < one.center[0] < x1 and y0 < one.center[1] < y1]
        assert len(inside) == 1
        assert inside[0].codepoint in pipeline.recognizer.charset
        assert sum(alternative.score for alternative in inside[0].alternatives) == pytest.approx(1, abs=1e-3)
        assert inside[0].score == pytest.approx(inside[0].detection_score * inside[0].alternatives[0].score)


def test_common_batches_give_what_single_pages_give(pipeline, draw_page):
    detected = [pipeline.detect(f"p{columns}", draw_page(columns)[0]) for columns in (1, 0, 3)]
    together = pipeline.recognize(detected)
    alone = [pipeline.recognize([page])[0] for page in detected]
    assert [page.image_id for page in together] == ["p1", "p0", "p3"]
    for one, other in zip(together, alone, strict=True):
        assert [c.box for c in one.characters] == [c.box for c in other.characters]
        assert [c.score for c in one.characters] == pytest.approx([c.score for c in other.characters], abs=1e-5)


def test_min_score_drops_the_unsure(pipeline, draw_page):
    page, _ = draw_page(2)
    scores = sorted(one.score for one in next(pipeline.read([("p", page)])).characters)
    strict = Pipeline(pipeline.recognizer, PipelineConfig(min_score=scores[5]))
    assert len(next(strict.read([("p", page)])).characters) == len(scores) - 5


@pytest.fixture
def prior(tmp_path):
    """A text prior under which の is always followed by 一."""
    path = tmp_path / "prior.safetensors"
    save_prior(path, estimate([["U+306E", "U+4E00"] * 8], 3))
    return path


def without_eye(page):
    return [replace(character, eye=()) for character in page.characters]


def test_context_changes_readings_and_keeps_what_the_eye_said(weights, prior, draw_page):
    drawn, _ = draw_page(2)
    alone, context = (
        Pipeline.load(PipelineConfig(min_score=0, context=ContextConfig(enabled=on)), weights, None, "cpu", prior)
        for on in (False, True)
    )
    (before,), (after,) = alone.read([("p", drawn)]), context.read([("p", drawn)])
    assert all(character.eye == () for character in before.characters)
    assert [character.eye for character in after.characters] == [one.alternatives for one in before.characters]
    assert without_eye(after) != without_eye(before)
    for character in after.characters:
        assert character.codepoint == character.alternatives[0].codepoint
        assert character.score == pytest.approx(character.detection_score * character.alternatives[0].score)


def test_context_without_weight_is_no_context(weights, prior, draw_page):
    drawn, _ = draw_page(1)
    off, weightless = (
        Pipeline.load(PipelineConfig(min_score=0, context=context), weights, None, "cpu", prior)
        for context in (ContextConfig(enabled=False), ContextConfig(weight=0))
    )
    (one,), (other,) = off.read([("p", drawn)]), weightless.read([("p", drawn)])
    assert one == other


def test_more_is_considered_than_kept(weights, prior, draw_page):
    drawn, _ = draw_page(1)
    (page,) = Pipeline.load(PipelineConfig(min_score=0, alternatives=1), weights, None, "cpu", prior).read(
        [("p", drawn)]
    )
    assert {len(character.alternatives) for character in page.characters} == {1}
    assert {len(character.eye) for character in page.characters} == {1}


def test_an_empty_page_with_context(weights, prior):
    pipeline = Pipeline.load(PipelineConfig(), weights, None, "cpu", prior)
    (page,) = pipeline.read([("empty", np.full((50, 40, 3), 230, np.uint8))])
    assert page.characters == ()


def test_a_missing_prior_is_named_unless_nobody_asks_for_it(weights, tmp_path, monkeypatch, caplog):
    missing = tmp_path / "none.safetensors"
    with pytest.raises(CompetitionFileError, match="no text prior"):
        Pipeline.load(PipelineConfig(), weights, None, "cpu", missing)
    monkeypatch.setattr(defaults, "TEXT_PRIOR", missing)
    assert Pipeline.load(PipelineConfig(), weights, None, "cpu").context is None
    assert "without the text around them" in caplog.text
    off = PipelineConfig(context=ContextConfig(enabled=False))
    assert Pipeline.load(off, weights, None, "cpu", missing).context is None
