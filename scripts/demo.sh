#!/usr/bin/env bash
# The main job on the embedded sample: page images -> submission.csv -> F1 -> report. Arguments go to `kuzushiji demo`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
bash scripts/setup.sh
.venv/bin/kuzushiji demo "$@"
