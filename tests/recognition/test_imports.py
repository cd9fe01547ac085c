"""What must stay light: reading and scoring import these modules."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize("module", ["crops", "recognitions"])
def test_module_does_not_import_torch(module: str) -> None:
    code = f"import sys, recognition.{module}; sys.exit(bool({{'torch', 'pytorch_lightning'}} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_recognizer_does_not_import_lightning() -> None:
    code = "import sys, recognition.recognizer; sys.exit('pytorch_lightning' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
