#!/usr/bin/env bash
# Measures detectors without a classifier on every set of a folder: trains one a set and seed, unless it is there, and
# evaluates it. Run again, it goes on where it was stopped. PROFILE is auto where it is not set.
#
#   [PROFILE=views] docs/results/none.sh bin/semirest ../shared/data OUT [SEEDS...]
set -euo pipefail
program=$1 data=$2 out=$3
shift 3
[ $# -gt 0 ] || set -- 0 1 2
mkdir -p "$out"
for seed in "$@"; do
  for set in mvtec_bottle cookie mvtec_leather_few mvtec_transistor aitex_03 crackforest_tiles mtd; do
    stem=$out/$set-$seed
    [ -f "$stem.safetensors" ] || "$program" train --data "$data/$set" --supervision none --profile "${PROFILE:-auto}" --seed "$seed" --threads 1 --out "$stem.safetensors" >/dev/null
    [ -f "$stem.json" ] || { "$program" eval --model "$stem.safetensors" --data "$data/$set" --threads 1 --json >"$stem.part" && mv "$stem.part" "$stem.json"; }
    echo "$set, seed $seed: $(sed -n '/"images"/q; s/[", ]//gp' "$stem.json" | grep : | tr '\n' ' ')"
  done
done
