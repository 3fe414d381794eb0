#!/usr/bin/env bash
# Makes `lite` from a sound library (a folder with manifest.csv; see docs/training.md):
#     runs/lite.sh LIBRARY [FOLDER]
# Every stage resumes: run it again after a stop. About six hours on two cores.
# Wants fluidsynth, fluid-soundfont-gm, espeak-ng and flite for the synthetic sounds.
set -euo pipefail
cd "$(dirname "$0")/.."
library=$1 into=${2:-src/limelight/models/lite}
run=checkpoints/lite.safetensors directed=checkpoints/lite-directed.safetensors
more=checkpoints/synthetic scenes=checkpoints/scenes scenes_more=checkpoints/scenes-more
python=${PYTHON:-.venv/bin/python}
# Keeps torch from giving pages back to the system, and the drawing process from fighting over cores.
export MALLOC_MMAP_THRESHOLD_=4000000000 MALLOC_TRIM_THRESHOLD_=8000000000 OPENBLAS_NUM_THREADS=1
$python -m limelight.muddy.synthetic.make $more --music-minutes 240 --speech-minutes 90 --seed 0 --workers 2
$python -m limelight muddy scenes --library "$library" -o $scenes --count 1000 --twins --workers 2
$python -m limelight muddy scenes --library "$library" -o $scenes_more --count 1200 --split train --seed 7 --twins --workers 2
making="$python -m limelight.training.lite_run"
# First by ear, then half of the time on scenes, to look as well. One thread: the other core draws.
$making train "$library" --more $more --checkpoint $run --threads 1
$making train "$library" --more $more --checkpoint $run --threads 1 \
  --scenes $scenes --steps 14500 --rate 2 --director-pace 4
$making train "$library" --more $more --checkpoint $run --threads 1 --scenes $scenes --steps 17400 --rate 2
# Last the director alone, on what the separator hears of many more scenes.
$python -m limelight.training.director_run "$library" --more $more --start $run --checkpoint $directed \
  --scenes $scenes --scenes $scenes_more
$making export --checkpoint $directed --into "$into" --looks \
  --licence "CC BY-SA 4.0, attribution in ATTRIBUTION.md" \
  --training-data "openly licensed speech (50 min), music (60 min) and effects (56 min), listed in ATTRIBUTION.md; besides, \
rendered scores (235 min), synthesised voices (88 min), and 2,000 scenes painted to the same sounds"
