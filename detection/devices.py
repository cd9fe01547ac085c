"""Where a network runs."""

import torch

from detection.errors import DetectionError


def choose_device(name: str) -> torch.device:
    """The device of a name; "auto" is a GPU where there is one.

    Raises:
        DetectionError: if the name is no device, or this machine lacks it.
    """
    if name == "auto":
        accelerator = torch.accelerator.current_accelerator(check_available=True)
        return accelerator or torch.device("cpu")
    try:
        device = torch.device(name)
        torch.zeros(1, device=device).cpu()  # "meta" is a device, too, but holds nothing
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        reason = str(error).partition("\n")[0]
        raise DetectionError(f"the device {name!r} cannot be used here ({reason}): name auto, cpu or cuda") from error
    return device
