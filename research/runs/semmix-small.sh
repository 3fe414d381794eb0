#!/usr/bin/env bash
# A small `semmix` that is told the measured cues in words, on a built set, of a size that two cores can bear.
#     research/runs/semmix-small.sh SET [FOLDER]
# The words are hashed, so that no language model is fetched; TEXT_MODEL=google/t5-v1_1-small reads them with T5.
# Run it again after a stop, it goes on. STEPS=… for longer or shorter. docs/train.md tells what the options mean.
set -euo pipefail
set_=$1 into=${2:-checkpoints/semmix-small} bin=${BIN:+$BIN/}
"${bin}limelight" contexts "$set_" words --text-model "${TEXT_MODEL:-hashed}"
"${bin}limelight" train "$set_" --into "$into" --preset semmix --channels 8 --context words --context-dropout 0.1 \
  --loss linear --batch 2 --seconds 4 --rate 3e-4 --average 0.99 --steps "${STEPS:-1600}" \
  --workers 1 --validate-every 200 --validation-clips 20
"${bin}limelight" export "$into" -o "$into/semmix-small.onnx" --seconds 10
