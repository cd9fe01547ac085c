import pytest
import torch

from kuzushiji_submit.core.devices import choose_device, fast_half
from kuzushiji_submit.core.errors import DeviceError


def test_auto_is_a_gpu_where_there_is_one() -> None:
    chosen = choose_device("auto")
    assert chosen.type == ("cuda" if torch.cuda.is_available() else "cpu")
    torch.zeros(1, device=chosen)


def test_a_device_may_be_named() -> None:
    assert choose_device("cpu") == torch.device("cpu")


@pytest.mark.parametrize("name", ["", "gpu", "cpu:x", "cuda:99", "meta"])
def test_what_is_no_device_to_compute_on_is_refused(name: str) -> None:
    with pytest.raises(DeviceError, match="cannot be used here"):
        choose_device(name)


@pytest.mark.parametrize(
    ("device", "capabilities", "expected"),
    [
        ("cuda:1", {}, torch.float16),
        ("cpu", {}, None),
        ("cpu", {"avx512_f": True, "avx512_bf16": False, "amx_bf16": False}, None),
        ("cpu", {"avx512_bf16": True}, torch.bfloat16),
        ("cpu", {"amx_bf16": True}, torch.bfloat16),
        ("mps", {"avx512_bf16": True}, None),
    ],
)
def test_sixteen_bits_where_they_are_faster(
    device: str, capabilities: dict[str, bool], expected: torch.dtype | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities, raising=False)
    assert fast_half(torch.device(device)) == expected


def test_a_torch_that_does_not_tell_computes_in_32_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(torch.cpu, "get_capabilities", raising=False)
    assert fast_half(torch.device("cpu")) is None
