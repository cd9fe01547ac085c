#!/usr/bin/env bash
# Train the weights that ship, from nothing to calibrated files; started again, it goes on where it was.
#
# Usage: DATA=FOLDER OUT=FOLDER [SCALE=full|tiny] [FONTS="FILE ..."] [TRAIN_SET="--set KEY=VALUE ..."] bash scripts/train_shipped.sh
#
# DATA holds competition/, real_pages/ and fonts/. SCALE=tiny runs every step in minutes, to see that all of them
# work; its weights read nothing. With a GPU raise the batch: TRAIN_SET="--set batch_size=512 --set runtime.num_workers=12".
set -euo pipefail
cd "$(dirname "$0")/.."

: "${DATA:?the folder of competition/, real_pages/ and fonts/}" "${OUT:?the folder to work in}"
SCALE=${SCALE:-full}
PYTHON=${PYTHON:-.venv/bin/python}
GROUPS_OUT="100241706 200021763 100249376 100249416,100249476,200021802,200006663"
read -r -a TRAIN_SET <<< "${TRAIN_SET:-}"
CLASSES=$DATA/competition/class_counts.csv
REAL=$OUT/data/real
case $SCALE in
  full) pages_c=600; pages_d=500; hand_pages=60; books=90; epochs=32; draws=100000; tiles=2000; tile_epochs=10; real_epochs=5; real_draws=16000; real_tiles=400 ;;
  tiny) pages_c=6; pages_d=6; hand_pages=2; books=3; epochs=1; draws=512; tiles=8; tile_epochs=1; real_epochs=1; real_draws=512; real_tiles=8 ;;
  *) echo "SCALE is full or tiny, not $SCALE" >&2; exit 2 ;;
esac
if [ -z "${FONTS:-}" ]; then
  FONTS=$(fc-list --format '%{file}\n' | grep -E 'kouzan|aoyagi|ipamjm' | sort -u || true)
  FONTS="$FONTS $(find "$DATA/fonts" -name '*.ttf' | sort | tr '\n' ' ')"
fi
read -r -a FONT_FILES <<< "$(echo $FONTS)"

kuzushiji() { "$PYTHON" -m kuzushiji_submit "$@"; }
# step FILE COMMAND...: runs the command unless FILE says that it has ended
step() {
  local done=$OUT/done/$1; shift
  [ -e "$done" ] && return
  echo "== $(basename "$done"): $*" >&2
  "$@"
  mkdir -p "$(dirname "$done")"; touch "$done"
}

layout() { # the competition's rows of every book but the seven whose pages are read
  mkdir -p "$OUT/data"
  grep -v -E '^"?(100241706|200021763|100249376|100249416|100249476|200021802|200006663)_' "$DATA/competition/train_subset.csv" > "$OUT/data/layout.csv"
}
draw() { # draw NAME PAGES SEED OPTIONS...: synthetic pages
  local name=$1 pages=$2 seed=$3; shift 3
  rm -rf "$OUT/data/$name"
  kuzushiji synthesize --out "$OUT/data/$name" --pages "$pages" --test-pages 0 --books "$books" --seed "$seed" --height 1800 --jpeg-quality 88 \
    --fonts "${FONT_FILES[@]}" "$@"
}
real_hands() { # glyphs of all seven books, for the weights that ship
  draw hands "$hand_pages" 45 --layout "$OUT/data/layout.csv" --real-data "$REAL" --real-share 1
}
base_reader() {
  kuzushiji train recognizer --data "$OUT/data/C" "$OUT/data/D" --false-alarms "$OUT/data/C" --charset "$CLASSES" --out "$OUT/base-reader" \
    --crops "$OUT/crops" --config reader --set split.folds=0 --set "epochs=$epochs" --set "balance.epoch_size=$draws" --set optimizer.ema_decay=0.9995 \
    --set seed=1 "${TRAIN_SET[@]}" --resume
}
base_detector() {
  kuzushiji train detector --data "$OUT/data/C" "$OUT/data/D" --out "$OUT/base-detector" --pages "$OUT/pages" --config detector --set split.folds=0 \
    --set "epochs=$tile_epochs" --set "tiles_per_epoch=$tiles" --set seed=1 --resume
}
real_detector() {
  kuzushiji train detector --data "$REAL" --train-only "$OUT/data/C" "$OUT/data/D" --shares 0.5 0.25 0.25 --out "$OUT/detector" --config detector-real \
    --set "initial_weights=$OUT/base-detector/detector.safetensors" --set split.folds=0 --set export=last --set "tiles_per_epoch=$real_tiles" \
    --set seed=1 --resume
}
real_reader() { # real_reader NAME FOLDER: the base goes on, half of it on real crops
  kuzushiji train recognizer --data "$2" --train-only "$OUT/data/C" "$OUT/data/D" "$OUT/data/hands" --shares 0.45 0.23 0.2 0.12 \
    --false-alarms "$OUT/data/C" --charset "$CLASSES" --out "$OUT/$1" --config reader-real --set "initial_weights=$OUT/base-reader/recognizer.safetensors" \
    --set split.folds=0 --set export=last --set "epochs=$real_epochs" --set "balance.epoch_size=$real_draws" --set seed=1 "${TRAIN_SET[@]}" --resume
}
align() { # align READER FOLDER: transcriptions laid over the boxes that the detector finds
  mkdir -p "$2"; ln -sfn "$(realpath "$REAL/train_images")" "$2/train_images"
  kuzushiji align --images "$REAL/train_images" --transcriptions "$DATA/real_pages/transcriptions.json" --truth "$REAL/train.csv" \
    --recognizer-weights "$1/recognizer.safetensors" --out "$2/train.csv"
}
measure() { # the same way with books left out: its figures are the ones that count, its temperature and threshold ship
  cp "$OUT/reader/recognizer.safetensors" "$OUT/recognizer.safetensors"
  "$PYTHON" scripts/leave_one_book_out.py --base "$OUT/base-reader/recognizer.safetensors" --real "$REAL" --complete "$DATA/real_pages/truth_exact.csv" \
    --transcriptions "$DATA/real_pages/transcriptions.json" --synthetic "$OUT/data/C" "$OUT/data/D" --synthetic-crops "$OUT/crops" \
    --false-alarms "$OUT/data/C" --detector heatmap --counts "$CLASSES" --groups $GROUPS_OUT --real-share 0.45 --out "$OUT/left-out" \
    --calibrate "$OUT/recognizer.safetensors" --config reader-real --set "epochs=$real_epochs" --set "balance.epoch_size=$real_draws" --set seed=1
}

step layout layout
step real "$PYTHON" scripts/make_real_folder.py --real "$DATA/real_pages" --out "$REAL"
step pages-C draw C "$pages_c" 51 --layout "$OUT/data/layout.csv"
step pages-D draw D "$pages_d" 52 --tempering 0.6
step pages-hands real_hands
step base-reader base_reader
step base-detector base_detector
step detector real_detector
step boxes real_reader boxes "$REAL"
step align align "$OUT/boxes" "$OUT/data/aligned"
step reader real_reader reader "$OUT/data/aligned"
step measure measure
echo "$OUT/detector/detector.safetensors and $OUT/recognizer.safetensors are ready; the table above is what they are worth on books that they have not seen"
