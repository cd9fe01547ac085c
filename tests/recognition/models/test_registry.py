import pytest
import torch

from kuzushiji_submit.core.errors import ConfigError
from kuzushiji_submit.core.registry import architecture
from recognition.crops import CropConfig
from recognition.models.backbones import ResNet50Config
from recognition.models.kuzu_char_rec import KuzuCharRecConfig
from recognition.models.registry import build_model
from recognition.models.simple_kuzu_rec import SimpleKuzuRecConfig
from tests.recognition.conftest import count_parameters

TEN_CLASSES = KuzuCharRecConfig((24, 48, 96), order="conv-bn-relu", dropout=0.25)


@pytest.mark.parametrize(
    ("config", "classes", "parameters"),
    [
        (SimpleKuzuRecConfig(), 2, 5_570),
        (TEN_CLASSES, 10, 272_458),
        (KuzuCharRecConfig(), 4212, 9_838_708),
        (KuzuCharRecConfig((128, 256, 1024)), 4212, 27_336_308),
        (KuzuCharRecConfig((128, 256, 512, 1024)), 4212, 35_598_452),
        # Recorded with three input channels, 27,682,302: the first convolution has 64 x 2 x 7 x 7 fewer.
        (ResNet50Config(), 4030, 27_682_302 - 64 * 2 * 7 * 7),
    ],
)
def test_parameter_counts_are_the_seeds(config: object, classes: int, parameters: int) -> None:
    with torch.device("meta"):
        assert count_parameters(build_model(config, classes)) == parameters


@pytest.mark.parametrize("name", ["kuzu_char_rec", "simple_kuzu_rec"])
@pytest.mark.parametrize("order", ["conv-relu-bn", "conv-bn-relu"])
@pytest.mark.parametrize("pooling", ["avg", "max", "concat"])
def test_every_variant_gives_logits(order: str, pooling: str, name: str) -> None:
    config = architecture("recognizer", name).config_class(order=order, pooling=pooling)
    model = build_model(config, 3).eval()
    crops = torch.rand(2, 1, 32, 32)
    logits = model(crops)
    assert logits.shape == (2, 3)
    torch.testing.assert_close(model.forward_head(model.forward_features(crops)), logits)


@pytest.mark.parametrize("size", [32, 48, 64])
def test_each_stage_halves_the_crop(size: int) -> None:
    model = build_model(KuzuCharRecConfig((2, 3, 5), 2), 7)
    assert model.forward_features(torch.rand(1, 1, size, size)).shape == (1, 5, size // 8, size // 8)


@pytest.mark.parametrize(
    ("order", "kinds"),
    [("conv-relu-bn", ["Conv2d", "ReLU", "BatchNorm2d"]), ("conv-bn-relu", ["Conv2d", "BatchNorm2d", "ReLU"])],
)
def test_block_order_and_initial_values(order: str, kinds: list[str]) -> None:
    model = build_model(KuzuCharRecConfig((4,), 1, order=order), 2)
    block = model.stages[0][0]
    assert [type(part).__name__ for part in block] == kinds
    norm = next(part for part in block if isinstance(part, torch.nn.BatchNorm2d))
    assert block[0].bias.abs().max() == 0
    assert norm.weight.tolist() == [1.0] * 4
    torch.testing.assert_close(norm.bias, torch.full((4,), 1e-3))


def test_concat_is_average_then_maximum() -> None:
    model = build_model(KuzuCharRecConfig((1,), 1, pooling="concat"), 2)
    maps = torch.tensor([[[[1.0, 2.0], [3.0, 6.0]]]])
    assert model.pool(maps).tolist() == [[3.0, 6.0]]


@pytest.mark.parametrize(
    ("config", "classes", "message"),
    [
        (CropConfig(), 2, "CropConfig is no registered network's settings"),
        (KuzuCharRecConfig(), 0, "at least one class"),
        (KuzuCharRecConfig(()), 2, "at least one stage"),
        (KuzuCharRecConfig((4, 0)), 2, "at least one stage"),
        (KuzuCharRecConfig((4,), 0), 2, "at least one stage"),
        (KuzuCharRecConfig((4,), order="bn-conv"), 2, "order must be one of"),
        (KuzuCharRecConfig((4,), pooling="sum"), 2, "pooling must be one of"),
        (KuzuCharRecConfig((4,), dropout=1.0), 2, "dropout"),
        (SimpleKuzuRecConfig(()), 2, "at least one convolution"),
    ],
)
def test_what_cannot_be_built_is_refused(config: object, classes: int, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        build_model(config, classes)
