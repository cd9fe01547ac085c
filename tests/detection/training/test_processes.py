"""Training in processes that are killed, in two of them, and on a GPU."""

import dataclasses
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from detection.dense.inference import DenseConfig, DensePageReader
from detection.dense.weights_file import load_dense
from detection.heatmap.weights_file import load_detector
from detection.training.config import HeatmapTraining
from detection.training.data import StoreSource
from detection.training.dense_run import train_dense
from detection.training.run import train_heatmap
from kuzushiji_submit.core.page.prepared import prepare_page
from tests.detection.dense.conftest import glyph_page
from tests.detection.training.conftest import match, tiny_dense_config, write_glyphs

SCRIPT = """
import dataclasses, sys
from pathlib import Path
import torch
from kuzushiji_submit.core.training.config import BookSplit, RuntimeConfig
from detection.training.data import StoreSource
from detection.training.run import train_heatmap
from tests.detection.training.conftest import match, tiny_config

torch.set_num_threads(1)
config = dataclasses.replace(
    tiny_config(),
    epochs=2,
    split=BookSplit(validation_books=tuple(sys.argv[3].split(","))),
    runtime=RuntimeConfig(accelerator="cpu", devices="2", progress=False, time_budget=600.0),
)
train_heatmap(config, [StoreSource(Path(sys.argv[1]))], Path(sys.argv[2]), match, resume=True)
"""


@pytest.mark.slow
@pytest.mark.parametrize(("books", "pages"), [("book0", 1), ("book0,book1,book2", 3)])
def test_two_processes_train_one_network(tmp_path: Path, make_store, books: str, pages: int) -> None:
    store = make_store(("p0", "book0", 2), ("p1", "book1", 2), ("p2", "book2", 2), ("p3", "book3", 2))
    script, out = tmp_path / "script.py", tmp_path / "run"
    script.write_text(SCRIPT)
    done = subprocess.run(
        [sys.executable, "-W", "error::UserWarning", script, store, out, books],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
        timeout=280,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    result = json.loads((out / "result.json").read_text())
    # Each page is counted once, whichever process saw it, also where there are fewer pages than processes.
    assert (result["held_out"], len(result["history"]), result["completed"]) == (pages, 2, True)
    recalled = result["scores"]["val/recall"] * 6 * pages
    assert recalled == pytest.approx(round(recalled), abs=1e-4)
    # 8 tiles in two processes and batches of 4 are one whole batch each.
    assert torch.load(out / "checkpoints" / "last.ckpt", weights_only=True)["global_step"] == 2
    load_detector(out / "detector.safetensors")


DENSE_SCRIPT = """
import dataclasses, sys
from pathlib import Path
import torch
from kuzushiji_submit.core.training.config import RuntimeConfig
from detection.training.data import StoreSource
from detection.training.dense_run import train_dense
from tests.detection.training.conftest import tiny_dense_config

torch.set_num_threads(1)
runtime = RuntimeConfig(accelerator="cpu", devices="2", progress=False)
config = dataclasses.replace(tiny_dense_config(), batch_size=2, runtime=runtime)
train_dense(config, [StoreSource(Path(sys.argv[1]))], Path(sys.argv[2]), resume=True)
"""


@pytest.mark.slow
@pytest.mark.parametrize("columns", [1, 3])
def test_two_processes_train_one_dense_reader(tmp_path: Path, columns: int) -> None:
    """Also where a process may draw a batch with next to no character."""
    pages = (("p0", "book0", 2), ("p1", "book1", columns), ("p2", "book2", columns))
    store, script, out = write_glyphs(tmp_path / "store", *pages), tmp_path / "script.py", tmp_path / "run"
    script.write_text(DENSE_SCRIPT)
    done = subprocess.run(
        [sys.executable, "-W", "error::UserWarning", script, store, out],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
        timeout=280,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    result = json.loads((out / "result.json").read_text())
    assert (result["held_out"], len(result["history"]), result["completed"]) == (1, 2, True)
    # Six characters are read once, whichever process saw them.
    right = result["scores"]["val/top1"] * 6
    assert right == pytest.approx(round(right), abs=1e-4)
    load_dense(out / "dense.safetensors")


KILLED_RUN = """
import os, signal, sys
from pathlib import Path
import torch
from detection.training.data import StoreSource
from kuzushiji_submit.core.training.history import EpochHistory
from detection.training.run import train_heatmap
from tests.detection.training.conftest import match, tiny_config

torch.set_num_threads(1)
original = EpochHistory.on_train_batch_end

def kill(self, trainer, *args):
    original(self, trainer, *args)
    if (trainer.current_epoch, args[-1]) == (1, 1):
        os.kill(os.getpid(), signal.SIGKILL)

EpochHistory.on_train_batch_end = kill
train_heatmap(tiny_config(), [StoreSource(Path(sys.argv[1]))], Path(sys.argv[2]), match)
"""


@pytest.mark.slow
def test_a_killed_process_is_resumed_to_the_same_weights(store: Path, config: HeatmapTraining, tmp_path: Path) -> None:
    train_heatmap(config, [StoreSource(store)], tmp_path / "whole", match)
    out = tmp_path / "run"
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(Path(__file__).parents[3])}
    done = subprocess.run(
        [sys.executable, "-c", KILLED_RUN, store, out], check=False, env=environment, capture_output=True
    )
    assert done.returncode == -signal.SIGKILL, done.stderr[-2000:]
    train_heatmap(config, [StoreSource(store)], out, match, resume=True)
    states = [
        torch.load(tmp_path / name / "checkpoints" / "last.ckpt", weights_only=True)["state_dict"]
        for name in ("whole", "run")
    ]
    assert states[0].keys() == states[1].keys()
    assert [name for name in states[0] if not torch.equal(states[0][name], states[1][name])] == []


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_gpu_trains_in_16_bits(store: Path, config: HeatmapTraining, tmp_path: Path) -> None:
    runtime = dataclasses.replace(config.runtime, accelerator="gpu", devices="1", precision="16-mixed")
    config = dataclasses.replace(config, runtime=runtime)
    result = train_heatmap(config, [StoreSource(store)], tmp_path / "run", match)
    assert result.completed
    load_detector(result.weights)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("precision", ["16-mixed", "bf16-mixed"])
def test_a_gpu_trains_a_dense_reader_in_16_bits(glyphs: Path, tmp_path: Path, precision: str) -> None:
    config = tiny_dense_config()
    runtime = dataclasses.replace(config.runtime, accelerator="gpu", devices="1", precision=precision)
    result = train_dense(dataclasses.replace(config, runtime=runtime), [StoreSource(glyphs)], tmp_path / "run")
    assert result.completed
    page, boxes, _ = glyph_page()
    said = [
        DensePageReader.load(result.weights, DenseConfig(half=half), "cuda").logits(prepare_page(page), boxes)
        for half in (False, True)
    ]
    assert np.isfinite(said).all()
    assert np.abs(said[0] - said[1]).mean() < 0.1 * said[0].std() + 0.02
