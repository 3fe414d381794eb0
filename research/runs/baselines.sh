#!/usr/bin/env bash
# The baselines `learn2remix` and `lce` on a built set, beside the small `visah` and `semmix`: the same clips, as many passages.
#     research/runs/baselines.sh SET [FOLDER]
# Run it again after a stop, it goes on. `lce` reads the words that semmix-small.sh made.
set -euo pipefail
set_=$1 into=${2:-checkpoints} bin=${BIN:+$BIN/}
alike=(--batch 2 --seconds 4 --rate 1e-3 --average 0.99 --steps "${STEPS:-1600}" --workers 1 --validate-every 400 --validation-clips 20)
"${bin}limelight" contexts "$set_" words --text-model "${TEXT_MODEL:-hashed}"
"${bin}limelight" train "$set_" --into "$into/learn2remix" --preset learn2remix --channels 16 --loss joint "${alike[@]}"
"${bin}limelight" train "$set_" --into "$into/lce" --preset lce --channels 32 --context words --context-dropout 0.1 "${alike[@]}"
for name in learn2remix lce; do "${bin}limelight" export "$into/$name" -o "$into/$name/$name.onnx" --seconds 10; done
