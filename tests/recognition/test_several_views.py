"""The views of a crop."""

import numpy as np
import pytest
import torch

from kuzushiji_submit.core.errors import ConfigError
from recognition.crops import Crops
from recognition.preprocess import PreprocessConfig, model_inputs
from recognition.recognizer import Recognizer
from recognition.several_views import View, ViewsConfig, make_views

INSIDE = torch.tensor([[0.6, 0.6, 0.0]])


@pytest.fixture
def dot() -> torch.Tensor:
    """A crop of 32 pixels with a dark square of four in its middle."""
    pixels = torch.zeros(1, 32, 32, dtype=torch.uint8)
    pixels[0, 14:18, 14:18] = 255
    return pixels


def center(image: torch.Tensor) -> tuple[float, float]:
    """Where the ink lies, (x, y) in pixels."""
    ink = image[0, 0]
    places = torch.arange(ink.shape[-1]) + 0.5
    return float((ink.sum(0) * places).sum() / ink.sum()), float((ink.sum(1) * places).sum() / ink.sum())


@pytest.mark.parametrize(
    ("config", "count"),
    [
        (ViewsConfig(), 1),
        (ViewsConfig(scales=(1.0,)), 1),
        (ViewsConfig(shift=0.05), 5),
        (ViewsConfig(scales=(0.9, 1.1)), 3),
        (ViewsConfig(thickness=0.5), 3),
        (ViewsConfig(0.05, (0.9, 1.1, 1.1), 0.5), 9),
    ],
)
def test_the_crop_as_it_is_comes_first_and_no_view_twice(config: ViewsConfig, count: int) -> None:
    views = make_views(config)
    assert views[0] == View()
    assert len(views) == len(set(views)) == count


@pytest.mark.parametrize(
    "values", [{"shift": -0.1}, {"shift": 0.3}, {"thickness": 4.0}, {"scales": (0.0,)}, {"scales": (1.0, 3.0)}]
)
def test_values_out_of_range_are_refused(values: dict) -> None:
    with pytest.raises(ConfigError, match="views needs"):
        ViewsConfig(**values)


@pytest.mark.parametrize("context", [0.0, 1.5])
def test_the_plain_view_is_what_the_model_is_shown_anyway(dot: torch.Tensor, context: float) -> None:
    config = PreprocessConfig(context=context, input_size=32)
    for seen, plain in zip(View().inputs(dot, INSIDE, config), model_inputs(dot, INSIDE, config), strict=True):
        assert seen.equal(plain)


@pytest.mark.parametrize("context", [0.0, 1.5])
@pytest.mark.parametrize(("view", "moved"), [(View(right=0.125), (4, 0)), (View(down=-0.125), (0, -4))])
def test_a_shift_moves_the_character_and_not_the_marked_box(
    dot: torch.Tensor, view: View, moved: tuple[int, int], context: float
) -> None:
    config = PreprocessConfig(context=context, input_size=32)
    image, *_ = view.inputs(dot, INSIDE, config)
    assert center(image) == pytest.approx((16 + moved[0], 16 + moved[1]), abs=0.05)
    if context:
        assert image[:, 1].equal(model_inputs(dot, INSIDE, config)[0][:, 1])


@pytest.mark.parametrize("view", [View(scale=1.5), View(thicker=1.0)])
def test_larger_and_thicker_show_more_ink_and_their_opposites_less(dot: torch.Tensor, view: View) -> None:
    config = PreprocessConfig()
    less = View(scale=1 / view.scale, thicker=-view.thicker)
    inks = [float(one.inputs(dot, INSIDE, config)[0].sum()) for one in (less, View(), view)]
    assert inks[0] < inks[1] < inks[2]


def test_no_crops() -> None:
    none = torch.zeros(0, 32, 32, dtype=torch.uint8), torch.zeros(0, 3)
    for view in make_views(ViewsConfig(0.05, (1.1,), 0.5)):
        assert view.inputs(*none, PreprocessConfig(context=1.5, input_size=32))[0].shape == (0, 2, 32, 32)


def test_a_recognizer_says_the_mean_of_its_views(weights, model: torch.nn.Module, metadata) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (5, 32, 32), dtype=np.uint8)
    crops = Crops(pixels, np.full((5, 3), 0.5, np.float32))
    config = ViewsConfig(shift=0.1, scales=(0.9,), thickness=0.5)
    found = Recognizer.load(weights, "cpu", views=config, batch_size=2, embeddings=True)
    with torch.no_grad():
        inputs = [
            view.inputs(torch.from_numpy(pixels), torch.from_numpy(crops.geometry), metadata.preprocess)[0]
            for view in make_views(config)
        ]
        expected = torch.stack([model(each) for each in inputs]).mean(0).numpy()
    np.testing.assert_allclose(found.logits(crops), expected, atol=1e-5)
    assert (
        found.recognize(crops).embeddings.shape
        == Recognizer.load(weights, embeddings=True).recognize(crops).embeddings.shape
    )
