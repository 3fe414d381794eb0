#!/usr/bin/env bash
# The whole road of the papers' networks at toy size: films, Muddy Mix, contexts, training that is killed and goes on, export,
# a highlighted film, evaluation with all five metrics, ablation. For visah, visah-text and semmix, with networks of random
# weights in the real formats. Nothing is fetched. It takes about four minutes of processor time, most of it in four processes side by side.
#     runs/road.sh [FOLDER]          from the repository's root; FOLDER is kept where it is named
# PYTHON=… names the interpreter. Exit code 0: every step did what it says.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
python=${PYTHON:-python}
into=${1:-}
if [ -z "$into" ]; then into=$(mktemp -d); trap 'rm -rf "$into"' EXIT; fi
mkdir -p "$into" && cd "$into"  # every path below is relative
export PYTHONPATH="$root/src:$root${PYTHONPATH:+:$PYTHONPATH}" OMP_NUM_THREADS=1 HF_HUB_OFFLINE=1 XDG_CACHE_HOME="$PWD/cache"
limelight() { "$python" -m limelight "$@"; }
step() { printf '\n== %s (%s s)\n' "$1" "$SECONDS"; }
fail() { printf 'the road is broken: %s\n' "$1" >&2; exit 1; }

step "films, and networks beside them"
"$python" -m research.runs.toy_models models >models.log 2>&1 & making=$!
"$python" -m research.runs.toy_films toy

step "muddy build: five films of six, the sixth is too short"
code=0
limelight muddy build toy/films -o set --recipe released --level high --separator stems:toy/stems --seconds 2 --frames \
  --about toy/splits.csv --keep-trivial --workers 1 --quiet || code=$?
[ "$code" = 7 ] || fail "a skipped film must give exit code 7, not $code"
[ "$(wc -l <set/skipped.jsonl)" = 1 ] || fail "one film should have been skipped"

wait $making || { cat models.log >&2; exit 1; }
step "contexts: clip, general captions, focused captions of two cues in two shards, words"
encoder=(--device cpu --offline --quiet)
limelight contexts set clip --context-model models/clip "${encoder[@]}"
limelight contexts set captions --prompts general --context-model models/internvl --text-model models/t5 "${encoder[@]}"
for shard in 0/2 1/2; do
  limelight contexts set captions --cue tone --cue "camera focus" --shard $shard \
    --context-model models/internvl --text-model models/t5 "${encoder[@]}"
done
limelight contexts set words --text-model hashed "${encoder[@]}"

small=(--channels 4 --batch 2 --seconds 2 --workers 0 --cpu --threads 1)
networks=(--tagger models/ast --embedder models/pe-av)

road() {  # NAME PRESET and what belongs to its context
  local name=$1 preset=$2; shift 2
  step "$name: training is stopped by Ctrl-C, loses nothing, and goes on"
  "$python" -m limelight train set --into "$name" --preset "$preset" "$@" "${small[@]}" --steps 10000 --log-every 1 \
    --quiet 2>"$name.log" &
  local running=$!
  for _ in $(seq 600); do [ -s "$name/log.jsonl" ] && [ "$(wc -l <"$name/log.jsonl")" -ge 2 ] && break; sleep 0.1; done
  kill -INT $running; local stopped=0; wait $running || stopped=$?
  [ "$stopped" = 130 ] || { cat "$name.log" >&2; fail "$name: Ctrl-C must give exit code 130, not $stopped"; }
  local done_steps
  done_steps=$("$python" -m research.runs.road_check steps "$name")
  limelight train set --into "$name" --preset "$preset" "$@" "${small[@]}" --steps $((done_steps + 2)) --log-every 1 --quiet
  step "$name: export, highlight a film, evaluate"
  limelight export "$name" -o "$name/$name.onnx" --seconds 2
  limelight highlight toy/films/estate.mkv -o "$name/estate.mkv" --model "$name/$name.onnx" "${told[@]}" --quiet
  limelight evaluate set --into "$name/evaluated" --models "$name/$name.onnx" --workers 1 --examples 0 --json \
    "${networks[@]}" --quiet 2>"$name/evaluate.log" >"$name/evaluated.json" || { cat "$name/evaluate.log" >&2; exit 1; }
  "$python" -m research.runs.road_check evaluated "$name" "$name/evaluated.json"
}

together() {  # the same, beside the others; what it said is shown where it breaks
  road "$@" >"$1.road" 2>&1 & roads+=("$1:$!")
}

step "visah, visah-text and semmix, side by side: stopped training, export, highlight, evaluate; and an ablation"
roads=()
told=(--context-model models/clip --device cpu --offline)
together visah visah --context clip
told=(--context-model models/internvl --text-model models/t5 --device cpu --offline)
together visah-text visah-text --context captions
together semmix semmix --context captions --cue tone
limelight ablate set --into ablation --only none --only many-frames-L3 --only 'many-captions-general-L0' \
  --only 'many-captions-focused-tone-L3' "${small[@]}" --steps 1 --count 1 "${networks[@]}" --quiet >ablation.md 2>ablation.road &
roads+=("ablation:$!")
for one in "${roads[@]}"; do wait "${one#*:}" || { cat "${one%%:*}.road" >&2; fail "${one%%:*}"; }; done

"$python" -m research.runs.road_check ablation ablation.md
step "the road is whole"
