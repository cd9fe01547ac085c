"""Kaggle kernel: trains on the books of a fold, calibrates on those held out, reads the test pages.

In the code file that is pushed, the packages and the settings of settings.toml stand before and in this program.
"""

import sys

from kuzushiji_submit.kaggle_kernels.run_kernel import run_kernel

SETTINGS: dict[str, object] = {}

# Kaggle may run this as a notebook, where any exit, even one without an error, counts as a crash.
if code := run_kernel("train", SETTINGS):
    sys.exit(code)
