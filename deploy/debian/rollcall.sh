#!/bin/sh
# Starts rollcall with the Node that it brings, and with what keeps its memory small (docs/operations.md).
export MALLOC_ARENA_MAX="${MALLOC_ARENA_MAX:-2}" MALLOC_MMAP_THRESHOLD_="${MALLOC_MMAP_THRESHOLD_:-131072}"
exec /usr/lib/rollcall/node --max-semi-space-size=8 /usr/lib/rollcall/bin/rollcall.js "$@"
