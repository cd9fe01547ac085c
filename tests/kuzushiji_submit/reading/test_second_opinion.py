"""What dense readers say of a page together."""

import numpy as np
import pytest

from kuzushiji_submit.core.charset import Charset
from kuzushiji_submit.core.errors import ConfigError, WeightsError
from kuzushiji_submit.core.page.prepared import PreparedPage, take_levelled
from kuzushiji_submit.reading.second_opinion import DenseOpinionConfig, SecondOpinion

CHARSET = Charset(("U+306E", "U+306F", "U+4E00"))
PAGE = take_levelled(np.full((40, 30, 3), 255, np.uint8))


class Sure:
    """Says a class as surely as a box is wide."""

    def __init__(self, charset: Charset, codepoint: str) -> None:
        self.charset, self.codepoint = charset, codepoint

    def logits(self, page: PreparedPage, boxes: np.ndarray) -> np.ndarray:
        said = np.zeros((len(boxes), len(self.charset)), np.float32)
        said[:, self.charset.class_id(self.codepoint)] = boxes[:, 2] - boxes[:, 0]
        return said


def boxes_of(*widths: float) -> np.ndarray:
    return np.array([(0, 0, width, 9) for width in widths], np.float32).reshape(-1, 4)


def opinion_of(*members: Sure, share: float = 0.5) -> SecondOpinion:
    return SecondOpinion(members, [f"m{place}.safetensors" for place in range(len(members))], CHARSET, share)


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan")])
def test_a_share_out_of_range_is_refused(share: float) -> None:
    with pytest.raises(ConfigError, match=r"dense\.share must lie in 0\.\.1"):
        DenseOpinionConfig(share)


def test_a_share_may_be_left_open() -> None:
    assert [DenseOpinionConfig(share).share for share in (None, 0.0, 1.0)] == [None, 0.0, 1.0]


def test_no_boxes() -> None:
    said = opinion_of(Sure(CHARSET, "U+306E"), Sure(CHARSET, "U+4E00")).of_page(PAGE, boxes_of())
    assert said.shape == (0, 3)
    assert said.dtype == np.float16


def test_the_mean_of_its_members_has_the_recognizer_s_order() -> None:
    turned = Charset(CHARSET.codepoints[::-1])
    alike = [Sure(charset, "U+306F") for charset in (CHARSET, turned)]
    pair = opinion_of(*alike).of_page(PAGE, boxes_of(4, 8))
    np.testing.assert_array_equal(pair, opinion_of(alike[0]).of_page(PAGE, boxes_of(4, 8)))
    assert pair.tolist() == [[-4, 0, -4], [-8, 0, -8]]
    odd = opinion_of(Sure(CHARSET, "U+306E"), Sure(turned, "U+4E00")).of_page(PAGE, boxes_of(4))
    assert odd.tolist() == [[0, -2, 0]]


def test_what_is_very_sure_stays_finite_in_16_bits() -> None:
    said = opinion_of(Sure(CHARSET, "U+306E")).of_page(PAGE, boxes_of(3e4))
    assert np.isfinite(said).all()


@pytest.mark.parametrize(
    ("codepoints", "message"),
    [
        (("U+306E", "U+306F"), r"m1\.safetensors: does not know .* \(1 differ, such as U\+4E00\)"),
        (("U+306E", "U+306F", "U+4E01"), r"\(2 differ, such as U\+4E00\)"),
        (("U+306E", "U+306F", "U+4E00", "U+9999"), r"\(1 differ, such as U\+9999\): train them with one charset"),
    ],
)
def test_other_characters_than_the_recognizer_s_are_refused(codepoints: tuple[str, ...], message: str) -> None:
    with pytest.raises(WeightsError, match=message):
        opinion_of(Sure(CHARSET, "U+306E"), Sure(Charset(codepoints), "U+306E"))
