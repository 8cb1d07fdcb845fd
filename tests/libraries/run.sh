#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Builds a test of a C++ library as its user would, and runs it. run.sh FILE.cpp
# Not meson's business: the libraries are installed after bin/demo has configured the build.
set -euo pipefail
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

header=$(sed -n 's/^#include <\(\(viennacl\|boost\)[^>]*\)>/\1/p' "$1" | head -n 1)
echo "#include <$header>" | g++ -w -E -x c++ - >"$out/found" 2>/dev/null ||
   { echo "no $header here"; exit 77; }
# GCC warns of their code, which is not ours to change.
g++ -std=c++17 -O0 -w "$1" -o "$out/test" -lOpenCL
timeout 100 "$out/test"
