#!/usr/bin/env bash
# Makes .venv from requirements.txt if it is missing or incomplete. Sourced by the other scripts; safe to run alone.
#   bash scripts/setup.sh [dev]      dev: with the tools that scripts/test.sh needs
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

python=${PYTHON:-python3}
extra=${1:+[dev]}
stamp=".venv/.installed${1:+-dev}"

fail() { echo "setup: $*" >&2; exit 1; }

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null ||
    fail "Python 3.11 or newer is needed: install it, or name it with PYTHON=/path/to/python3"

if [ ! -f "$stamp" ] || [ requirements.txt -nt "$stamp" ] || [ pyproject.toml -nt "$stamp" ]; then
    if [ ! -x .venv/bin/python ]; then
        "$python" -m venv .venv 2>/dev/null || {
            # Debian and Ubuntu ship Python without ensurepip unless python3-venv is there.
            rm -rf .venv
            if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
                echo "setup: installing python3-venv" >&2
                apt-get update -qq && apt-get install -y -qq python3-venv >/dev/null
                "$python" -m venv .venv
            else
                fail "no venv module: run 'sudo apt-get install python3-venv' and try again"
            fi
        }
    fi
    echo "setup: installing packages into .venv (a few minutes the first time)" >&2
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --editable ".$extra" ||
        fail "pip could not install the packages: see its message above"
    if ! .venv/bin/python -c 'import cv2' 2>/dev/null; then
        # opencv-python links the desktop libraries libGL and libglib; a server lacks them, and needs no windows.
        echo "setup: no desktop libraries here: taking opencv-python-headless instead of opencv-python" >&2
        .venv/bin/python -m pip uninstall --quiet --yes opencv-python
        # Both packages own the folder cv2, so the files are written anew even where pip thinks they are there.
        .venv/bin/python -m pip install --quiet --disable-pip-version-check --force-reinstall --no-deps opencv-python-headless
        .venv/bin/python -c 'import cv2' || fail "OpenCV cannot be imported: see the message above"
    fi
    touch "$stamp"
fi
