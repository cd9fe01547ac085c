#!/usr/bin/env bash
# The API reference, made of the docstrings; a warning is an error.
#   bash scripts/api_reference.sh [FOLDER]      default: api
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
python=${PYTHON:-.venv/bin/python}
[ -x "$python" ] || bash scripts/setup.sh
"$python" -c 'import pdoc' 2>/dev/null || "$python" -m pip install --quiet --disable-pip-version-check --editable '.[docs]'

# Kaggle's client asks for credentials when it is imported, so the two modules that run it in a process of its own stay out.
"$python" -W error -m pdoc --docformat google --no-show-source --output-directory "${1:-api}" \
    kuzushiji_submit detection recognition \
    '!kuzushiji_submit.kaggle_client.worker' '!kuzushiji_submit.kaggle_client.worker_calls'
