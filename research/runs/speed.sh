#!/usr/bin/env bash
# How fast the full recipe trains here, beside the papers' 126 thousand steps in 18 hours on two RTX 4090:
#     research/runs/speed.sh            24 clips of 10 s a step, in float32 and in bf16; one line of JSON each
# GPUS=2 for two, BATCH=12, ACCUMULATE=2 or RECOMPUTE=1 where memory is short. On noise, so no data set is needed.
set -euo pipefail
bin=${BIN:+$BIN/}
for precision in no bf16; do
  "${bin}accelerate" launch --num_processes "${GPUS:-1}" -m research.speed --preset visah --batch "${BATCH:-24}" \
    --seconds 10 --precision $precision --steps "${STEPS:-30}" --accumulate "${ACCUMULATE:-1}" ${RECOMPUTE:+--recompute}
done
