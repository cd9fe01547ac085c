"""The packages as one archive."""

import ast
import io
import os
import sys
import tarfile
from pathlib import Path

import pytest

import kuzushiji_submit
from kuzushiji_submit.kaggle_kernels.bundle import PACKAGES, pack_packages


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for package in PACKAGES:
        for name in (
            "__init__.py",
            "sub/code.py",
            "sub/page.css",
            "sub/weights/code.py",
            "__pycache__/code.py",
            "weights/w.json",
        ):
            path = tmp_path / package / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"{package} {name}\n" * 20)
    (tmp_path / "kuzushiji_submit" / "sample").mkdir()
    (tmp_path / "kuzushiji_submit" / "sample" / "code.py").write_text("")
    (tmp_path / "kuzushiji_submit" / "notes.txt").write_text("")
    (tmp_path / "kuzushiji_submit" / ".hidden.py").write_text("")
    (tmp_path / "scripts").mkdir()
    (tmp_path / "scripts" / "code.py").write_text("")
    return tmp_path


def contents(archive: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:xz") as packed:
        return {one.name: packed.extractfile(one).read() for one in packed}


def test_code_and_its_data_go_in_and_nothing_else(root):
    packed = contents(pack_packages(root))
    names = ("__init__.py", "sub/code.py", "sub/page.css", "sub/weights/code.py")
    wanted = {f"{package}/{name}" for package in PACKAGES for name in names}
    assert packed.keys() == wanted
    assert packed == {name: (root / name).read_bytes() for name in wanted}


def test_the_same_files_give_the_same_bytes(root):
    first = pack_packages(root)
    for path in root.rglob("*.py"):
        os.utime(path, (1, 1))
        path.chmod(0o700)
    assert pack_packages(root) == first
    (root / "detection" / "sub" / "code.py").write_text("other")
    assert pack_packages(root) != first


def test_no_package_at_all(tmp_path):
    assert contents(pack_packages(tmp_path)) == {}


# Kaggle's own client and what it brings is in the image too.
IMAGE = {
    "jinja2",
    "markupsafe",
    *(
        "torch",
        "torchvision",
        "pytorch_lightning",
        "cv2",
        "numpy",
        "sklearn",
        "scipy",  # scikit-learn brings it
        "safetensors",
        "torchmetrics",  # Lightning brings it
        "PIL",
        "pydantic",
        "pydantic_core",
        "tqdm",
        "matplotlib",
        "fontTools",
        "lxml",
    ),
    *("pandas", "kaggle", "kagglesdk", "requests", "packaging"),  # matplotlib and Lightning need the last
}

# Only a PDF file, and a recognizer with a body of timm's, ask for these, and without them there is a named error.
OPTIONAL = {"pypdfium2", "timm"}


def imported(source: bytes) -> set[str]:
    """The top-level modules that a file imports, also inside its functions."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        names = [name.name for name in node.names] if isinstance(node, ast.Import) else []
        names += [node.module] if isinstance(node, ast.ImportFrom) else []
        found |= {name.partition(".")[0] for name in names}
    return found


def test_what_travels_imports_nothing_that_the_image_lacks():
    packed = contents(pack_packages(Path(kuzushiji_submit.__file__).parents[1]))
    modules = set().union(*(imported(source) for name, source in packed.items() if name.endswith(".py")))
    assert modules - set(sys.stdlib_module_names) - set(PACKAGES) <= IMAGE | OPTIONAL
    assert {"torch", "cv2"} <= modules


def test_templates_of_the_reports_travel():
    packed = contents(pack_packages(Path(kuzushiji_submit.__file__).parents[1]))
    templates = {Path(name).name for name in packed if name.endswith(".jinja")}
    assert {"page.html.jinja", "pieces.html.jinja", "stats.html.jinja", "interpretation.html.jinja"} <= templates
