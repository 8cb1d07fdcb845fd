#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: The partage authors
# Programs that know nothing of us see two cards.
#   seen.sh libpartage-drm-shim.so
set -u
export NVSIM_CARDS=2 LC_ALL=C
LD_PRELOAD=$(realpath "$1") && export LD_PRELOAD
failed=0

# expect WANTED COMMAND…: its output, words apart by one space
expect() {
   local want=$1 got
   shift
   got=$("$@" 2>&1 | tr -s '[:space:]' ' ')
   [ "${got% }" = "$want" ] && return
   printf 'FAILED: %s\n   got:    %s\n   wanted: %s\n' "$*" "$got" "$want"
   failed=1
}

card=$(ls /dev/dri | grep render | tail -1)
minor=${card#renderD}
sys=/sys/dev/char/226:$minor
device=$(readlink -f $sys/device)
slot=$(basename "$device")
expect "crw-rw-rw- 226, $minor /dev/dri/$card" sh -c "ls -l /dev/dri/$card | awk '{print \$1, \$5, \$6, \$NF}'"
expect "$device" realpath $sys/device
expect "$card" ls "$device/drm"
expect "../../../$slot" readlink $sys/device
expect "$sys/ $sys/dev $sys/device $sys/subsystem $sys/uevent" sh -c "find $sys/ | sort"
expect "MAJOR=226 MINOR=$minor DEVNAME=dri/$card DEVTYPE=drm_minor" cat $sys/uevent
expect "0x10de" cat "/sys/bus/pci/devices/$slot/vendor"
expect "regular file 64" stat -c '%F %s' "$device/config"
expect "character special file e2 $(printf %x "$minor")" stat -c '%F %t %T' "/dev/dri/$card"
expect "nouveau" sh -c "basename \$(readlink $device/driver)"
expect "0x10de" sh -c "cp $device/vendor \$0 && cat \$0; rm -f \$0" "$(mktemp)"
expect "$card" sh -c "cd /dev && ls -d dri/$card | xargs basename"
expect "$card" bash -c "cd / && for f in dev/dri/render*; do echo \${f##*/}; done | tail -1"
expect "0x10de" sh -c "tar -C $device -cf - vendor | tar -xOf -"
expect "['by-path', 'renderD$((minor - 1))', '$card'] True $device True 226 $minor" python3 -c "
import glob, os
path = '/dev/dri/$card'
st = os.stat(path)
print(sorted(e.name for e in os.scandir('/dev/dri'))[-3:], path in glob.glob('/dev/dri/*'),
      os.path.realpath('$sys/device'), os.access(path, os.R_OK | os.W_OK),
      os.major(st.st_rdev), os.minor(st.st_rdev))"
expect "bus card" python3 -c "
import os
fd = os.open('/sys/class/drm', os.O_RDONLY | os.O_DIRECTORY)
print('bus' if '/bus/pci' in os.path.realpath('$device/subsystem') else '-',
      'card' if '$card' in os.listdir(fd) else '-')"
exit $failed
