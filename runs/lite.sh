#!/usr/bin/env bash
# Makes `lite` from a sound library (a folder with manifest.csv; see docs/training.md):
#     runs/lite.sh LIBRARY [FOLDER]
# Every stage resumes: run it again after a stop. About an hour and a half on two cores.
set -euo pipefail
cd "$(dirname "$0")/.."
library=$1 into=${2:-src/limelight/models/lite} run=checkpoints/lite.safetensors
python=${PYTHON:-.venv/bin/python}
# Keeps torch from giving pages back to the system, and the drawing process from fighting over cores.
export MALLOC_MMAP_THRESHOLD_=4000000000 MALLOC_TRIM_THRESHOLD_=8000000000 OPENBLAS_NUM_THREADS=1
making="$python -m limelight.training.lite_run"
$making separator "$library" --checkpoint $run --steps 2240 --remix-weight 0
$making separator "$library" --checkpoint $run --steps 5600 --remix-weight 0.7
$making director "$library" --checkpoint $run --count 3600
$making export --checkpoint $run --into "$into" \
  --licence "CC BY-SA 4.0, attribution in ATTRIBUTION.md" \
  --training-data "openly licensed speech (50 min), music (60 min) and effects (56 min); listed in ATTRIBUTION.md"
