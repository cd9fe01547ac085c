#!/usr/bin/env bash
# Draws the embedded sample competition anew. Needs the Debian packages fonts-kouzan-mouhitsu, fonts-aoyagi-kouzan-t and
# fonts-aoyagi-soseki. The first seed was chosen for variety at a glance, before anything had been read on its pages. One
# page more is chosen because it is read badly: on it each of the 4,212 characters is as likely as any other. Of ten such
# pages (F1 0.25 to 0.38 with the weights of that day) it is the smallest file.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
sample=kuzushiji_submit/sample
hard=918690004_00003_2
kouzan=/usr/share/fonts/truetype/kouzan-mouhitsu
aoyagi=/usr/share/fonts/truetype/aoyagi
# Their order is part of the draw.
first=("$aoyagi-kouzan-t/AoyagiKouzanT.ttf" "$kouzan/KouzanBrushFontSousyo.ttf" "$aoyagi-soseki/aoyagi-soseki.ttf"
    "$kouzan/kouzan-mouhitsu-gyosho.ttf" "$kouzan/kouzan-mouhitsu.ttf")
second=("${first[@]:1:1}" "${first[@]:3:2}" "${first[@]:0:1}" "${first[@]:2:1}")
common=(--pages 1 --books 1 --empty 0 --height 1400 --jpeg-quality 50)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp "$sample/pages.csv" "$work"
rm -rf "$sample"
.venv/bin/kuzushiji synthesize --out "$sample" --test-pages 4 --seed 1868 "${common[@]}" --fonts "${first[@]}"
.venv/bin/kuzushiji synthesize --out "$work/hard" --test-pages 10 --seed 1869 --tempering 1 "${common[@]}" --fonts "${second[@]}"
cp "$work/hard/test_images/$hard.jpg" "$sample/test_images"
for table in test_truth.csv sample_submission.csv; do grep "^$hard," "$work/hard/$table" >>"$sample/$table"; done
cp "$work/pages.csv" "$sample"
