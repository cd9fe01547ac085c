#!/usr/bin/env bash
# Formatting, lint, types, import contracts and tests. Further arguments go to pytest: bash scripts/test.sh -m ""
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
bash scripts/setup.sh dev

bin=.venv/bin
"$bin/ruff" format --check .
"$bin/ruff" check .
"$bin/mypy"
"$bin/lint-imports"
# One thread a process: two test processes with two threads each only get in each other's way.
OMP_NUM_THREADS=1 "$bin/python" -m pytest -n 2 "$@"
