"""The folder that is pushed, and the templates it is made of."""

import ast
import hashlib
import io
import json
import lzma
import tarfile
from pathlib import Path

import pytest
from slugify import slugify

import kuzushiji_submit
from detection.training.config import HeatmapTraining
from detection.training.dense_config import DenseTraining
from kuzushiji_submit.core.errors import DurationError, KernelError
from kuzushiji_submit.core.settings import read_settings
from kuzushiji_submit.kaggle_kernels import bootstrap
from kuzushiji_submit.kaggle_kernels import build_kernel as building
from kuzushiji_submit.kaggle_kernels.build_kernel import KERNELS, MAX_SOURCE_BYTES, build_kernel, kernel_metadata, slug
from kuzushiji_submit.kaggle_kernels.bundle import pack_packages
from kuzushiji_submit.kaggle_kernels.kernel_settings import KernelSettings
from kuzushiji_submit.kaggle_kernels.run_kernel import read_run_settings
from kuzushiji_submit.training_data.recognizer_sources import RecognizerTraining
from recognition.training.column_config import ColumnTraining

ROOT = Path(kuzushiji_submit.__file__).parents[1]
OWNER = KernelSettings("Some-One", ("some-one/weights",), ("some-one/kuzushiji-train",))


def constants(code: str) -> dict[str, object]:
    """The plain values that a code file sets at its top level."""
    found = {}
    for node in ast.parse(code).body:
        for target in getattr(node, "targets", [getattr(node, "target", None)]):
            if isinstance(target, ast.Name):
                found[target.id] = ast.literal_eval(node.value)
    return found


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> dict[str, Path]:
    """Both kernels' folders."""
    return {name: build_kernel(name, tmp_path_factory.mktemp("built") / name, OWNER) for name in KERNELS}


@pytest.mark.parametrize("name", KERNELS)
def test_metadata_is_what_kaggle_asks_for(name, built):
    out = built[name]
    assert {path.name for path in out.iterdir()} == {"kernel-metadata.json", "kernel.py"}
    metadata = json.loads((out / "kernel-metadata.json").read_text())
    assert metadata["id"] == f"Some-One/kuzushiji-{name}"
    assert slugify(metadata["title"]) == metadata["id"].split("/")[1]
    assert 5 <= len(metadata["title"]) <= 50
    assert (metadata["language"], metadata["kernel_type"]) == ("python", "script")
    assert (metadata["enable_internet"], metadata["enable_gpu"], metadata["is_private"]) == (False, True, True)
    assert metadata["machine_shape"] == "NvidiaTeslaT4"
    assert metadata["competition_sources"] == ["kuzushiji-recognition"]
    assert metadata["dataset_sources"] == ["some-one/weights"]
    assert metadata["kernel_sources"] == ["some-one/kuzushiji-train"]
    assert (out / metadata["code_file"]).stat().st_size < MAX_SOURCE_BYTES


@pytest.mark.parametrize("name", KERNELS)
def test_what_is_committed_is_in_step_with_what_is_built(name, built):
    template = ROOT / "kernels" / name
    committed = json.loads((template / "kernel-metadata.json").read_text())
    assert committed == kernel_metadata(name, KernelSettings("OWNER"))
    code = (built[name] / "kernel.py").read_text()
    before, placeholder, after = (template / "main.py").read_text().partition("SETTINGS: dict[str, object] = {}\n")
    assert placeholder
    assert before in code
    assert code.endswith(after)
    assert Path(bootstrap.__file__).read_text() in code
    assert f'run_kernel("{name}", SETTINGS)' in after


def test_given_settings_go_before_those_of_the_template(tmp_path):
    given = {"time_budget": "2h", "arguments": {"recognizer": ["--set", "epochs=3"]}}
    code = (build_kernel("train", tmp_path, KernelSettings("someone", run=given)) / "kernel.py").read_text()
    run = read_run_settings(constants(code)["SETTINGS"])
    assert (run.name, run.time_budget, run.arguments["recognizer"]) == ("train", "2h", ("--set", "epochs=3"))
    # What the template says of other steps stays.
    assert run.arguments["calibrate"] == ("--pages", "200")
    assert run.steps[0] == "detector"


def test_a_kernel_of_its_own_beside_that_of_the_template(tmp_path):
    settings = KernelSettings("someone", suffix="fold-1", run={"fold": 1})
    built = build_kernel("train", tmp_path, settings)
    metadata = json.loads((built / "kernel-metadata.json").read_text())
    assert (metadata["id"], metadata["title"]) == ("someone/kuzushiji-train-fold-1", "Kuzushiji Train Fold 1")
    run = read_run_settings(constants((built / "kernel.py").read_text())["SETTINGS"])
    assert (run.name, run.fold) == ("train-fold-1", 1)


