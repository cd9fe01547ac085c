"""KuzuCharRec, the seed's character recognizer: stages of 3x3 convolutions, each stage beginning with stride 2."""

from dataclasses import dataclass

from torch import nn

from kuzushiji_submit.core.errors import ConfigError
from kuzushiji_submit.core.registry import register
from recognition.models.blocks import StagedNet, conv_block


@dataclass(frozen=True)
class KuzuCharRecConfig:
    """The shape of a KuzuCharRec; the defaults are the seed's final network, 9,838,708 parameters at 4,212 classes.

    Attributes:
        stage_widths: channels of each stage; every stage halves height and width.
        convs_per_stage: convolutions in each stage.
        order: "conv-relu-bn" or "conv-bn-relu".
        pooling: "avg", "max" or "concat" (both, twice the features).
        dropout: probability before the last linear layer.
    """

    stage_widths: tuple[int, ...] = (128, 256, 512)
    convs_per_stage: int = 3
    order: str = "conv-relu-bn"
    pooling: str = "avg"
    dropout: float = 0.2


@register("recognizer", "kuzu_char_rec", KuzuCharRecConfig)
class KuzuCharRec(StagedNet):
    """Crops in, logits out: (N, 1, S, S) -> (N, classes); the maps are (N, F, S / 2**stages, S / 2**stages)."""

    def __init__(self, config: KuzuCharRecConfig, class_count: int) -> None:
        if not config.stage_widths or min(config.stage_widths) < 1 or config.convs_per_stage < 1:
            raise ConfigError(
                "a model needs at least one stage, one convolution a stage and one channel a convolution, got "
                f"stage_widths={config.stage_widths} and convs_per_stage={config.convs_per_stage}"
            )
        stages = nn.Sequential(*_stages(config))
        super().__init__(stages, config.stage_widths[-1], class_count, config.pooling, config.dropout)


def _stages(config: KuzuCharRecConfig) -> list[nn.Sequential]:
    stages = []
    channels_in = 1
    for width in config.stage_widths:
        blocks = [conv_block(channels_in, width, 2, config.order)]
        blocks += [conv_block(width, width, 1, config.order) for _ in range(config.convs_per_stage - 1)]
        stages.append(nn.Sequential(*blocks))
        channels_in = width
    return stages
