"""A stand-in for Kaggle's sessions: a small competition, its mounts, and a clean Python without a network."""

import csv
import importlib.metadata
import json
import os
import shutil
import signal
import socket
import subprocess
import venv
import zipfile
from pathlib import Path

import cv2
import numpy as np
from packaging.requirements import Requirement

from kuzushiji_submit.core.presets import merge
from kuzushiji_submit.kaggle_kernels.build_kernel import build_kernel
from kuzushiji_submit.kaggle_kernels.kernel_settings import KernelSettings

# What Kaggle's image has and the packages need; kaggle's own client is there too, but a kernel without a network has no
# use for it.
IMAGE = (
    *("torch", "torchvision", "pytorch-lightning", "opencv-python", "opencv-python-headless", "pandas", "numpy"),
    *("scikit-learn", "safetensors", "pillow", "tqdm", "matplotlib", "pydantic"),
)
SHAPES = ("U+3042", "U+3044", "U+3046")
SIZE = 76
# The configs that go to Kaggle are for its machines; here the commands' own defaults are made small.
SMALL = {"configs": {"detector": "", "recognizer": "", "dense": "", "column": "", "adapt": ""}}
# Networks for three shapes, trained in seconds.
TRAINING = (
    *("--set", "model=kuzu_char_rec", "--set", "model.stage_widths=[8, 16, 32]", "--set", "epochs=6"),
    *("--set", "optimizer.learning_rate=0.02", "--set", "batch_size=16", "--set", "balance.at_least=60"),
)
DETECTING = (
    *("--set", "epochs=2", "--set", "tiles_per_epoch=16"),
    *("--set", "tile_size=128", "--set", "network.widths=[8, 8, 16, 16, 16]", "--set", "network.pyramid=8"),
)
READING_PAGES = (
    *("--set", "epochs=6", "--set", "tiles_per_epoch=96", "--set", "tile_size=128", "--set", "batch_size=8"),
    *("--set", "network.body.widths=[8, 8, 16, 16, 16]", "--set", "network.body.pyramid=8"),
    *("--set", "network.hidden=32", "--set", "network.embedding=16", "--set", "optimizer.learning_rate=0.01"),
    *("--set", "optimizer.ema_decay=0.9"),
)
READING_COLUMNS = (
    *("--set", "epochs=2", "--set", "windows_per_epoch=32", "--set", "network.width=16", "--set", "network.layers=1"),
    *("--set", "network.window=8", "--set", "network.candidates=3"),
)
# Switches the loopback device of a new network on and becomes the command that follows: processes that train together
# talk over it on Kaggle too.
LOOPBACK = """
import fcntl, os, socket, struct, sys
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
    fcntl.ioctl(any_socket, 0x8914, struct.pack("16sh14x", b"lo", 0x41))
os.execvp(sys.argv[1], sys.argv[1:])
"""


