#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Runs whole programs and looks at what they print. run.sh CASE BUILD_DIR SOURCE_DIR
set -euo pipefail
build=$2 source=$3
pkgrank=$build/examples/pkgrank/pkgrank
data=$source/tests/programs/status
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

# expect FILE PATTERN: a line of FILE matches.
expect() {
   grep -qE -- "$2" "$1" || { echo "no line matches: $2"; cat "$1"; exit 1; }
}

run() {
   timeout 100 "$@" >"$out/stdout" 2>"$out/stderr" ||
      { echo "$* failed with $?"; cat "$out/stdout" "$out/stderr"; exit 1; }
}

check_table() {
   expect "$out/stdout" 'device: NVIDIA GeForce GTX 1080 \(GP104, simulated\)'
   expect "$out/stdout" '1\.  *libgcc '
   expect "$out/stdout" '^From editor, packages by depth: 1 2 2 1 \(6 reached\)'
   expect "$out/stdout" 'check: the CPU agrees on all 8 packages'
}

case $1 in
clinfo)
   # Debian's clinfo cannot load a library that wants a sanitizer's runtime first.
   if ldd "$build/src/gallium/targets/opencl/libPartageOpenCL.so" | grep -q libasan; then
      echo "sanitized build"
      exit 77
   fi
   run clinfo
   expect "$out/stdout" 'Platform Name +partage'
   expect "$out/stdout" 'Device Name +NVIDIA GeForce GTX 1080 \(GP104, simulated\)'
   expect "$out/stdout" 'Device Version +OpenCL 3.0'
   expect "$out/stdout" 'Device Type +GPU'
   expect "$out/stdout" 'Fine-grained system sharing +Yes'
   expect "$out/stdout" 'Max compute units +20'
   expect "$out/stdout" 'Image support +No'
   if grep -nE 'error|CL_[A-Z_]+ error' "$out/stdout" | grep -v 'Error correction'; then exit 1; fi
   ;;
pkgrank)
   run "$pkgrank" --input "$data"
   check_table
   expect "$out/stdout" 'GPU page faults: [1-9]'
   expect "$out/stdout" 'pages moved: [1-9][0-9]* to the GPU'
   for memory in coarse fine; do
      run "$pkgrank" --input "$data" --memory "$memory"
      check_table
   done
   for policy in never fault prefetch; do
      run "$pkgrank" --input "$data" --migrate "$policy"
      check_table
   done
   run "$pkgrank" --input "$data" --memory fine --migrate hint
   expect "$out/stdout" 'pages moved: [1-9][0-9]* to the GPU'
   run "$pkgrank"
   expect "$out/stdout" 'check: the CPU agrees'
   ;;
pkgrank-errors)
   ! "$pkgrank" --input /nonexistent 2>"$out/stderr" || exit 1
   expect "$out/stderr" 'nonexistent: No such file'
   ! "$pkgrank" --input "$data" --root nosuch 2>"$out/stderr" >/dev/null || exit 1
   expect "$out/stderr" "no package 'nosuch'"
   ! "$pkgrank" --memory bad 2>"$out/stderr" || exit 1
   expect "$out/stderr" "memory does not know 'bad'"
   : >"$out/empty"
   ! "$pkgrank" --input "$out/empty" 2>"$out/stderr" >/dev/null || exit 1
   expect "$out/stderr" 'no package found'
   ;;
pkgrank-nosvm)
   # A stock kernel: no system SVM, but buffers at the same address work.
   export KMD_DEBUG=nosvm
   for NOUVEAU_CALLS in pushbuf bind; do
      export NOUVEAU_CALLS
      run "$pkgrank" --input "$data" --memory fine
      check_table
      run "$pkgrank" --input "$data" --memory coarse
      check_table
   done
   ! "$pkgrank" --input "$data" 2>"$out/stderr" || exit 1
   expect "$out/stderr" 'no OpenCL device has the SVM'
   ;;
pkgrank-nobody)
   # An ordinary user: no userfaultfd for system calls.
   [ "$(id -u)" = 0 ] || { echo "not root: cannot become nobody"; exit 77; }
   chmod 755 "$out"
   nobody="setpriv --reuid=65534 --regid=65534 --clear-groups"
   $nobody test -x "$pkgrank" || { echo "nobody cannot read $build"; exit 77; }
   run $nobody env HOME="$out" "$pkgrank" --input "$data" --migrate fault
   check_table
   ;;
report)
   PARTAGE_REPORT=1 run "$pkgrank" --input "$data" --memory fine --migrate hint
   expect "$out/stderr" 'shared virtual memory report'
   expect "$out/stderr" 'clSVMAlloc'
   expect "$out/stderr" '[Tt]otal'
   PARTAGE_REPORT=1 run "$pkgrank" --input "$data" --migrate never
   expect "$out/stderr" '\[(heap|anonymous)\]' # a sanitizer's malloc is not the heap
   ;;
drm)
   # No render node here, or not a Pascal: a message, and the simulated card.
   NOUVEAU_WS=drm run "$pkgrank" --input "$data"
   [ -e /dev/dri/renderD128 ] || expect "$out/stderr" 'NOUVEAU_WS=drm: no render node'
   ;;
*)
   echo "unknown case $1"
   exit 2
   ;;
esac
