"""From a page to characters."""

import numpy as np
import pytest

from kuzushiji_submit.reading.pipeline import Pipeline, PipelineConfig


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
