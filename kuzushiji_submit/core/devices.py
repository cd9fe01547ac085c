"""Where a network runs: one meaning of `auto` for both stages."""

import torch

from kuzushiji_submit.core.errors import DeviceError

# What says of a processor that it multiplies bfloat16 itself; others would take longer over it than over 32 bits.
_NATIVE_BFLOAT16 = ("avx512_bf16", "amx_bf16")


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


def fast_half(device: torch.device) -> torch.dtype | None:
    """The type of 16 bits that a device computes faster than 32; None where there is none.

    float16 on CUDA, bfloat16 on a CPU that multiplies it natively (AMD from Zen 4 on, Intel from Cooper Lake on).
    """
    if device.type == "cuda":
        return torch.float16
    if device.type != "cpu":
        return None
    tell = getattr(torch.cpu, "get_capabilities", None)  # older versions of torch do not tell
    known = tell() if tell is not None else {}
    return torch.bfloat16 if any(known.get(name) for name in _NATIVE_BFLOAT16) else None
