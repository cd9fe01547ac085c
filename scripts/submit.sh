#!/usr/bin/env bash
# Validates a submission, submits it to Kaggle and prints its score:
#   bash scripts/submit.sh submission.csv -m "what is new"
# Further arguments go to `kuzushiji submit`.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
bash "$here/scripts/setup.sh"
exec "$here/.venv/bin/kuzushiji" submit --wait "$@"
