import pytest
import torch
from torchvision.models import resnet50, vgg16_bn

from kuzushiji_submit.core.errors import ConfigError
from kuzushiji_submit.core.registry import architecture
from recognition.models.backbones import ResNet50Config, Vgg16BnConfig
from recognition.models.registry import build_model


@pytest.mark.parametrize("pooling", ["avg", "max", "concat"])
@pytest.mark.parametrize("hidden", [0, 8])
@pytest.mark.parametrize("name", ["resnet50", "vgg16_bn"])
def test_every_variant_has_a_head_that_fits(name: str, pooling: str, hidden: int) -> None:
    with torch.device("meta"):
        model = build_model(architecture("recognizer", name).config_class(pooling=pooling, hidden=hidden), 3).eval()
        maps = model.forward_features(torch.empty(2, 1, 32, 32))
        assert maps.shape == (2, 2048 if name == "resnet50" else 512, 1, 1)
        assert model.forward_head(maps).shape == (2, 3)


def test_bodies_have_the_names_and_shapes_of_torchvision() -> None:
    with torch.device("meta"):
        for name, original in (("resnet50", resnet50(weights=None)), ("vgg16_bn", vgg16_bn(weights=None))):
            body = build_model(architecture("recognizer", name).config_class(), 2).stages.state_dict()
            theirs = original.state_dict()
            assert set(body) == {key for key in theirs if not key.startswith(("fc.", "classifier."))}
            differing = [key for key, tensor in body.items() if tensor.shape != theirs[key].shape]
            assert differing == ["conv1.weight" if name == "resnet50" else "features.0.weight"]


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (ResNet50Config(hidden=-1), "hidden must be"),
        (Vgg16BnConfig(hidden=-1), "hidden must be"),
        (ResNet50Config(pooling="sum"), "pooling must be one of"),
        (Vgg16BnConfig(dropout=1.0), "dropout"),
    ],
)
def test_what_cannot_be_built_is_refused(config: ResNet50Config | Vgg16BnConfig, message: str) -> None:
    with torch.device("meta"), pytest.raises(ConfigError, match=message):
        build_model(config, 2)
