#!/bin/sh
# Starts rollcall with the Node that it brings, and with what keeps its memory small (docs/operations.md).
MALLOC_ARENA_MAX="${MALLOC_ARENA_MAX:-2}"
export MALLOC_ARENA_MAX
exec /usr/lib/rollcall/node --max-semi-space-size=8 /usr/lib/rollcall/bin/rollcall.js "$@"
