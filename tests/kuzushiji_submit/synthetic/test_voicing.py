import numpy as np
import pytest

from kuzushiji_submit.synthetic.fonts import BaseGlyph
from kuzushiji_submit.synthetic.voicing import with_mark


@pytest.mark.parametrize("mark", ["゛", "゜"])
@pytest.mark.parametrize("shape", [(60, 12), (12, 60), (90, 80), (40, 40)])
def test_mark_stands_at_the_upper_right_and_leaves_the_form(mark, shape):
    glyph = BaseGlyph(np.full(shape, 100, np.uint8), 4.0)
    marked = with_mark(glyph, mark).mask
    lower = marked[-shape[0] :, : shape[1]]
    assert (lower >= 100).all()
    added = (marked > 0).sum() - (glyph.mask > 0).sum()
    assert added > 0
    rows, columns = np.nonzero(marked > 200)
    assert rows.mean() < marked.shape[0] / 2
    assert columns.mean() > marked.shape[1] / 2


@pytest.mark.parametrize("shape", [(1, 1), (40, 4), (4, 40)])
def test_degenerate_forms_are_marked_too(shape):
    assert (with_mark(BaseGlyph(np.full(shape, 100, np.uint8), 1.0), "゛").mask > 100).any()