def draw_shape(page: np.ndarray, shape: int, x: int, y: int) -> None:
    """A cross, a ring or a thick bow, 76 pixels wide, with its corner at x, y."""
    ink, last = (30, 25, 20), SIZE - 8
    if shape == 0:
        cv2.line(page, (x + 8, y + 8), (x + last, y + last), ink, 12)
        cv2.line(page, (x + last, y + 8), (x + 8, y + last), ink, 12)
    elif shape == 1:
        cv2.circle(page, (x + SIZE // 2, y + SIZE // 2), 30, ink, 10)
    else:
        cv2.polylines(page, [np.array([(x + 8, y + 10), (x + last, y + 20), (x + 12, y + last)])], False, ink, 14)


def draw_page(path: Path, rng: np.random.Generator) -> str:
    """Writes a page of two columns and gives its labels as train.csv has them."""
    page = np.full((900, 700, 3), (188, 214, 226), np.float64) + rng.normal(0, 3, (900, 700, 3))
    page = page.clip(0, 255).astype(np.uint8)
    labels = []
    for column in range(2):
        for row in range(6):
            shape, x, y = int(rng.integers(3)), 500 - column * 160, 80 + row * 125
            draw_shape(page, shape, x, y)
            labels.append(f"{SHAPES[shape]} {x} {y} {SIZE} {SIZE}")
    assert cv2.imwrite(str(path), page)
    return " ".join(labels)


def write_table(path: Path, rows: list[tuple[str, str]], header: tuple[str, str] = ("image_id", "labels")) -> None:
    with path.open("w", newline="") as stream:
        csv.writer(stream).writerows([header, *rows])


def draw_competition(folder: Path, books: int = 2) -> None:
    """A competition of three shapes: eight pages of so many books to train on, six to read, and their truth."""
    rng = np.random.default_rng(7)
    tables = {}
    for name, ids in (
        ("train", [f"10000000{page % books}_0000{page}_1" for page in range(8)]),
        ("test", [f"test_{page:08x}" for page in range(6)]),
    ):
        (folder / f"{name}_images").mkdir()
        tables[name] = [(one, draw_page(folder / f"{name}_images" / f"{one}.jpg", rng)) for one in ids]
    write_table(folder / "train.csv", tables["train"])
    write_table(folder / "truth.csv", tables["test"])
    write_table(folder / "sample_submission.csv", [(one, "U+003F 1 1 U+FF2F 2 2") for one, _ in tables["test"]])
    write_table(folder / "unicode_translation.csv", [(c, chr(int(c[2:], 16))) for c in SHAPES], ("Unicode", "char"))


def make_image_python(folder: Path) -> Path:
    """A Python that has the packages of Kaggle's image and what they require, and nothing else of this environment."""
    venv.EnvBuilder(symlinks=True).create(folder)
    site = next(folder.glob("lib/python*/site-packages"))
    waiting, seen = list(IMAGE), set()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        try:
            distribution = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            continue
        for top in {file.parts[0] for file in distribution.files or () if file.parts[0] not in ("..", "__pycache__")}:
            if not (site / top).exists():
                (site / top).symlink_to(distribution.locate_file(top))
        for line in distribution.requires or ():
            requirement = Requirement(line)
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                waiting.append(requirement.name)
    return folder / "bin" / "python"


def cut_network_off(image_python: Path) -> tuple[str, ...]:
    """What stands before a command to take its network away; without the right to do so, Python's sockets go."""
    prefix = ("unshare", "-n", str(image_python), "-c", LOOPBACK)
    if shutil.which("unshare") is None or subprocess.run([*prefix, "true"], capture_output=True).returncode:
        prefix = ()
        site = next(image_python.parents[1].glob("lib/python*/site-packages"))
        (site / "sitecustomize.py").write_text(
            "import socket\n\ndef refuse(*_):\n    raise OSError('no network')\n\nsocket.socket.connect = refuse\n"
        )
    with socket.create_server(("127.0.0.1", 0)) as server:
        connect = f"import socket; socket.create_connection(('127.0.0.1', {server.getsockname()[1]}), 5)"
        done = subprocess.run([*prefix, image_python, "-c", connect], capture_output=True, text=True)
    assert done.returncode == 1
    assert "Error" in done.stderr.splitlines()[-1]
    return prefix


class Kaggle:
    """A session's three folders, and a clean process in them."""

    def __init__(self, folder: Path, prefix: tuple[str, ...], python: Path) -> None:
        self.inputs, self.working = folder / "input", folder / "working"
        self.inputs.mkdir(parents=True)
        self._folder, self._command = folder, [*prefix, str(python)]

    def start(self, name: str, **run: object) -> subprocess.Popen[str]:
        """Builds the kernel as it would be pushed and starts its code file."""
        built = build_kernel(name, self._folder / "pushed", KernelSettings("tester", run=merge(SMALL, run)))
        metadata = json.loads((built / "kernel-metadata.json").read_text())
        return self.start_code((built / metadata["code_file"]).read_text())

    def start_code(self, code: str) -> subprocess.Popen[str]:
        """Starts a code file as it was pushed."""
        cwd = self._folder / "src"
        cwd.mkdir(exist_ok=True)
        (cwd / "script.py").write_text(code)
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self._folder),
            "OMP_NUM_THREADS": "1",
            "CUDA_VISIBLE_DEVICES": "",
            "MPLCONFIGDIR": str(Path(self._command[-1]).parent),  # one cache of fonts for all sessions
            "KUZUSHIJI_INPUT_ROOT": str(self.inputs),
            "KUZUSHIJI_WORKING_ROOT": str(self.working),
            "KUZUSHIJI_SCRATCH_ROOT": str(self._folder / "scratch"),
        }
        return subprocess.Popen(
            [*self._command, "script.py"],
            cwd=cwd,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, name: str, code: int = 0, **run: object) -> str:
        """Runs the kernel to its end; gives what it printed."""
        with self.start(name, **run) as process:
            text, _ = process.communicate(timeout=1000)
        assert process.returncode == code, text[-6000:]
        return text

    def kill(self, process: subprocess.Popen[str]) -> None:
        """Kills the kernel and every process it has started, as the end of a session does."""
        process.kill()
        mark = f"KUZUSHIJI_SCRATCH_ROOT={self._folder / 'scratch'}".encode()
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                if mark in (folder / "environ").read_bytes():
                    os.kill(int(folder.name), signal.SIGKILL)
            except OSError:
                continue
        process.communicate()

    @property
    def record(self) -> dict:
        return json.loads((self.working / "kuzushiji_run.json").read_text())

    def statuses(self) -> dict[str, str]:
        return {name: step["status"] for name, step in self.record["steps"].items()}


def flat(data: Path, inputs: Path) -> Path:
    """As of 2019 to 2025: the files as they are, one folder an input."""
    shutil.copytree(data, inputs / "kuzushiji-recognition", ignore=shutil.ignore_patterns("truth.csv"))
    return inputs / "kuzushiji-weights"


def zipped(data: Path, inputs: Path) -> Path:
    """Images in archives, and inputs sorted by kind."""
    target = inputs / "competitions" / "kuzushiji-recognition"
    target.mkdir(parents=True)
    for name in ("train.csv", "sample_submission.csv", "unicode_translation.csv"):
        shutil.copy(data / name, target)
    for name in ("train_images", "test_images"):
        with zipfile.ZipFile(target / f"{name}.zip", "w") as archive:
            for image in sorted((data / name).iterdir()):
                archive.write(image, image.name)
    return inputs / "datasets" / "tester" / "kuzushiji-weights"


def nested(data: Path, inputs: Path) -> Path:
    """Every folder once more inside itself, train pages in a nested archive, beside an input of another kind."""
    target = inputs / "competitions" / "kuzushiji-recognition"
    target.mkdir(parents=True)
    shutil.copy(data / "sample_submission.csv", target)
    shutil.copytree(data / "test_images", target / "test_images" / "test_images")
    with zipfile.ZipFile(target / "train.csv.zip", "w") as archive:
        archive.write(data / "train.csv", "train.csv")
    with zipfile.ZipFile(target / "train_images.zip", "w") as archive:
        for image in sorted((data / "train_images").iterdir()):
            archive.write(image, f"train_images/{image.name}")
            archive.writestr(f"__MACOSX/train_images/._{image.name}", b"no image")
    (inputs / "datasets" / "tester" / "fonts").mkdir(parents=True)
    return inputs / "datasets" / "tester" / "kuzushiji-weights" / "version 1"
