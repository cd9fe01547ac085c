"""Training in two processes, and on a GPU."""

import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from recognition.training.config import TrainConfig
from recognition.training.crop_store import CropStore
from recognition.training.train import train
from recognition.weights_file import load_weights

SCRIPT = """
import sys, torch
from pathlib import Path
from recognition.models.kuzu_char_rec import KuzuCharRecConfig
from kuzushiji_submit.core.training.config import RuntimeConfig
from recognition.training.config import OptimizerConfig, SplitConfig, TrainConfig
from recognition.training.crop_store import CropStore
from recognition.training.train import train

torch.set_num_threads(1)
config = TrainConfig(
    model=KuzuCharRecConfig(stage_widths=(4, 8), convs_per_stage=1),
    split=SplitConfig(validation_books=("book0",)),
    optimizer=OptimizerConfig(ema_decay=0.9),
    runtime=RuntimeConfig(accelerator="cpu", devices="2", progress=False),
    epochs=2,
    batch_size=8,
)
train(config, CropStore(Path(sys.argv[1])), Path(sys.argv[2]), resume=True)
"""


@pytest.mark.slow
def test_two_processes_train_one_model(store: CropStore, tmp_path: Path) -> None:
    script, out = tmp_path / "script.py", tmp_path / "run"
    script.write_text(SCRIPT)
    done = subprocess.run(
        [sys.executable, "-W", "error::UserWarning", script, store.folder, out],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    result = json.loads((out / "result.json").read_text())
    # 24 crops are held out and every one is counted once, whichever process saw it.
    assert result["scores"]["val/top1"] * 24 == pytest.approx(round(result["scores"]["val/top1"] * 24), abs=1e-4)
    assert result["held_out"] == 24
    assert len(result["history"]) == 2
    # 72 crops in two processes and batches of 8 are 4 whole batches each.
    state = torch.load(out / "checkpoints" / "last.ckpt", weights_only=True)
    assert state["global_step"] == 2 * 4
    load_weights(out / "recognizer.safetensors")


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_gpu_trains_in_16_bits(store: CropStore, config: TrainConfig, tmp_path: Path) -> None:
    runtime = dataclasses.replace(config.runtime, accelerator="gpu", devices="1", precision="16-mixed")
    assert train(dataclasses.replace(config, runtime=runtime), store, tmp_path / "run").weights.is_file()
