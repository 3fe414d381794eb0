#!/usr/bin/env bash
# Starts or resumes the long training in the background; options of `limelight train` may follow.
#   train.sh DATA --steps N [OPTIONS]      log DATA/train.log, process DATA/train.pid, run DATA/run/
data=$1; shift
cd "$(dirname "$0")/../.." || exit 1
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 PYTHONPATH=$PWD/src
# Keeps torch from giving pages back to the system.
export MALLOC_MMAP_THRESHOLD_=4000000000 MALLOC_TRIM_THRESHOLD_=8000000000
setsid nohup nice -n "${NICE:-15}" "${PYTHON:-python}" -m limelight train "$data" --preset lite --into "$data/run" --cpu --threads 1 \
  "$@" >> "$data/train.log" 2>&1 &
echo $! > "$data/train.pid"
