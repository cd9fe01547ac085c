"""What every run on tiles can be told, whatever it trains."""

from dataclasses import replace

import pytest

from detection.training.config import HeatmapTraining
from detection.training.dense_config import DenseTraining
from detection.training.tile_config import TileTraining
from kuzushiji_submit.core.errors import ConfigError


@pytest.mark.parametrize("kind", [TileTraining, HeatmapTraining, DenseTraining])
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"tile_size": 0}, "multiple of 32, got 0"),
        ({"tile_size": 48}, "multiple of 32, got 48"),
        ({"tiles_per_epoch": 7}, "at least batch_size, got 7 and 8"),
        ({"batch_size": 0}, "batches of at least 1"),
    ],
)
def test_every_kind_of_run_refuses_the_same(kind: type[TileTraining], changes: dict[str, int], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        replace(kind(), **changes)
