#!/bin/sh
# Proves the torch backend on the machine that it is copied to, made by `node infra/gpu/bundle.mjs FOLDER` (see
# docs/results/gpu.md). Needs a C++ compiler, Python's torch and Node: $NODE, else ./node, else ./node.gz, else the one on PATH.
#
#   sh check.sh correct              # what it computes: at most 5 minutes
#   sh check.sh speed                # how fast, beside PyTorch: at most 5 minutes, the most important first
#   sh check.sh PART...              # some parts of either
#
# Each part is a process of its own and has its line in results.jsonl before the next one starts. One that runs out of
# its time, or for which none is left, says so, and the others still run. $SLOWER stretches all times, on a slow machine.
# Exit code 0 when every part is as it should be, 1 otherwise.
cd "$(dirname "$0")" || exit 1
if [ -z "$NODE" ]; then
  [ -f node.gz ] && [ ! -x node ] && gzip -dc node.gz >node && chmod +x node
  if [ -x ./node ]; then NODE=./node; else NODE=node; fi
fi
results=results.jsonl
: >"$results"

# Seconds for a part; a group's together are at most 300, and what a part leaves is there for the last ones.
limit_of() {
  case $1 in
    build) echo 110 ;;
    gradients | memory | *-compiled) echo 50 ;;
    schemas | resnet50-*) echo 40 ;;
    *) echo 25 ;;
  esac
}

case $* in
  correct) parts="build kernels replay gradients memory precision sgd-step endurance schemas" ;;
  speed)
    parts="build"
    for peer in ours eager compiled; do
      for network in resnet18 resnet20 resnet50; do parts="$parts $network-$peer"; done
    done
    parts="$parts step"
    ;;
  "") echo "usage: sh check.sh correct | speed | PART..." >&2 && exit 2 ;;
  *) parts=$* ;;
esac

slower=${SLOWER:-1}
deadline=$(($(date +%s) + 300 * slower))
status=0
for part in $parts; do
  limit=$(($(limit_of "$part") * slower))
  left=$((deadline - $(date +%s)))
  [ "$left" -lt "$limit" ] && limit=$left
  line=
  [ "$limit" -gt 0 ] && line=$(timeout -k 5 "$limit" "$NODE" dist/check.mjs "$part" 2>stderr.txt | tail -n 1)
  case $line in
    "{\"part\":\"$part\",\"ok\":true"*) ;;
    "{\"part\":"*) status=1 ;;
    *)
      status=1
      if [ "$limit" -gt 0 ]; then
        why="there is no result after at most $limit s: see stderr-$part.txt"
        mv stderr.txt "stderr-$part.txt"
      else
        why="not run: no time is left"
      fi
      line="{\"part\":\"$part\",\"ok\":false,\"error\":\"$why\"}"
      ;;
  esac
  echo "$line" | tee -a "$results"
done
exit $status
