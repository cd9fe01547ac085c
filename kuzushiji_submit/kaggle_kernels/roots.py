"""The three folders of a Kaggle session."""

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Roots:
    """Where a session reads and writes.

    Attributes:
        inputs: competition, data sets and other kernels' outputs, read-only.
        working: what is kept as the kernel's output.
        scratch: what is forgotten with the session, such as unzipped pages and cut crops.
    """

    inputs: Path
    working: Path
    scratch: Path

    @classmethod
    def of_session(cls) -> "Roots":
        """Kaggle's folders, or those that the environment variables KUZUSHIJI_*_ROOT name."""
        scratch = Path(tempfile.gettempdir()) / "kuzushiji"
        return cls(
            Path(os.environ.get("KUZUSHIJI_INPUT_ROOT", "/kaggle/input")),
            Path(os.environ.get("KUZUSHIJI_WORKING_ROOT", "/kaggle/working")),
            Path(os.environ.get("KUZUSHIJI_SCRATCH_ROOT", scratch)),
        )
