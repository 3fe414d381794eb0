#!/usr/bin/env bash
# The whole road of the papers' networks at toy size: films, Muddy Mix, contexts, training that is stopped by Ctrl-C, then killed,
# and goes on, export, a highlighted film, evaluation with all five metrics, ablation. For visah, visah-text and semmix, with
# networks of random weights in the real formats. Nothing is fetched. research/runs/road.py holds the steps.
#     runs/road.sh [FOLDER]          FOLDER is kept where it is named, and should be new
# PYTHON=… names the interpreter. Exit code 0: every step did what it says.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
into=${1:-}
if [ -z "$into" ]; then into=$(mktemp -d); trap 'rm -rf "$into"' EXIT; fi
into=$(mkdir -p "$into" && cd "$into" && pwd)
export PYTHONPATH="$root/src:$root${PYTHONPATH:+:$PYTHONPATH}" XDG_CACHE_HOME="$into/cache"
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 TOKENIZERS_PARALLELISM=false HF_HUB_OFFLINE=1
"${PYTHON:-python}" -m research.runs.road "$into"
