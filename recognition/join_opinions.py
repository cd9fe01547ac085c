"""Where another reader's opinions join a recognizer's logits."""

import numpy as np
import torch
from torch import Tensor

from recognition.opinions import Opinions


def join_opinions(logits: Tensor, opinions: Opinions) -> Tensor:
    """The mean of the logarithms of both readers' scores.

    Args:
        logits: the recognizer's, before its temperature, float (n, C), or (n, C + 1) with "not a character" last. Of
            that the other reader says nothing, so how likely it is beside all characters together stays the
            recognizer's word.
        opinions: the other reader's, of the same n crops.

    Returns:
        The same shape.
    """
    count = opinions.logits.shape[1]
    own, rest = logits[:, :count], logits[:, count:]
    other = torch.from_numpy(np.asarray(opinions.logits, np.float32)).to(logits.device).log_softmax(dim=1)
    mixed = (1 - opinions.share) * own.log_softmax(dim=1) + opinions.share * other
    return torch.cat([mixed.log_softmax(dim=1) + own.logsumexp(dim=1, keepdim=True), rest], dim=1)
