#!/usr/bin/env bash
# The main job on the embedded sample: pages -> submission.csv -> scores, confusions, report. Arguments go to `kuzushiji demo`,
# as in: bash scripts/demo.sh --open
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
bash scripts/setup.sh
.venv/bin/kuzushiji demo "$@"
