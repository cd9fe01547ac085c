"""Kaggle kernel: trains detector and recognizer on the competition's pages, then reads the test pages with them.

In the code file that is pushed, the packages and the settings of settings.toml stand before and in this program.
"""

import sys

from kuzushiji_submit.kaggle_kernels.run_train import run_train

SETTINGS: dict[str, object] = {}

# Kaggle may run this as a notebook, where any exit, even one without an error, counts as a crash.
if code := run_train(SETTINGS):
    sys.exit(code)
