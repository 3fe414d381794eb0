#!/usr/bin/env bash
# A tiny separator from nothing to a film: made sounds, scenes, a few steps of training, a sealed model, the demo film.
# It cannot hear; the road is what is tried. About a minute.
#   tiny_lite.sh FOLDER
set -euo pipefail
into=$(mkdir -p "$1" && cd "$1" && pwd)
cd "$(dirname "$0")/../.."
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 PYTHONPATH=$PWD/src:$PWD
python=${PYTHON:-python}
$python -m research.synthetic "$into/library" --music-minutes 1 --speech-minutes 1 --effects-minutes 1 --workers 1
(
  cd research/separator
  for part in train validation; do
    $python draw.py "$into/data/$part" --libraries "$into/library/manifest.csv" --hours 0.006 --clips 2 \
      --seed "$([ $part = train ] && echo 1 || echo 2)"
  done
)
$python -m limelight train "$into/data" --preset lite --into "$into/run" --cpu --threads 1 --channels 8 --batch 1 --seconds 1.4 \
  --steps 3 --validation-clips 2 --quiet
$python -m limelight export "$into/run" -o "$into/tiny.onnx" --name tiny
$python -m limelight highlight examples/demo.mp4 --separator "$into/tiny.onnx" -o "$into/demo.mp4" --force
