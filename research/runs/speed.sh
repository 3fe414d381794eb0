#!/usr/bin/env bash
# How fast the full recipe trains here, beside the papers' 126 thousand steps in 18 hours on two RTX 4090:
#     research/runs/speed.sh                     24 clips of 10 s a step, in float32 and in bf16; one line of JSON each
# GPUS=2 for two, BATCH=12 where memory is short. On noise, so no data set is needed.
set -euo pipefail
cd "$(dirname "$0")/../.."
bin=${BIN:-.venv/bin}
for precision in no bf16; do
  $bin/accelerate launch --num_processes "${GPUS:-1}" -m limelight.training.speed \
    --preset visah --batch "${BATCH:-24}" --seconds 10 --precision $precision --steps "${STEPS:-30}"
done
