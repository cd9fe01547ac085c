"""Modules that lie in no package: scripts, and what stands beside the tests."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

SCRIPTS = Path(__file__).resolve().parents[1] / "scripts"


def load_module(path: Path) -> ModuleType:
    """A module by its file; after this, any other can import it by its name, and dataclasses find it there."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path}: no module")
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


def load_script(name: str) -> ModuleType:
    """A script of the project, not run."""
    return load_module(SCRIPTS / f"{name}.py")
