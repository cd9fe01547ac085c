"""Several recognizers as one."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest
import torch

from kuzushiji_submit.core.charset import Charset
from kuzushiji_submit.core.errors import WeightsError
from kuzushiji_submit.core.page.ink import InkConfig
from recognition.calibration import Calibration
from recognition.crops import CropConfig, Crops
from recognition.ensemble import RecognizerEnsemble
from recognition.models.kuzu_char_rec import KuzuCharRecConfig
from recognition.models.reader import ReaderConfig
from recognition.models.registry import build_model
from recognition.opinions import Opinions
from recognition.preprocess import PreprocessConfig
from recognition.recognizer import Recognizer
from recognition.weights_metadata import WeightsMetadata


@pytest.fixture
def crops() -> Crops:
    pixels = np.random.default_rng(0).integers(0, 256, (7, 32, 32), dtype=np.uint8)
    return Crops(pixels, np.zeros((7, 3), np.float32))


@pytest.fixture
def make(metadata: WeightsMetadata) -> Callable[..., Recognizer]:
    """A recognizer of a seed, with other metadata where a test asks for it."""

    def build(seed: int, **changes: object) -> Recognizer:
        torch.manual_seed(seed)
        described = replace(metadata, **changes)
        return Recognizer(build_model(described.model, len(described.charset)), described, device="cpu")

    return build


def together(*members: Recognizer, **settings: int) -> RecognizerEnsemble:
    return RecognizerEnsemble(members, [f"m{place}.safetensors" for place in range(len(members))], **settings)


def log_softmax(logits: np.ndarray) -> np.ndarray:
    return torch.from_numpy(logits).log_softmax(dim=1).numpy()


def normalized(logs: Sequence[np.ndarray]) -> np.ndarray:
    """The geometric mean of scores, given by their logarithms, that adds up to 1."""
    mean = np.exp(np.mean(logs, axis=0))
    return mean / mean.sum(axis=1, keepdims=True)


def test_scores_are_the_geometric_mean(make: Callable, crops: Crops) -> None:
    members = [make(seed, calibration=Calibration(temperature, 0.2)) for seed, temperature in ((1, 1.0), (2, 2.5))]
    scores = normalized([log_softmax(member.logits(crops) / member.calibration.temperature) for member in members])
    found = together(*members, batch_size=3).recognize(crops)
    np.testing.assert_array_equal(found.top_ids, np.argsort(-scores, axis=1)[:, :5])
    np.testing.assert_allclose(found.top_scores, -np.sort(-scores, axis=1)[:, :5], atol=1e-6)
    assert (found.top_ids.dtype, found.top_scores.dtype, found.embeddings) == (np.int64, np.float32, None)
    np.testing.assert_allclose(together(*members).score_crops(crops), scores.max(axis=1), atol=1e-6)


def test_one_member_alone_is_that_member(make: Callable, crops: Crops) -> None:
    member = make(1, calibration=Calibration(1.7, 0.3))
    alone = together(member)
    np.testing.assert_allclose(alone.recognize(crops).top_scores, member.recognize(crops).top_scores, atol=1e-6)
    assert alone.min_score == pytest.approx(0.3)


def test_classes_in_another_order_are_matched_by_codepoint(make: Callable, crops: Crops, charset: Charset) -> None:
    first, second = make(1), make(2)
    shuffled = make(2, charset=Charset(charset.codepoints[::-1]))
    head = [module for module in shuffled.model.modules() if isinstance(module, torch.nn.Linear)][-1]
    with torch.no_grad():
        head.weight.copy_(head.weight.flip(0))
        head.bias.copy_(head.bias.flip(0))
    np.testing.assert_allclose(
        together(first, shuffled).logits(crops), together(first, second).logits(crops), atol=1e-6
    )


def test_no_crops(make: Callable) -> None:
    pair, none = together(make(1), make(2)), Crops.empty(32)
    assert pair.recognize(none).top_ids.shape == (0, 5)
    assert pair.logits(none).shape == (0, 6)
    assert pair.score_crops(none).shape == (0,)
    assert pair.score_boxes(np.zeros((50, 50), np.uint8), np.zeros((0, 4), np.float32)).shape == (0,)


@pytest.mark.parametrize(("weights", "expected"), [((0.2, 0.6), 0.4), ((0.2, None), None), ((None, None), None)])
def test_the_text_weighs_as_its_members_were_calibrated_to(
    make: Callable, weights: tuple[float | None, ...], expected: float | None
) -> None:
    members = [make(seed, calibration=Calibration(1.0, 0.2, weight)) for seed, weight in enumerate(weights, 1)]
    assert together(*members).calibration.context_weight == (expected and pytest.approx(expected))


def test_its_calibration_comes_on_top_of_the_members(make: Callable, crops: Crops) -> None:
    pair = together(make(1, calibration=Calibration(1.0, 0.2)), make(2, calibration=Calibration(2.0, 0.4)))
    assert pair.calibration.temperature == 1.0
    assert pair.min_score == pytest.approx(0.3)
    sharp, logits = pair.score_crops(crops), pair.logits(crops)
    pair.calibrate(Calibration(20.0, 0.1))
    assert (pair.score_crops(crops) < sharp).all()
    assert pair.min_score == pytest.approx(0.1)
    np.testing.assert_array_equal(pair.logits(crops), logits)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"charset": Charset(tuple(f"U+{code:04X}" for code in range(0x3042, 0x3047)))}, "1 differ, such as U\\+3047"),
        ({"crop": CropConfig(size=32, margin=0.1)}, "needs crops cut with"),
        ({"ink": InkConfig(floor=0.7)}, "floor"),
    ],
)
def test_members_that_do_not_fit_together_are_refused(make: Callable, changes: dict, message: str) -> None:
    with pytest.raises(WeightsError, match=rf"m1\.safetensors.*{message}"):
        together(make(1), make(2, **changes))


def test_members_that_know_no_character_and_members_that_do_not_are_refused(metadata: WeightsMetadata) -> None:
    cut = CropConfig(size=32, resize="context")
    reader = ReaderConfig(widths=(4, 4), blocks=(1,), embedding=8)
    shown = PreprocessConfig(context=1.5, input_size=32)
    with_none = replace(metadata, model=reader, crop=cut, preprocess=shown)
    without = replace(metadata, crop=cut)
    members = [Recognizer(build_model(one.model, 6), one, device="cpu") for one in (with_none, without)]
    with pytest.raises(WeightsError, match="not a character"):
        together(*members)
    pair = together(members[0], members[0])
    geometry = np.full((2, 3), 0.5, np.float32)
    assert pair.logits(Crops(np.zeros((2, 32, 32), np.uint8), geometry)).shape == (2, 7)


def test_members_need_not_be_of_one_network(make: Callable, crops: Crops) -> None:
    wider = make(3, model=KuzuCharRecConfig(stage_widths=(8, 8), convs_per_stage=1))
    assert together(make(1), wider).recognize(crops).top_ids.shape == (7, 5)


def test_embeddings_stand_side_by_side_where_every_member_gives_them(
    metadata: WeightsMetadata, make: Callable, crops: Crops
) -> None:
    model = build_model(metadata.model, len(metadata.charset))
    member = Recognizer(model, metadata, device="cpu", embeddings=True)
    ensemble = together(member, member, batch_size=3)
    alone, twice = member.recognize(crops).embeddings, ensemble.recognize(crops).embeddings
    assert alone is not None
    np.testing.assert_allclose(twice, np.concatenate([alone, alone], axis=1), rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(ensemble.recognize(crops).top_ids, member.recognize(crops).top_ids)
    assert together(member, make(1)).recognize(crops).embeddings is None


def test_another_reader_joins_the_mean_before_its_temperature(make: Callable, crops: Crops) -> None:
    pair = together(make(1, calibration=Calibration(2.0)), make(2), batch_size=3)
    pair.calibrate(Calibration(1.5))
    other = np.random.default_rng(0).normal(size=(7, 6)).astype(np.float16)
    mean, said = (
        torch.from_numpy(logits).log_softmax(dim=1) for logits in (pair.logits(crops), other.astype(np.float32))
    )
    scores = ((0.75 * mean + 0.25 * said).log_softmax(dim=1) / 1.5).softmax(dim=1).numpy()
    found = pair.recognize_with(crops, Opinions(other, 0.25))
    np.testing.assert_array_equal(found.top_ids, np.argsort(-scores, axis=1)[:, :5])
    np.testing.assert_allclose(found.top_scores, -np.sort(-scores, axis=1)[:, :5], atol=1e-6)
    alone, unheard = pair.recognize(crops), pair.recognize_with(crops, Opinions(other, 0.0))
    np.testing.assert_allclose(unheard.top_scores, alone.top_scores, atol=1e-6)
    assert pair.recognize_with(Crops.empty(32), Opinions(other[:0], 0.25)).top_ids.shape == (0, 5)
