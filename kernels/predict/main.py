"""Kaggle kernel: reads the test pages with weights from an attached data set or an attached training run.

In the code file that is pushed, the packages and the settings of settings.toml stand before and in this program.
"""

import sys

from kuzushiji_submit.kaggle_kernels.run_predict import run_predict

SETTINGS: dict[str, object] = {}

# Kaggle may run this as a notebook, where any exit, even one without an error, counts as a crash.
if code := run_predict(SETTINGS):
    sys.exit(code)
