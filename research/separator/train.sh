#!/usr/bin/env bash
# Starts or resumes the long training in the background; options of train.py may follow.
#   train.sh DATA [OPTIONS]      log DATA/train.log, process DATA/train.pid, checkpoint DATA/runs/long.safetensors
data=$1; shift
cd "$(dirname "$0")" || exit 1
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 PYTHONPATH=../../src
# Keeps torch from giving pages back to the system.
export MALLOC_MMAP_THRESHOLD_=4000000000 MALLOC_TRIM_THRESHOLD_=8000000000
setsid nohup nice -n "${NICE:-15}" "${PYTHON:-python}" train.py "$data/runs/long.safetensors" --data "$data" "$@" >> "$data/train.log" 2>&1 &
echo $! > "$data/train.pid"
