#!/usr/bin/env bash
# VisAH's whole recipe on real data, for two GPUs (docs/train.md):
#     research/runs/visah-full.sh FILMS [FOLDER]
# FILMS is a folder of well mixed films (the paper: action films of Condensed Movies). Every stage resumes: run it again
# after a stop. Films that cannot be used are skipped, listed in FOLDER/set/skipped.jsonl, and stop nothing. CLIP is fetched
# when first used. The paper tells 18 hours of training on two RTX 4090; speed.sh measures yours.
# Films are taken apart by Bandit v2, which was trained on DnR v3, as the paper's separator was; it is fetched when first used
# (docs/separators.md). SEPARATOR=NAME takes another.
# TEXT=1 trains on a general caption a second instead (L = 6). SHARDS=8 then shares the captions out over eight GPUs.
set -euo pipefail
films=$1 into=${2:-checkpoints/visah-full}
gpus=${GPUS:-2} separator=${SEPARATOR:-bandit} run=run context=clip preset=visah
on_path() { if [ -n "${BIN:-}" ]; then "$BIN/$1" "${@:2}"; else "$@"; fi; }
code=0
on_path limelight muddy build "$films" -o "$into/set" --recipe released --level mixed --limit input --frames --keep-trivial \
  --separator "$separator" || code=$?
[ "$code" = 0 ] || [ "$code" = 7 ] || exit "$code"  # 7: some films were skipped
if [ -n "${TEXT:-}" ]; then
  run=run-text context=captions preset=visah-text shards=${SHARDS:-1}
  for ((shard = 0; shard < shards; shard++)); do
    CUDA_VISIBLE_DEVICES=$shard on_path limelight contexts "$into/set" captions --prompts general --shard "$shard/$shards" &
  done
  for job in $(jobs -p); do wait "$job"; done
else
  on_path limelight contexts "$into/set" clip
fi
on_path accelerate launch --num_processes "$gpus" -m limelight train "$into/set" --into "$into/$run" \
  --preset $preset --variant "${VARIANT:-limelight}" --context $context --loss "${LOSS:-log}" --batch 24 --seconds 10 \
  --rate 1e-4 --epochs 200 --accumulate "${ACCUMULATE:-1}" --precision "${PRECISION:-no}" --workers 8 \
  --validate-every 2000 --validation-clips 50 --keep-best 3 ${RECOMPUTE:+--recompute}
on_path limelight export "$into/$run" -o "$into/$preset.onnx"
