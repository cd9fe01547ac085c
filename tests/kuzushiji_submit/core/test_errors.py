"""One tree: whoever catches KuzushijiError has caught every named error of the project."""

import ast
from pathlib import Path

import pytest

import detection
import kuzushiji_submit
import recognition
from kuzushiji_submit.core import errors
from kuzushiji_submit.core.errors import ConfigError, KuzushijiError

CLASSES = [value for value in vars(errors).values() if isinstance(value, type) and value.__module__ == errors.__name__]
# What ends work early: no fault, and never seen by a user.
SIGNALS = {"TimeIsUpError", "StoppedBySignalError"}


@pytest.mark.parametrize("error", CLASSES)
def test_every_error_is_in_the_tree_and_in_its_drawing(error: type) -> None:
    assert issubclass(error, KuzushijiError)
    assert error.__name__ in errors.__doc__


def test_a_setting_out_of_its_range_is_a_value_error_too() -> None:
    assert issubclass(ConfigError, ValueError)


@pytest.mark.parametrize("package", [detection, kuzushiji_submit, recognition])
def test_no_tree_grows_elsewhere(package: object) -> None:
    planted = set()
    for path in Path(next(iter(package.__path__))).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef) and any(
                isinstance(base, ast.Name) and base.id in {"Exception", "BaseException"} for base in node.bases
            ):
                planted.add(node.name)
    assert planted <= {"KuzushijiError", *SIGNALS}
