#!/usr/bin/env bash
# A small `visah` that is told the measured cues, on a built set, of a size that two cores can bear.
#     research/runs/visah-small.sh SET [FOLDER]
# Run it again after a stop, it goes on. STEPS=… for longer or shorter. docs/train.md tells what the options mean.
set -euo pipefail
set_=$1 into=${2:-checkpoints/visah-small} bin=${BIN:+$BIN/}
"${bin}limelight" train "$set_" --into "$into" --preset visah --channels 8 --context cues --context-dropout 0.1 \
  --loss linear --batch 2 --seconds 4 --rate 3e-4 --average 0.99 --steps "${STEPS:-1600}" \
  --workers 1 --validate-every 200 --validation-clips 20
"${bin}limelight" export "$into" -o "$into/visah-small.onnx" --seconds 10
