#!/usr/bin/env bash
# VisAH's whole recipe on real data, for two GPUs (docs/train.md):
#     research/runs/visah-full.sh FILMS [FOLDER]
# FILMS is a folder of well mixed films (the paper: action films of Condensed Movies). Every stage resumes: run it again
# after a stop. CLIP is fetched when first used. The paper tells 18 hours of training on two RTX 4090.
set -euo pipefail
cd "$(dirname "$0")/../.."
films=$1 into=${2:-checkpoints/visah-full}
gpus=${GPUS:-2} bin=${BIN:-.venv/bin} separator=${SEPARATOR:-model}
$bin/limelight muddy build "$films" -o "$into/set" --recipe paper --level mixed --frames --separator "$separator"
$bin/limelight contexts "$into/set" clip
$bin/accelerate launch --num_processes "$gpus" -m limelight train "$into/set" --into "$into/run" \
  --preset visah --context clip --loss "${LOSS:-linear}" --batch 24 --seconds 10 --rate 1e-4 --epochs 200 \
  --precision "${PRECISION:-no}" --workers 8 --check-every 2000 --watched 50
$bin/limelight export "$into/run" -o "$into/visah.onnx"
