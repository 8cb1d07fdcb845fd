#!/bin/sh
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: The partage authors
# Runs a program whose NVSIM_DEBUG=strict or race reports shall count as failures.
#    tests/strictly.sh PROGRAM [ARGUMENT ...]
log=$(mktemp)
trap 'rm -f "$log"' EXIT
status=0
"$@" 2> "$log" || status=$?
cat "$log" >&2
if grep -qE 'nvsim: (strict|race):' "$log"; then
   echo "the simulated card reported broken rules or races" >&2
   exit 1
fi
exit $status
