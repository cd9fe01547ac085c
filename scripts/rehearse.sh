#!/usr/bin/env bash
# The week of docs/kaggle.md, off Kaggle: a synthetic competition of several books, every session in order in a sandbox without a
# network, pushed to and scored by a stand-in server; one table of F1 at the end. About an hour on two cores.
#   bash scripts/rehearse.sh [--out DIR] [--fonts FILE ... --test-fonts FILE ...] [--pages N] [--test-pages N] [--effort 0.3] [--compare-dense]
# Killed itself, it begins the week anew; the pages that are drawn it keeps.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
bash scripts/setup.sh dev
exec env PYTHONPATH="$PWD" .venv/bin/python scripts/rehearse.py "$@"
