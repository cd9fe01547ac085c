"""Where a network runs: one meaning of `auto` for both stages."""

import torch

from kuzushiji_submit.core.errors import DeviceError


def choose_device(name: str = "auto") -> torch.device:
    """The device of a name; "auto" is this machine's accelerator (CUDA, Apple's, ...), or the CPU where there is none.

    Raises:
        DeviceError: if the name is no device, or this machine lacks it.
    """
    if name == "auto":
        accelerator = torch.accelerator.current_accelerator(check_available=True)
        return accelerator or torch.device("cpu")
    try:
        device = torch.device(name)
        torch.zeros(1, device=device).cpu()  # "meta" is a device, too, but holds nothing
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        reason = str(error).partition("\n")[0]
        raise DeviceError(
            f"the device {name!r} cannot be used here ({reason}): name auto, cpu, cuda or cuda:N"
        ) from error
    return device
