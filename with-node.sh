#!/bin/sh
# Runs a module of this checkout with Node 24: the one on PATH, or the one that setup.sh put into .tools.
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
PATH="$here/.tools/bin:$PATH"
export PATH
script=$1
shift
case "$script" in /*) ;; *) script="$here/$script" ;; esac
exec node "$script" "$@"
