#!/usr/bin/env bash
# The papers' tables, each by one command: at toy size here, at full size on a set of your own.
#     runs/tables.sh TABLE [FOLDER]              toy size: painted seconds, tiny networks of random weights, nothing is fetched
#     SET=set/ runs/tables.sh TABLE [FOLDER]     full size: the papers' recipe on a built set (docs/papers.md has hours and memory)
# TABLE   main         five metrics: input, controls, baselines, visah, semmix
#         difficulty   the same by difficulty (6, 9, 12 dB)
#         context      none, one frame, ten frames, one caption, ten captions
#         depth        L of 0, 3, 5 and 6, for frames and for captions
#         cues         six cues in two styles of question
# Nothing but the table goes to stdout. Run it again after a stop, it goes on. PYTHON=… names the interpreter.
set -euo pipefail
table=${1:?which table: main, difficulty, context, depth or cues}
case $table in main | difficulty | context | depth | cues) ;; *)
  printf 'no table %s; main, difficulty, context, depth or cues\n' "$table" >&2; exit 2 ;;
esac
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
python=${PYTHON:-python}
case $python in /*) ;; */*) python=$(cd "$(dirname "$python")" && pwd)/$(basename "$python") ;; esac
[ -z "${SET:-}" ] || SET=$(cd "$SET" && pwd)
into=${2:-tables} && mkdir -p "$into" && cd "$into"
export PYTHONPATH="$root/src:$root${PYTHONPATH:+:$PYTHONPATH}"
limelight() { "$python" -m "${program:-limelight}" "$@"; }

toy() {  # films, networks, a set with every context; made once
  export OMP_NUM_THREADS=1 HF_HUB_OFFLINE=1 XDG_CACHE_HOME="$PWD/cache"
  program=research.runs.toy_limelight
  size=(--channels 4 --batch 2 --seconds 2 --workers 0 --cpu --threads 1) steps=(--steps 2) count=(--count 1) clip=2
  networks=(--tagger models/ast --embedder models/pe-av) baselines=(--channels 4)
  set_=set
  case $table in main | difficulty) count=(--count 2) ;; esac  # of two difficulties
  [ ! -e set/.ready ] || return 0
  "$python" -m research.runs.toy_films toy
  "$python" -m research.runs.toy_models models >models.log 2>&1 || { cat models.log >&2; exit 1; }
  limelight muddy build toy/films -o set --recipe released --level mixed --limit input --separator stems:toy/stems --seconds 2 \
    --frames --about toy/splits.csv --keep-trivial --workers 1 --quiet || [ $? = 7 ]  # one film is too short, on purpose
  local asked=(--context-model models/internvl --text-model models/t5 --device cpu --offline --quiet)
  limelight contexts set clip --context-model models/clip --device cpu --offline --quiet
  limelight contexts set captions --prompts general "${asked[@]}"
  for style in minimal focused; do limelight contexts set captions --prompts $style --cue all "${asked[@]}"; done
  touch set/.ready
}

full() {  # the papers' recipe; the contexts that the table needs, what is there is not made again
  set_=$SET clip=10 count=(--count "${COUNT:-1789}") baselines=()
  size=(--batch 24 --seconds 10 --loss log --precision "${PRECISION:-no}" --accumulate "${ACCUMULATE:-1}" --workers 8)
  [ -z "${RECOMPUTE:-}" ] || size+=(--recompute)
  steps=(--epochs "${EPOCHS:-200}") networks=(--tagger passt --embedder "${EMBEDDER:-imagebind}")
  case $table in
    cues) for style in minimal focused; do limelight contexts "$set_" captions --prompts $style --cue all; done ;;
    main | difficulty) limelight contexts "$set_" captions --cue "camera focus" ;;
    *) limelight contexts "$set_" captions --prompts general ;;
  esac
  [ "$table" = cues ] || limelight contexts "$set_" clip
}

trained() {  # NAME and how it is trained, which goes before what holds for all: an exported network
  local name=$1; shift
  limelight train "$set_" --into "$name" "${size[@]}" "${steps[@]}" "$@" --quiet
  limelight export "$name" -o "$name.onnx" --seconds $clip
}

main_table() {
  trained visah --preset visah --context clip
  trained semmix --preset semmix --context captions --cue "camera focus"
  trained learn2remix --preset learn2remix --loss joint "${baselines[@]}"
  trained lce --preset lce --context captions "${baselines[@]}"
  limelight evaluate "$set_" --into evaluated --models "${LEVELLED:-separate-and-level-film},learn2remix.onnx,lce.onnx,visah.onnx,semmix.onnx" \
    "${count[@]}" --examples 0 "${networks[@]}" --quiet
}

ablation() {  # the variants' patterns
  local patterns=(); for pattern in "$@"; do patterns+=(--only "$pattern"); done
  limelight ablate "$set_" --into "$table" "${patterns[@]}" "${size[@]}" "${steps[@]}" "${count[@]}" "${networks[@]}" --quiet
}

if [ -n "${SET:-}" ]; then full; else toy; fi >&2
case $table in
  main) main_table >&2; awk 'BEGIN {on = 1} /^## / {on = !/^## By /} on' evaluated/results.md ;;
  difficulty)
    main_table >&2
    found=$(awk '/^## / {on = /^## By difficulty/} on' evaluated/results.md)
    [ -n "$found" ] || { printf 'all clips are of one difficulty; build the set with --level mixed\n' >&2; exit 3; }
    printf '%s\n' "$found" ;;
  context) ablation none one-frame-L3 many-frames-L3 one-caption-general-L6 many-captions-general-L6 ;;
  depth) ablation 'many-frames-L*' 'many-captions-general-L*' ;;
  cues) ablation none 'many-captions-minimal-*-L3' 'many-captions-focused-*-L3' ;;
esac
