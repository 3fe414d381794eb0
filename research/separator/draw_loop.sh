#!/usr/bin/env bash
# Draws an hour of scenes after the other, each from the library as it then is (a copy stays beside the data).
#   draw_loop.sh DATA LIBRARY.csv FIRST_SEED LAST_SEED
data=$1 library=$2
cd "$(dirname "$0")" || exit 1
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 PYTHONPATH=../../src
for seed in $(seq "$3" "$4"); do
  [ -f "$data/library-$seed.csv" ] || cp "$library" "$data/library-$seed.csv"
  nice -n "${NICE:-15}" "${PYTHON:-python}" draw.py "$data/train" --libraries "$data/library-$seed.csv" --seed "$seed" --hours 1
done
