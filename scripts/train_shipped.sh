#!/usr/bin/env bash
# Train the weights that ship, from nothing to calibrated files; started again, it goes on where it was.
#
# Usage: DATA=FOLDER OUT=FOLDER [SCALE=full|tiny] [CYCLES=3] [FONTS="FILE ..."] [TRAIN_SET="--set KEY=VALUE ..."] bash scripts/train_shipped.sh
#
# Each cycle trains the reader's base further (from the second on it starts from the one before) and fine-tunes it twice,
# the second time with some KMNIST and another seed; the average of both weights is a reader. There are as many readers as
# cycles, whose scores `kuzushiji predict` averages; from the third on they look through stretched windows. The labels of a cycle's transcribed pages come from the reader of the
# cycle before; in the first, from one that has seen boxes only. A dense reader, which starts from the detector, joins them, and
# a column model learns from texts what the first base's mistakes look like in a column.
#
# DATA holds competition/, real_pages/, kmnist/, text/ and fonts/. SCALE=tiny runs every step in minutes, to see that all of them
# work; its weights read nothing. With a GPU raise the batch: TRAIN_SET="--set batch_size=512 --set runtime.num_workers=12".
set -euo pipefail
cd "$(dirname "$0")/.."

: "${DATA:?the folder of competition/, real_pages/, kmnist/, text/ and fonts/}" "${OUT:?the folder to work in}"
SCALE=${SCALE:-full}
CYCLES=${CYCLES:-3}
PYTHON=${PYTHON:-.venv/bin/python}
GROUPS_OUT="100241706 200021763 100249376 100249416,100249476,200021802,200006663"
read -r -a TRAIN_SET <<< "${TRAIN_SET:-}"
CLASSES=$DATA/competition/class_counts.csv
REAL=$OUT/data/real
case $SCALE in
  full) pages_c=600; pages_d=500; pages_i=300; pages_j=600; hand_pages=60; books=90; epochs=32; draws=100000; tiles=2000; tile_epochs=10; real_epochs=6; real_draws=16000; real_tiles=400; dense_epochs=19; dense_tiles=4000; dense_real_tiles=2000; windows=8000; confusions=30000 ;;
  tiny) pages_c=6; pages_d=6; pages_i=6; pages_j=6; hand_pages=2; books=3; epochs=1; draws=512; tiles=8; tile_epochs=1; real_epochs=1; real_draws=512; real_tiles=8; dense_epochs=1; dense_tiles=16; dense_real_tiles=16; windows=64; confusions=200 ;;
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
view() { # view CYCLE: what a reader of the cycle sees of a crop, into VIEW
  VIEW=()
  [ "$1" -lt 3 ] || VIEW=(--set preprocess.stretch=0.7)
}
base_reader() { # base_reader CYCLE
  local goes_on=()
  view "$1"
  [ "$1" = 1 ] || goes_on=(--set initial_view=other --set "initial_weights=$OUT/base-reader-$(($1 - 1))/recognizer.safetensors" --set optimizer.learning_rate=1.5e-3 --set optimizer.warmup=0.08)
  kuzushiji train recognizer --data "${PAGES[@]}" --false-alarms "$OUT/data/C" --charset "$CLASSES" --out "$OUT/base-reader-$1" \
    --crops "$OUT/crops" --config reader --set split.folds=0 --set "epochs=$epochs" --set "balance.epoch_size=$draws" --set optimizer.ema_decay=0.9995 \
    --set "seed=$1" "${goes_on[@]}" "${VIEW[@]}" "${TRAIN_SET[@]}" --resume
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
real_reader() { # real_reader NAME CYCLE FOLDER EPOCHS SEED [KMNIST]: the base goes on, half of it on real crops
  local also=() shares=(0.45 0.12 0.1 0.09 0.12 0.12)
  view "$2"
  [ $# -lt 6 ] || { also=("$6"); shares=(0.45 0.11 0.08 0.08 0.1 0.12 0.06); }
  kuzushiji train recognizer --data "$3" --train-only "${PAGES[@]}" "$OUT/data/hands" "${also[@]}" --shares "${shares[@]}" \
    --false-alarms "$OUT/data/C" --charset "$CLASSES" --out "$OUT/$1" --config reader-real --set "initial_weights=$OUT/base-reader-$2/recognizer.safetensors" \
    --set split.folds=0 --set export=last --set "epochs=$4" --set "balance.epoch_size=$real_draws" --set balance.adjust=1.0 --set "seed=$5" \
    "${VIEW[@]}" "${TRAIN_SET[@]}" --resume
}
kmnist() { # the ten kana of its test images, set in columns
  "$PYTHON" scripts/make_kmnist_folder.py --images "$DATA/kmnist/kmnist-test-imgs.npz" --labels "$DATA/kmnist/kmnist-test-labels.npz" --out "$OUT/data/kmnist"
}
average() { # average CYCLE: the two fine-tunings of a cycle, in place of the first
  kuzushiji average "$OUT/reader-$1-plain/recognizer.safetensors" "$OUT/reader-$1-kmnist/recognizer.safetensors" --out "$OUT/reader-$1/recognizer.safetensors"
}
base_dense() { # starts from the base of the detector: the one that ships has seen every real page
  kuzushiji train dense --data "${PAGES[@]}" --charset "$CLASSES" --out "$OUT/base-dense" --pages "$OUT/pages-dense" --config dense \
    --set "initial_weights=$OUT/base-detector/detector.safetensors" --set split.folds=0 --set "epochs=$dense_epochs" --set "tiles_per_epoch=$dense_tiles" \
    --set seed=1 --resume
}
real_dense() { # real_dense FOLDER
  kuzushiji train dense --data "$1" --train-only "${PAGES[@]}" "$OUT/data/hands" --shares 0.45 0.12 0.1 0.09 0.12 0.12 --charset "$CLASSES" \
    --out "$OUT/dense" --config dense-real --set "initial_weights=$OUT/base-dense/dense.safetensors" --set split.folds=0 \
    --set "tiles_per_epoch=$dense_real_tiles" --set seed=1 --resume
}
align() { # align READER FOLDER: transcriptions laid over the boxes that the detector finds
  mkdir -p "$2"; ln -sfn "$(realpath "$REAL/train_images")" "$2/train_images"
  kuzushiji align --images "$REAL/train_images" --transcriptions "$DATA/real_pages/transcriptions.json" --truth "$REAL/train.csv" \
    --recognizer-weights "$1/recognizer.safetensors" --out "$2/train.csv"
}
measure() { # measure CYCLE FILE: the same way with books left out: its figures are the ones that count, its temperature and threshold ship
  local before=()
  view "$1"
  [ "$1" = 1 ] || before=(--aligner "$OUT/left-out-$(($1 - 1))/aligned-{book}/recognizer.safetensors")
  cp "$OUT/reader-$1/recognizer.safetensors" "$2"
  "$PYTHON" scripts/leave_one_book_out.py --base "$OUT/base-reader-$1/recognizer.safetensors" --real "$REAL" --complete "$DATA/real_pages/truth_exact.csv" \
    --transcriptions "$DATA/real_pages/transcriptions.json" --synthetic "${PAGES[@]}" --synthetic-crops "$OUT/crops" \
    --false-alarms "$OUT/data/C" --detector heatmap --counts "$CLASSES" --groups $GROUPS_OUT --real-share 0.45 --out "$OUT/left-out-$1" "${before[@]}" \
    --calibrate "$2" --config reader-real --set "epochs=$real_epochs" --set "balance.epoch_size=$real_draws" --set balance.adjust=1.0 --set "seed=$1" "${VIEW[@]}"
}
column() { # the confusions are those of a reader that has seen no real page
  kuzushiji train column --truth "$DATA/competition/train_subset.csv" --text "$DATA/text/genji.txt" "$DATA/text/honkoku.csv" --shares 0.5 0.15 0.35 \
    --crops "$OUT"/crops/0?-[CDIJ] --recognizer-weights "$OUT/base-reader-1/recognizer.safetensors" --out "$OUT/column" --config column \
    --set "windows_per_epoch=$windows" --set "confusions.crops=$confusions" --set epochs=16 --set split.folds=0 --set seed=1 --resume
}

PAGES=("$OUT/data/C" "$OUT/data/D" "$OUT/data/I" "$OUT/data/J")
step layout layout
step real "$PYTHON" scripts/make_real_folder.py --real "$DATA/real_pages" --out "$REAL"
step pages-C draw C "$pages_c" 51 --layout "$OUT/data/layout.csv"
step pages-D draw D "$pages_d" 52 --tempering 0.6
step pages-I draw I "$pages_i" 61 --layout "$OUT/data/layout.csv"
step pages-J draw J "$pages_j" 62 --tempering 0.6
step pages-hands real_hands
step kmnist kmnist
step base-detector base_detector
step detector real_detector
aligner=boxes
for cycle in $(seq "$CYCLES"); do
  step "base-reader-$cycle" base_reader "$cycle"
  [ "$cycle" != 1 ] || step boxes real_reader boxes 1 "$REAL" 1 1
  step "align-$cycle" align "$OUT/$aligner" "$OUT/data/aligned-$cycle"
  step "reader-$cycle-plain" real_reader "reader-$cycle-plain" "$cycle" "$OUT/data/aligned-$cycle" "$real_epochs" "$cycle"
  step "reader-$cycle-kmnist" real_reader "reader-$cycle-kmnist" "$cycle" "$OUT/data/aligned-$cycle" "$real_epochs" "$((cycle + 10))" "$OUT/data/kmnist"
  step "reader-$cycle" average "$cycle"
  ready=$OUT/recognizer$([ "$cycle" = 1 ] || echo "-$cycle").safetensors
  step "measure-$cycle" measure "$cycle" "$ready"
  aligner=reader-$cycle
done
step base-dense base_dense
step dense real_dense "$OUT/data/aligned-$CYCLES"
step column column
echo "$OUT/detector/detector.safetensors, $OUT/recognizer*.safetensors, $OUT/dense/dense.safetensors and $OUT/column/column.safetensors are ready; the tables above are what they are worth on books that they have not seen"
