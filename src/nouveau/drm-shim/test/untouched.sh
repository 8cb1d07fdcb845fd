#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: The partage authors
# Programs that do not look for a card behave with the library as without it: the same output,
# the same exit status, the same files.
#   untouched.sh libpartage-drm-shim.so
set -u
library=$(realpath "$1")
top=$(mktemp -d)
trap 'rm -rf "$top"' EXIT
export LC_ALL=C GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null GIT_AUTHOR_DATE='2020-01-01 00:00:00 +0000'
export GIT_COMMITTER_DATE=$GIT_AUTHOR_DATE GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@example.org
export GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@example.org PYTHONDONTWRITEBYTECODE=1
failed=0

# compare NAME SCRIPT: bash runs it twice, each time in an empty directory of the same name
compare() {
   local way
   for way in without with; do
      mkdir -p "$top/work/files"
      (
         cd "$top/work/files" || exit
         [ $way = without ] || export LD_PRELOAD=$library
         bash -c "$2" >../output 2>../errors
         echo $? >../status
      )
      sed -i 's/ [0-9]* Killed/ Killed/' "$top/work/errors"
      mv "$top/work" "$top/$way"
   done
   if ! diff -r --no-dereference "$top/without" "$top/with" >"$top/differences" 2>&1; then
      printf 'FAILED: %s\n' "$1"
      head -20 "$top/differences"
      failed=1
   fi
   [ -s "$top/without/output" ] || { printf 'FAILED: %s says nothing\n' "$1"; failed=1; }
   rm -rf "$top/with" "$top/without"
}

compare files '
   mkdir -p a/b/c; ln -s b/c a/link; mkfifo pipe; echo text >a/b/file; cp -a a copy; mv copy/b copy/d
   chmod 640 a/b/file; touch -d 2001-02-03 a/b/file; find . -printf "%p %y %m %s %l\n" | sort
   cat a/b/file no-such-file; ls -R; readlink -f a/link; realpath a/../a/b; stat -c "%F %s %Y" a/b/file; rm -r a/b pipe; ls a'
compare descriptors '
   exec 7>out 8<&0; echo one >&7; exec 9>&7 7>&-; echo two >&9; exec 9>&-; cat out
   (ulimit -n 20; for i in $(seq 30); do exec {fd}</dev/null || break; done; echo "$i"); echo "${PIPESTATUS[@]}"; ls /proc/self/fd'
compare tar '
   mkdir d; for i in $(seq 40); do echo $i >d/f$i; done; tar --mtime=2020-01-01 --owner=0 --group=0 --sort=name -cf t.tar d
   sha256sum <t.tar; mkdir x; tar -C x -xf t.tar; diff -r d x/d; tar tf t.tar | wc -l; tar xf none.tar'
compare git '
   git init -q .; echo 1 >f; git add f; git commit -qm one; echo 2 >>f; git status --short; git diff; git log --format=%H%s
   git stash -q; git status; git fsck; rm -f .git/index'
compare errors '
   cat /dev/nosuch /sys/nosuch; ls /dev/dri/none; cd /sys/class/none; ls -d /; echo x >/sys/none; mkdir /dev/dri/x/y; echo $?'
compare devices '
   head -c 4 /dev/zero | od; stat -c "%F %t %T" /dev/null /dev/zero; cat </dev/null; echo gone >/dev/null; cat /sys/kernel/mm/transparent_hugepage/enabled
   cd /sys/kernel; ls mm; cd ..; ls kernel/mm; cd /dev; ls -l null | cut -c1-10; test -w null; echo $?; ls fd/0'
compare python '
cat >p.py <<END
import ctypes, fcntl, glob, mmap, os, select, shutil, signal, socket, subprocess, sys, tempfile, threading
a, b = socket.socketpair()
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen()
c = socket.create_connection(s.getsockname()); d, _ = s.accept(); c.sendall(b"net"); print(d.recv(9))
t = threading.Thread(target=lambda: a.sendall(b"x" * 70000)); t.start()
n = 0
while n < 70000: n += len(b.recv(4096))
t.join(); print(n, select.select([a], [], [], 0)[0])
r, w = os.pipe(); p = select.poll(); p.register(r, select.POLLIN); os.write(w, b"1"); print(len(p.poll(0)))
with open("m", "w+b") as f:
    f.truncate(8192); m = mmap.mmap(f.fileno(), 8192); m[4096:4100] = b"data"; m.flush(); f.seek(4096); print(f.read(4))
    g = fcntl.fcntl(f, fcntl.F_DUPFD_CLOEXEC, 50); print(g, os.fstat(g).st_size); os.dup2(g, 60); os.close(g); print(os.fstat(60).st_size)
m.close()
print(sorted(os.listdir(".")), sorted(glob.glob("*.py")), [e.is_file() for e in os.scandir(".")])
dd = os.open(".", os.O_RDONLY); print(os.stat("p.py", dir_fd=dd).st_size, sorted(os.listdir(dd)))
print([sorted(x[2]) for x in os.walk(".")], list(os.fwalk("."))[0][2] != [])
pid = os.fork()
if not pid: os._exit(7)
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
print(subprocess.run(["sh", "-c", "echo out; echo err >&2; exit 3"], capture_output=True, pass_fds=(dd,)).returncode)
print(subprocess.check_output(["cat", "/proc/self/comm"]), len(os.listdir("/proc/self/task")))
with tempfile.TemporaryDirectory(dir=".") as x: shutil.copytree(".", x + "/y", ignore=lambda *a: [os.path.basename(x)]); print(len(os.listdir(x)))
for bad in ("/dev/none", "/sys/none", "/none"):
    try: open(bad)
    except OSError as e: print(e)
os.close_range(50, 100) if hasattr(os, "close_range") else os.closerange(50, 100)
print(ctypes.CDLL(None).getpid() == os.getpid())
END
python3 p.py; rm p.py m'
compare exits 'bash -c "exit 5"; echo $?; bash -c "kill -9 \$\$"; echo $?; timeout 0.1 sleep 5; echo $?; env -i /bin/echo bare; sort <(seq 5 -1 1); false'
exit $failed
