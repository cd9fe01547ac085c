"""Class balance by the order in which crops are drawn: an epoch repeats and leaves out, files stay as they are."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from torch.utils.data import Sampler

from kuzushiji_submit.core.errors import TrainingError
from recognition.training.config import BalanceConfig
from recognition.training.sources import MixedCrops


def class_quotas(counts: NDArray[np.int64], config: BalanceConfig) -> NDArray[np.float64]:
    """How often each class is drawn in an epoch, on average.

    Args:
        counts: int64 (C,), how many crops each class has.
        config: power, bounds and size of an epoch.

    Returns:
        float64 (C,); 0 for classes without crops, otherwise within the bounds.
    """
    present = counts > 0
    powers = np.where(present, np.maximum(counts, 1).astype(np.float64) ** config.power, 0.0)
    total = config.epoch_size or int(counts.sum())
    quotas = powers * (total / max(powers.sum(), 1.0))
    upper = config.at_most or np.inf
    return np.where(present, np.clip(quotas, config.at_least, upper), 0.0)


class BalancedSampler(Sampler[int]):
    """Draws crops class by class according to quotas; the order depends on seed and epoch alone.

    Within an epoch no crop of a class is drawn again before every other one was. A quota of 2.5 is 2 in some epochs and
    3 in others. With several sources each fills its share of the epoch. With several processes each gets every
    world_size-th draw, all the same number.
    """

    def __init__(
        self,
        crops: MixedCrops,
        train: NDArray[np.int64],
        config: BalanceConfig,
        *,
        seed: int,
        rank: int = 0,
        world_size: int = 1,
    ) -> None:
        """Counts the classes of the training crops.

        Args:
            crops: everything there is.
            train: int64 (T,), the places that may be drawn.
            config: power, bounds and size of an epoch.
            seed: of the order.
            rank: of this process.
            world_size: number of processes.

        Raises:
            TrainingError: if the quotas are so low that an epoch has no draw.
        """
        self.seed, self.rank, self.world_size, self.epoch = seed, rank, world_size, 0
        keys = _keys(crops, train)
        order = np.argsort(keys, kind="stable")
        counts = _counts(crops, keys)
        self._members = np.split(train[order], np.cumsum(counts)[:-1])
        self._quotas = _mix(counts, crops, config).reshape(-1)
        self.total = int(self._quotas.sum().round())
        if self.total < 1:
            raise TrainingError("an epoch would have no draw: raise balance.epoch_size or balance.at_most")

    def set_epoch(self, epoch: int) -> None:
        """Chooses the order of an epoch; Lightning calls it."""
        self.epoch = epoch

    def __len__(self) -> int:
        return self.total // self.world_size

    def __iter__(self) -> Iterator[int]:
        return iter(self.draw()[self.rank : len(self) * self.world_size : self.world_size].tolist())

    def draw(self) -> NDArray[np.int64]:
        """The places of this epoch for all processes, int64 (total,), in order."""
        random = np.random.default_rng([self.seed, self.epoch])
        ends = np.cumsum(self._quotas * (self.total / self._quotas.sum()))
        ends[-1] = self.total
        # One offset for all classes: each count is its quota rounded down or up, and their sum is always the total.
        steps = np.floor(ends + random.random())
        draws = np.diff(steps, prepend=0).astype(np.int64)
        chosen = [
            _draw(members, int(count), random) for members, count in zip(self._members, draws, strict=True) if count
        ]
        return random.permutation(np.concatenate(chosen))


def prior_offsets(crops: MixedCrops, train: NDArray[np.int64], config: BalanceConfig) -> NDArray[np.float64]:
    """What the loss adds to the logits of a source's crops, so that nothing is learned from which classes it lacks.

    Real crops show a few hundred of the classes. Trained on plainly, the network learns that whatever looks real is one
    of these. With the logarithm of what a source draws, against what all draw together, added to the logits, it
    learns shapes from every source and frequencies from all of them (logit adjustment: Menon et al., "Long-tail
    learning via logit adjustment", ICLR 2021, here for every source by itself).

    Args:
        crops: everything there is.
        train: int64 (T,), the places that may be drawn.
        config: how they are drawn; `adjust` multiplies the logarithm, and `adjust_floor` of the draws of all sources
            stand in for what a source lacks.

    Returns:
        float64 (sources, C + 1), 0 for what no source draws.
    """
    quotas = _mix(_counts(crops, _keys(crops, train)), crops, config)
    together = quotas.sum(axis=0) / max(quotas.sum(), 1e-9)
    own = quotas / np.maximum(quotas.sum(axis=1, keepdims=True), 1e-9)
    mixed = (1 - config.adjust_floor) * own + config.adjust_floor * together
    drawn = (together > 0) & (mixed > 0)
    ratio = np.where(drawn, mixed, 1.0) / np.where(drawn, together, 1.0)
    offsets: NDArray[np.float64] = config.adjust * np.log(ratio)
    return offsets


def _keys(crops: MixedCrops, train: NDArray[np.int64]) -> NDArray[np.int64]:
    """One key a source and class, the last class for boxes that hold no character."""
    keys: NDArray[np.int64] = crops.source_index[train] * (len(crops.charset) + 1) + crops.class_ids[train]
    return keys


def _counts(crops: MixedCrops, keys: NDArray[np.int64]) -> NDArray[np.int64]:
    """int64 (sources, C + 1), how many crops each has."""
    shape = len(crops.sources), len(crops.charset) + 1
    return np.bincount(keys, minlength=shape[0] * shape[1]).reshape(shape)


def _mix(counts: NDArray[np.int64], crops: MixedCrops, config: BalanceConfig) -> NDArray[np.float64]:
    """Quotas float64 (sources, C + 1): each source balanced by itself, then scaled to its share among several.

    The last column, boxes that hold no character, gets its share of each source that has any.
    """
    quotas = np.stack([class_quotas(of_source, config) for of_source in counts[:, :-1]])
    characters = quotas.sum(axis=1)  # (sources,)
    negatives = np.where(counts[:, -1] > 0, characters * config.negatives / (1 - config.negatives), 0.0)
    quotas = np.concatenate([quotas, negatives[:, None]], axis=1)
    totals = characters + negatives
    shares = np.array([source.share for source in crops.sources]) * (totals > 0)
    if len(counts) == 1 or not shares.sum():
        return quotas
    epoch = config.epoch_size or totals.sum()
    draws: NDArray[np.float64] = epoch * shares / shares.sum()
    scale: NDArray[np.float64] = draws / np.maximum(totals, 1e-9)
    return quotas * scale[:, None]


def _draw(members: NDArray[np.int64], count: int, random: np.random.Generator) -> NDArray[np.int64]:
    rounds, rest = divmod(count, len(members))
    return np.concatenate([np.tile(members, rounds), random.permutation(members)[:rest]])
