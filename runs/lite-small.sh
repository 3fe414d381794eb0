#!/usr/bin/env bash
# `lite` from first weights on a built set, sound and measured cues, beside the small `visah` and `semmix`: the same clips, as many
# passages. (The packaged `lite` is made by runs/lite.sh.)
#     runs/lite-small.sh SET [FOLDER]
# Run it again after a stop, it goes on. STEPS=… for longer or shorter. docs/train.md tells what the options mean.
set -euo pipefail
cd "$(dirname "$0")/.."
set_=$1 into=${2:-checkpoints/lite-small} bin=${BIN:-.venv/bin}
$bin/limelight train "$set_" --into "$into" --preset lite --context cues --context-dropout 0.1 \
  --loss stems --optimiser muon --batch 2 --seconds 4 --rate 1e-3 --average 0.99 --steps "${STEPS:-1600}" \
  --workers 1 --check-every 200 --watched 20
$bin/limelight export "$into" -o "$into/lite-small"
