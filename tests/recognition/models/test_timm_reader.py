"""Bodies of timm under the reader's head."""

import sys

import pytest
import torch

from kuzushiji_submit.core.errors import ConfigError, TrainingError
from recognition.models.registry import build_model, needs_context
from recognition.models.timm_reader import TimmReaderConfig
from recognition.training.body import load_pretrained

timm = pytest.importorskip("timm")
BODIES = ("resnet10t", "convnext_atto", "regnetx_002")


@pytest.mark.parametrize("body", BODIES)
def test_one_logit_more_than_classes_at_every_size(body: str) -> None:
    config = TimmReaderConfig(body=body, embedding=8)
    assert needs_context(config)
    model = build_model(config, 7)
    assert model.training
    model.eval()
    for size in (64, 96):
        crops, shape = torch.rand(3, 2, size, size), torch.zeros(3, 2)
        maps = model.forward_features(crops)
        assert maps.shape == (3, model.stages.num_features, size // 32, size // 32)
        assert model(crops, shape).shape == (3, 8)
        torch.testing.assert_close(model.forward_head(maps, shape), model(crops, shape))
    assert not torch.allclose(model(crops, shape), model(crops, shape + 1))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"body": "resnet43"}, "unknown body 'resnet43': did you mean resnet34"),
        ({"body": ""}, r"unknown body '': timm.list_models\(\) has all"),
        ({"body": "vit_tiny_patch16_224"}, "choose a convolutional one"),
        ({"body": "swin_tiny_patch4_window7_224"}, "choose a convolutional one"),
        ({"embedding": 0}, "a reader needs"),
        ({"dropout": 1.0}, "a reader needs"),
        ({"scale": -1.0}, "a reader needs"),
    ],
)
def test_what_cannot_be_a_reader_is_refused(values: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        build_model(TimmReaderConfig(**values), 7)


def test_without_timm_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(ConfigError, match="resnet34 is one of timm's, which is not installed: pip install timm"):
        build_model(TimmReaderConfig(), 7)


@pytest.mark.parametrize("body", BODIES)
def test_published_weights_see_the_ink_alone_at_first(body: str, tmp_path) -> None:
    torch.manual_seed(0)
    published = timm.create_model(body, pretrained=False, num_classes=5).eval()
    path = tmp_path / "published.pth"
    torch.save(published.state_dict(), path)
    model = build_model(TimmReaderConfig(body=body, embedding=8), 3).eval()
    load_pretrained(model, path)
    crops = torch.rand(2, 2, 64, 64)
    with torch.inference_mode():
        # ConvNeXt has a normalization in its head, which belongs to its maps.
        published.reset_classifier(0, "")
        expected = published(crops[:, :1].expand(2, 3, 64, 64))
        torch.testing.assert_close(model.forward_features(crops), expected, rtol=1e-3, atol=1e-4)
    with pytest.raises(TrainingError, match="not the weights of TimmReader"):
        load_pretrained(build_model(TimmReaderConfig(body="resnet18", embedding=8), 3), path)
