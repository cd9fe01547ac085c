#!/usr/bin/env bash
# Draws the embedded sample competition anew. Needs the Debian packages fonts-kouzan-mouhitsu, fonts-aoyagi-kouzan-t and
# fonts-aoyagi-soseki. The seed was chosen for variety at a glance, before anything had been read on its pages.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
rm -rf kuzushiji_submit/sample
.venv/bin/kuzushiji synthesize --out kuzushiji_submit/sample --pages 1 --test-pages 4 --books 1 --seed 1868 --empty 0 \
    --height 1400 --jpeg-quality 50
