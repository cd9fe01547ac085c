import pytest
import torch

from kuzushiji_submit.core.charset import Charset
from recognition.column.network import ColumnNetwork, ColumnNetworkConfig

CHARSET = Charset(tuple(f"U+{0x3041 + place:04X}" for place in range(20)))
TINY = ColumnNetworkConfig(width=8, layers=2, heads=2, window=8, candidates=4)


def make_network(seed: int = 0, config: ColumnNetworkConfig = TINY) -> ColumnNetwork:
    """An untrained network whose biases and scale say something, too."""
    torch.manual_seed(seed)
    network = ColumnNetwork(config, len(CHARSET))
    for bias in (network.bias, network.eye_bias):
        torch.nn.init.normal_(bias)
    return network.eval()


@pytest.fixture
def network() -> ColumnNetwork:
    return make_network()
