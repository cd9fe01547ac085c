import pytest
import torch

from kuzushiji_submit.core.devices import choose_device
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
