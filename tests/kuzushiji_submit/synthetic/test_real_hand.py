from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from kuzushiji_submit.synthetic.book import draw_book_style
from kuzushiji_submit.synthetic.fonts import BaseGlyph, mean_stroke
from kuzushiji_submit.synthetic.hand import Hand, HandStyle
from kuzushiji_submit.synthetic.real_glyphs import RealBook, RealGlyphs
from kuzushiji_submit.synthetic.real_hand import OTHER_SHARE, OWN_SHARE, RealHand, RealHands, RealHandStyle
from tests.kuzushiji_submit.synthetic.conftest import UNHELD

ALPHA, BETA = "U+03B1", "U+03B2"


def bar(width, height=60, stroke=8):
    """A frame of ink, width and height in pixels."""
    mask = np.full((height, width), 255, np.uint8)
    mask[stroke:-stroke, stroke:-stroke] = 0
    return BaseGlyph(mask, mean_stroke(mask))


def book(name, glyphs):
    return RealBook(name, {codepoint: (glyph,) for codepoint, glyph in glyphs.items()}, 0.1, 0.6)


@pytest.fixture
def glyphs():
    """Two books: ALPHA is narrow in the first and wide in the second; only the second has BETA and UNHELD."""
    wide = {ALPHA: bar(120), BETA: bar(120), UNHELD: bar(120)}
    return RealGlyphs({"a": book("a", {ALPHA: bar(40)}), "b": book("b", wide)})


def write_many(hand, codepoint, count=300, **options):
    rng = np.random.default_rng(0)
    return [hand.write(codepoint, (60, 60), rng, **options) for _ in range(count)]


def test_own_glyphs_mostly_others_at_times_unknown_never(glyphs):
    hand = RealHand(glyphs, "a")
    shares = {
        codepoint: np.mean([ink is not None for ink in write_many(hand, codepoint)])
        for codepoint in (ALPHA, BETA, "U+03B3")
    }
    assert shares[ALPHA] == pytest.approx(OWN_SHARE, abs=0.06)
    assert shares[BETA] == pytest.approx(OTHER_SHARE, abs=0.09)
    assert shares["U+03B3"] == 0


def test_a_book_with_a_glyph_of_its_own_uses_no_other(glyphs):
    for ink in write_many(RealHand(glyphs, "a"), ALPHA):
        assert ink is None or ink.shape[1] < ink.shape[0]


def test_proportions_and_strokes_are_those_of_the_glyph(glyphs):
    original = glyphs.books["b"].glyphs[BETA][0]
    for ink in write_many(RealHand(glyphs, "b"), BETA, 40, needed=True):
        height, width = ink.shape
        assert width / height == pytest.approx(2.0, rel=0.25)
        scale = np.sqrt(ink.size / original.mask.size)
        assert mean_stroke(ink) == pytest.approx(scale * original.stroke, abs=2.0)


def test_no_two_writings_are_the_same(glyphs):
    written = write_many(RealHand(glyphs, "a"), ALPHA, 20, needed=True)
    assert max(Counter(ink.tobytes() for ink in written).values()) == 1


@pytest.mark.parametrize("size_hw", [(3, 3), (3, 200), (200, 3), (300, 300)])
def test_any_size(glyphs, size_hw):
    ink = RealHand(glyphs, "a", RealHandStyle(softness=0.7)).write(
        ALPHA, size_hw, np.random.default_rng(1), needed=True
    )
    assert ink is not None
    assert ink.max() > 60
    assert max(ink.shape) < 2 * max(size_hw) + 4


def test_hand_asks_its_source_first_and_again_where_the_fonts_fail(fonts, glyphs):
    hand = Hand(fonts, HandStyle(face_weights=(1.0,)), (7,), RealHand(glyphs, "a"))
    rng = np.random.default_rng(0)
    drawn = [hand.draw(ALPHA, (60, 60), rng) for _ in range(60)]
    narrow = sum(ink.shape[1] < 0.85 * ink.shape[0] for ink in drawn)
    assert 60 * OWN_SHARE - 8 < narrow < 60
    assert all(hand.draw(UNHELD, (60, 60), rng) is not None for _ in range(20))
    assert hand.draw("U+4E01", (60, 60), rng) is None


def test_softness_blurs_what_the_fonts_write(fonts):
    sharp, soft = (
        Hand(fonts, HandStyle(face_weights=(1.0,), softness=softness), (7,)).draw(
            ALPHA, (80, 80), np.random.default_rng(0)
        )
        for softness in (0.0, 1.5)
    )
    between = [((ink > 60) & (ink < 190)).mean() for ink in (sharp, soft)]
    assert between[1] > 1.5 * between[0]


@pytest.mark.parametrize(("share", "expected"), [(0.0, 0), (0.3, 60), (1.0, 200)])
def test_share_of_books_and_every_real_book_has_its_turn(glyphs, share, expected):
    hands = RealHands(glyphs, share)
    style = draw_book_style(np.random.default_rng(0), 1)
    drawn = [hands.draw((1, 2, number), style) for number in range(200)]
    leading = Counter(hand.book.book_id for _, hand in drawn if hand is not None)
    assert sum(leading.values()) == pytest.approx(expected, abs=20 if 0 < share < 1 else 0)
    assert set(leading) == ({"a", "b"} if share else set())
    for adapted, hand in drawn:
        assert adapted == style if hand is None else adapted.hand.stroke == hand.book.stroke


def test_record_names_the_books_and_what_was_cut(glyphs):
    record = RealHands(glyphs, 0.4).record()
    assert (record["share"], record["books"]) == (0.4, {"a": 1, "b": 3})
    fewer = RealGlyphs({name: replace(held) for name, held in glyphs.books.items() if name == "a"})
    assert RealHands(fewer, 0.4).record()["sha256"] != record["sha256"]
