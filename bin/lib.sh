# SPDX-License-Identifier: MIT
# Shared by bin/demo, bin/test and bin/bench: where things are, packages, build.
# shellcheck shell=bash
set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

say() { printf '\033[1m==>\033[0m %s\n' "$*" >&2; }
die() { printf 'partage: %s\n' "$*" >&2; exit 1; }

# Installs what bin/packages.debian names and the system lacks ("no-testing": without what
# only tests run). dpkg's database is asked first, so a second call costs some milliseconds.
ensure_packages() {
   command -v dpkg-query >/dev/null ||
      die "this script installs Debian packages; on other systems install what bin/packages.debian names and use meson directly (README.md)"
   local want missing
   want=$(sed -e 's/#.*//' "$top/bin/packages.debian" |
      awk -v skip="${1-}" 'NF && !(skip == "no-testing" && $2 == "testing:") {print $1}')
   # shellcheck disable=SC2086
   missing=$(comm -23 <(sort <<<"$want") \
      <(dpkg-query -W -f '${Status} ${Package}\n' $want 2>/dev/null |
         awk '$3 == "installed" {print $4}' | sort))
   [ -n "$missing" ] || return 0
   local sudo=()
   if [ "$(id -u)" != 0 ]; then
      command -v sudo >/dev/null || die "missing packages, and neither root nor sudo to install them. As root run:
  apt-get install --no-install-recommends $(tr '\n' ' ' <<<"$missing")"
      sudo=(sudo)
   fi
   say "installing Debian packages:" $missing
   "${sudo[@]}" apt-get update -qq || say "apt-get update failed; trying with the lists at hand"
   # --no-remove: a package that would remove another one is an error, not a surprise.
   # shellcheck disable=SC2086
   "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
      --no-install-recommends --no-remove $missing >/dev/null ||
      die "apt-get could not install: $(tr '\n' ' ' <<<"$missing")"
}

# configure DIR [meson options…]: only if DIR is not configured yet.
configure() {
   local dir=$1
   shift
   [ -f "$dir/build.ninja" ] || {
      say "configuring $(basename "$dir")"
      (cd "$top" && PATH=/usr/bin:$PATH meson setup "$dir" "$@" >"$dir.log" 2>&1) ||
         { cat "$dir.log" >&2; rm -rf "$dir"; die "meson setup failed"; }
      mv "$dir.log" "$dir/setup.log"
   }
}

# compile DIR [targets…]: quiet unless something is to be done or fails.
compile() {
   local dir=$1
   shift
   if [ -n "$(ninja -C "$dir" -n "$@" | grep -v -e '^ninja: Entering' -e 'no work to do')" ]; then
      say "building $(basename "$dir")"
      ninja -C "$dir" "$@" >"$dir/build.log" 2>&1 ||
         { grep -v '^\[' "$dir/build.log" | tail -n 60 >&2; die "build failed ($dir/build.log)"; }
   fi
}

# The environment in which OpenCL programs find the driver of build folder DIR and
# no other one.
use_driver_of() {
   export OCL_ICD_VENDORS="$1/src/gallium/targets/opencl/vendors"
}