def test_the_training_s_presets_travel_along_and_are_settings_of_the_commands(built):
    values = constants((built["train"] / "kernel.py").read_text())["SETTINGS"]
    with tarfile.open(fileobj=io.BytesIO(lzma.decompress(pack_packages(ROOT)))) as archive:
        packed = set(archive.getnames())
    commands = {
        "detector": HeatmapTraining(),
        "recognizer": RecognizerTraining(),
        "dense": DenseTraining(),
        "column": ColumnTraining(),
    }
    for what, default in commands.items():
        preset = values["configs"][what]
        assert f"kuzushiji_submit/presets/{preset}.toml" in packed
        assert read_settings(default, preset) != default
    assert not constants((built["predict"] / "kernel.py").read_text())["SETTINGS"]["configs"]


@pytest.mark.parametrize("name", KERNELS)
def test_the_code_file_carries_packages_and_settings(name, built):
    code = (built[name] / "kernel.py").read_text()
    values = constants(code)
    assert read_run_settings(values["SETTINGS"]).steps[-1] == "predict"
    archive = bootstrap.base64.b64decode(values["BUNDLE"])
    assert hashlib.sha256(archive).hexdigest() == values["BUNDLE_SHA256"]
    assert max(map(len, code.splitlines())) < 1000


def test_the_same_checkout_gives_the_same_files(built, tmp_path):
    again = build_kernel("train", tmp_path, OWNER)
    for name in ("kernel.py", "kernel-metadata.json"):
        assert (again / name).read_bytes() == (built["train"] / name).read_bytes()


@pytest.mark.parametrize(
    ("title", "expected"),
    [("", ""), ("--", ""), ("Kuzushiji Train", "kuzushiji-train"), ("  A  b_c!2 ", "a-b-c-2"), ("ABC", "abc")],
)
def test_slugs_are_those_of_the_client(title, expected):
    assert slug(title) == expected == slugify(title)


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("", KernelSettings("someone"), "there is no kernel ''"),
        ("submit", KernelSettings("someone"), "build one of train, predict"),
        ("train", KernelSettings(""), "no Kaggle user name"),
        ("train", KernelSettings("some one"), "no Kaggle user name"),
        ("train", KernelSettings("someone", ("weights",)), "'weights' is no data set"),
        ("train", KernelSettings("someone", ("a/b/c",)), "'a/b/c' is no data set"),
        ("train", KernelSettings("someone", kernels=("a/",)), "'a/' is no data set or kernel"),
        ("train", KernelSettings("someone", run={"steps": ["dance"]}), "unknown step 'dance'"),
        ("train", KernelSettings("someone", run={"hours": 8}), "unknown key hours"),
        ("train", KernelSettings("someone", suffix="fold/1"), "cannot be part of a name"),
        ("train", KernelSettings("someone", suffix="x" * 40), "50 characters at most"),
    ],
)
def test_what_cannot_be_built_is_named(tmp_path, name, settings, message):
    with pytest.raises(KernelError, match=message):
        build_kernel(name, tmp_path / "out", settings)
    assert not (tmp_path / "out").exists()


def test_a_time_that_is_none(tmp_path):
    with pytest.raises(DurationError):
        build_kernel("train", tmp_path, KernelSettings("someone", run={"time_budget": "long"}))


def test_code_that_is_too_large_for_kaggle(tmp_path, monkeypatch):
    monkeypatch.setattr(building, "MAX_SOURCE_BYTES", 1000)
    with pytest.raises(KernelError, match="Kaggle takes 1,000"):
        build_kernel("train", tmp_path / "out", OWNER)
    assert not (tmp_path / "out").exists()


@pytest.fixture
def checkout(tmp_path, monkeypatch) -> Path:
    """A checkout with a kernel "train" and no code."""
    template = tmp_path / "kernels" / "train"
    template.mkdir(parents=True)
    for name in ("kernel-metadata.json", "main.py", "settings.toml"):
        (template / name).write_text((ROOT / "kernels" / "train" / name).read_text())
    monkeypatch.setattr(building, "_ROOT", tmp_path)
    return template


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("main.py", "print()\n", "has no line"),
        ("settings.toml", "steps = [", "not TOML"),
        ("settings.toml", None, "built from a checkout"),
        ("kernel-metadata.json", None, "built from a checkout"),
    ],
)
def test_a_damaged_checkout(checkout, tmp_path, name, content, message):
    if content is None:
        (checkout / name).unlink()
    else:
        (checkout / name).write_text(content)
    with pytest.raises(KernelError, match=message):
        build_kernel("train", tmp_path / "out", OWNER)
