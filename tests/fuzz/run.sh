#!/bin/sh
# One fuzz program on its seeds: run.sh NAME PROGRAM SEEDS [FLAGS]. A fresh corpus and one seed, so that a red run can
# be repeated. To hunt for longer, run the program with other numbers.
name=$1 program=$2 seeds=$3
shift 3
rm -rf "$name.corpus" && mkdir "$name.corpus"
"$program" -seed=1 -max_len=2000 "$@" "$name.corpus" "$seeds" >"$name.log" 2>&1 || { tail -n 60 "$name.log"; exit 1; }

# It began with all its seeds; an empty one would not count.
files=$(find "$seeds" -type f | wc -l)
test "$files" -gt 0 && grep "seed corpus: files: $files " "$name.log" && exit
echo "the $files seeds of $seeds were not read"
grep INFO "$name.log"
exit 1
