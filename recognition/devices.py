"""Which device a model runs on."""

import torch

from recognition.errors import RecognitionError


def choose_device(name: str = "auto") -> torch.device:
    """The device of a name; "auto" is the first CUDA GPU, then Apple's, then the CPU.

    Raises:
        RecognitionError: if the name is no device, or this machine does not have it.
    """
    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        reason = str(error).splitlines()[0]
        raise RecognitionError(
            f"device {name!r} cannot be used ({reason}): choose auto, cpu, cuda or cuda:N"
        ) from error
    return device
