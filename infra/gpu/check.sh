#!/bin/sh
# Proves the torch backend on the machine that it is copied to, made by `node infra/gpu/bundle.mjs FOLDER` (see
# docs/results/gpu.md). Needs a C++ compiler, Python's torch and Node: $NODE, else ./node, else the one on PATH.
#
#   sh check.sh [PART...]
#
# Each part is a process of its own and has its line in results.jsonl before the next one starts; all together take at
# most 8 minutes, times $SLOWER on a slow machine. Exit code 0 when every part is as it should be, 1 otherwise.
cd "$(dirname "$0")" || exit 1
if [ -z "$NODE" ]; then
  if [ -x ./node ]; then NODE=./node; else NODE=node; fi
fi
results=results.jsonl
: >"$results"

limit_of() {
  case $1 in # 480 seconds together
    build) limit=110 ;;
    schemas) limit=70 ;;
    memory | step | replay) limit=30 ;;
    gradients | throughput | endurance) limit=50 ;;
    *) limit=60 ;;
  esac
  echo $((limit * ${SLOWER:-1}))
}

status=0
for part in ${*:-build schemas memory gradients sgd-step step replay throughput endurance}; do
  line=$(timeout -k 5 "$(limit_of "$part")" "$NODE" dist/check.mjs "$part" 2>stderr.txt | tail -n 1)
  case $line in
    "{\"part\":\"$part\",\"ok\":true"*) ;;
    "{\"part\":"*) status=1 ;;
    *)
      status=1
      line="{\"part\":\"$part\",\"ok\":false,\"error\":\"there is no result after at most $(limit_of "$part") s: see stderr\"}"
      mv stderr.txt "stderr-$part.txt"
      ;;
  esac
  echo "$line" | tee -a "$results"
done
exit $status
