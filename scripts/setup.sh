#!/usr/bin/env bash
# Makes .venv from requirements.txt if it is missing or incomplete. Called by the other scripts; safe to run alone.
#   bash scripts/setup.sh [dev]      dev: with the tools that scripts/test.sh needs
# PYTHON=/path/to/python3 names another Python; TORCH=cpu or TORCH=default chooses the build of PyTorch (scripts/choose_torch.py).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

python=${PYTHON:-python3}
extra=${1:+[dev]}
stamp=".venv/.installed${1:+-dev}"
torch=${TORCH:-auto}
built=.venv/.torch  # what was asked for the last time

say() { echo "setup: $*" >&2; }
fail() { say "$*"; exit 1; }
install() { .venv/bin/python -m pip install --quiet --disable-pip-version-check "$@"; }

"$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info)' 2>/dev/null ||
    fail "Python 3.11 or newer is needed: install it, or name it with PYTHON=/path/to/python3"
case $torch in auto | cpu | default) ;; *) fail "TORCH=$torch: write auto, cpu or default" ;; esac

# Without the word, what is there stays.
[ -z "${TORCH:-}" ] || [ ! -f "$built" ] || [ "$(cat "$built")" = "$torch" ] || rm -f .venv/.installed*
if [ -f "$stamp" ] && [ ! requirements.txt -nt "$stamp" ] && [ ! pyproject.toml -nt "$stamp" ]; then
    exit 0
fi

if [ ! -x .venv/bin/python ]; then
    "$python" -m venv .venv 2>/dev/null || {
        # Debian and Ubuntu ship Python without ensurepip unless python3-venv is there.
        rm -rf .venv
        if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
            say "installing python3-venv"
            apt-get update -qq && apt-get install -y -qq python3-venv >/dev/null
            "$python" -m venv .venv
        else
            fail "no venv module: run 'sudo apt-get install python3-venv' and try again"
        fi
    }
fi

pins=.venv/constraints.txt
started=$SECONDS
if ! .venv/bin/python -c 'import torch' 2>/dev/null || [ -n "${TORCH:-}" ]; then
    .venv/bin/python scripts/choose_torch.py "$torch" >"$pins"
    # GB, measured on Debian 12, x86_64, and what they mean at 100 Mbit/s. On other systems the package index has small builds.
    download=0.5 disk=1.7 minutes=3 build="PyTorch for the CPU"
    if [ ! -s "$pins" ] && [ "$(uname -s)" = Linux ]; then
        download=3.3 disk=6.3 minutes=8 build="PyTorch with CUDA"
        [ "$torch" != cpu ] || say "PyTorch's index has no CPU builds of torch and torchvision for this Python, or does not answer: taking the default ones"
    fi
    say "installs $build and the other packages into .venv: downloads about $download GB, takes about $disk GB of disk"
    say "and some $minutes minutes where the network brings 100 Mbit/s"
    free=$(df -Pk . | awk 'NR == 2 { printf "%.1f", $4 / 1e6 }')
    awk -v free="$free" -v disk="$disk" 'BEGIN { exit free < disk }' ||
        fail "only $free GB of disk are free here: make room, or put the checkout on a larger disk"
    if [ -s "$pins" ]; then
        .venv/bin/python -m pip uninstall --quiet --yes torch torchvision 2>/dev/null
        install --index-url "${TORCH_INDEX:-https://download.pytorch.org/whl/cpu}" -r "$pins" ||
            fail "pip could not install PyTorch for the CPU: try again, or take the default build with TORCH=default"
    elif [ -n "${TORCH:-}" ]; then
        .venv/bin/python -m pip uninstall --quiet --yes torch torchvision 2>/dev/null
    fi
else
    say "brings the packages in .venv up to date"
    [ -f "$pins" ] || : >"$pins"
fi
install --constraint "$pins" --editable ".$extra" || fail "pip could not install the packages: see its message above"

if ! .venv/bin/python -c 'import cv2' 2>/dev/null; then
    # opencv-python links the desktop libraries libGL and libglib; a server lacks them, and needs no windows.
    say "no desktop libraries here: taking opencv-python-headless instead of opencv-python"
    .venv/bin/python -m pip uninstall --quiet --yes opencv-python
    # Both packages own the folder cv2, so the files are written anew even where pip thinks they are there.
    install --force-reinstall --no-deps opencv-python-headless
    .venv/bin/python -c 'import cv2' || fail "OpenCV cannot be imported: see the message above"
fi
.venv/bin/python -W ignore -c 'import torch, torchvision; torchvision.ops.nms(torch.zeros(0, 4), torch.zeros(0), 0.5)' ||
    fail "torch and torchvision do not fit together: remove .venv and run this again, with TORCH=default if that fails"
[ -f "$built" ] && [ -z "${TORCH:-}" ] || echo "$torch" >"$built"
touch "$stamp"
say "done in $(((SECONDS - started + 59) / 60)) min; .venv/bin/kuzushiji doctor looks at everything"
