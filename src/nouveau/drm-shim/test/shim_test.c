/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Runs with the library preloaded, as a program that knows nothing of it. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <drm-uapi/nouveau_drm.h>

#define NR(nr, type)    _IOC(_IOC_READ | _IOC_WRITE, 'd', nr, sizeof(type))
#define IOCTL_VERSION   NR(0x00, struct drm_version)
#define IOCTL_GEM_CLOSE NR(0x09, struct drm_gem_close)
#define IOCTL_GETPARAM                                                         \
   NR(0x40 + DRM_NOUVEAU_GETPARAM, struct drm_nouveau_getparam)
#define IOCTL_GEM_NEW NR(0x40 + DRM_NOUVEAU_GEM_NEW, struct drm_nouveau_gem_new)

static char node[64], device[96]; /* found by the first test */

/* ---- what is there ---- */

static unsigned
count_threads(void)
{
   unsigned n = 0;
   DIR *dir = opendir("/proc/self/task");
   while (dir && readdir(dir))
      n++;
   closedir(dir);
   return n - 2;
}

static void
find_node(void **state)
{
   DIR *dir = opendir("/dev/dri");
   assert_non_null(dir);
   struct dirent *e;
   while ((e = readdir(dir))) {
      struct stat st;
      char path[300], value[64] = "";
      if (strncmp(e->d_name, "renderD", 7))
         continue;
      assert_int_equal(e->d_type, DT_CHR);
      snprintf(path, sizeof(path), "/dev/dri/%s", e->d_name);
      assert_int_equal(stat(path, &st), 0);
      assert_true(S_ISCHR(st.st_mode));
      assert_int_equal(major(st.st_rdev), 226);
      snprintf(device, sizeof(device), "/sys/dev/char/%u:%u/device",
               major(st.st_rdev), minor(st.st_rdev));
      snprintf(node, sizeof(node), "/dev/dri/%.40s", e->d_name);
      snprintf(path, sizeof(path), "%s/driver", device);
      ssize_t n = readlink(path, value, sizeof(value) - 1);
      if (n > 0 && !strcmp(strrchr(value, '/'), "/nouveau"))
         break;
   }
   closedir(dir);
   assert_non_null(e);
   assert_int_equal(count_threads(), 1); /* looking makes no card */
   assert_int_equal(access(node, R_OK | W_OK), 0);
   assert_int_equal(access(node, X_OK), -1);
   assert_int_equal(errno, EACCES);
}

static void
read_sysfs(void **state)
{
   char path[200], line[64] = "", real[PATH_MAX];
   snprintf(path, sizeof(path), "%s/vendor", device);
   FILE *f = fopen(path, "r");
   assert_non_null(f);
   assert_non_null(fgets(line, sizeof(line), f));
   fclose(f);
   assert_string_equal(line, "0x10de\n");
   int fd = open(path, O_RDONLY);
   struct stat st;
   assert_int_equal(fstat(fd, &st), 0);
   assert_int_equal(read(fd, line, sizeof(line)), st.st_size);
   assert_int_equal(close(fd), 0);
   assert_int_equal(open(path, O_RDWR), -1);
   assert_int_equal(errno, EACCES);

   snprintf(path, sizeof(path), "%s/subsystem", device);
   assert_non_null(realpath(path, real));
   assert_string_equal(real, "/sys/bus/pci");
   assert_int_equal(lstat(path, &st), 0);
   assert_true(S_ISLNK(st.st_mode));
   snprintf(path, sizeof(path), "%s/drm/../drm/%s/dev", device,
            strrchr(node, '/') + 1);
   assert_int_equal(stat(path, &st), 0);
   assert_true(S_ISREG(st.st_mode));
   snprintf(path, sizeof(path), "%s/no such", device);
   assert_int_equal(stat(path, &st), -1);
   assert_int_equal(errno, ENOENT);
}

static void
list_by_descriptor(void **state)
{
   char path[200];
   unsigned names = 0;
   snprintf(path, sizeof(path), "%s/drm", device);
   int fd = open(path, O_RDONLY | O_DIRECTORY);
   assert_true(fd >= 0);
   struct stat st;
   assert_int_equal(fstat(fd, &st), 0);
   assert_true(S_ISDIR(st.st_mode));
   int dev = openat(fd, strrchr(node, '/') + 1, O_RDONLY | O_DIRECTORY);
   assert_true(dev >= 0);
   assert_int_equal(faccessat(dev, "uevent", R_OK, 0), 0);
   close(dev);
   DIR *dir = fdopendir(fd);
   struct dirent *e;
   while ((e = readdir(dir)))
      if (e->d_name[0] != '.')
         names++;
   assert_int_equal(names, 1);
   rewinddir(dir);
   assert_string_equal(readdir(dir)->d_name, ".");
   assert_string_equal(readdir(dir)->d_name, "..");
   long place = telldir(dir);
   assert_string_equal(readdir(dir)->d_name, strrchr(node, '/') + 1);
   assert_null(readdir(dir));
   seekdir(dir, place);
   assert_string_equal(readdir(dir)->d_name, strrchr(node, '/') + 1);
   assert_int_equal(closedir(dir), 0);
   assert_int_equal(fstat(fd, &st), -1);
}

static int
is_render_node(const struct dirent *e)
{
   return !strncmp(e->d_name, "renderD", 7);
}

static void
scan(void **state)
{
   struct dirent **list;
   int dev = open("/dev", O_RDONLY | O_DIRECTORY);
   for (unsigned i = 0; i < 2; i++) {
      int n = i ? scandirat(dev, "dri", &list, is_render_node, alphasort)
                : scandir("/dev/dri", &list, is_render_node, alphasort);
      assert_true(n >= 1);
      for (int k = 1; k < n; k++)
         assert_true(strcmp(list[k - 1]->d_name, list[k]->d_name) < 0);
      assert_int_equal(list[n - 1]->d_type, DT_CHR);
      while (n)
         free(list[--n]);
      free(list);
   }
   close(dev);
   assert_int_equal(scandir("/dev/dri/none", &list, NULL, NULL), -1);
   assert_int_equal(errno, ENOENT);
}

static bool
is_node(int fd)
{
   struct stat st, want;
   stat(node, &want);
   bool is = fd >= 0 && !fstat(fd, &st) && st.st_rdev == want.st_rdev;
   close(fd);
   return is;
}

/* From working directories and descriptors near the node and far from it. */
static void
relative_paths(void **state)
{
   char cwd[PATH_MAX], name[80];
   struct stat st;
   assert_non_null(getcwd(cwd, sizeof(cwd)));
   assert_int_equal(open(node + 1, O_RDWR), -1); /* "dev/dri/..." */
   assert_int_equal(chdir("/"), 0);
   assert_true(is_node(open(node + 1, O_RDWR)));
   assert_int_equal(chdir("/dev"), 0);
   assert_true(is_node(open(node + strlen("/dev/"), O_RDWR)));
   snprintf(name, sizeof(name), "../%.70s", node + 1);
   assert_true(is_node(open(name, O_RDWR)));
   assert_int_equal(stat("dri", &st), 0);
   assert_int_equal(chdir("/tmp"), 0);
   assert_true(is_node(open(name, O_RDWR)));
   assert_int_equal(stat("dri", &st), -1);
   assert_int_equal(chdir(cwd), 0);

   int root = open("/", O_RDONLY | O_DIRECTORY);
   DIR *dev = opendir("/dev");
   assert_true(is_node(openat(root, node + 1, O_RDWR)));
   assert_true(is_node(openat(dirfd(dev), node + strlen("/dev/"), O_RDWR)));
   assert_int_equal(fstatat(dirfd(dev), "dri", &st, 0), 0);
   int copy = dup(dirfd(dev));
   assert_int_equal(closedir(dev), 0);
   assert_int_equal(faccessat(copy, "dri", R_OK, 0), 0);
   assert_int_equal(close(copy), 0);
   assert_int_equal(close(root), 0);
   root = open("/tmp", O_RDONLY | O_DIRECTORY); /* a number as before */
   assert_int_equal(openat(root, node + 1, O_RDWR), -1);
   close(root);
}

/* By path and by descriptor the same file, which nobody can write to. */
static void
files(void **state)
{
   char path[200], line[64];
   struct stat by_path, by_fd;
   struct statx more;
   snprintf(path, sizeof(path), "%s/vendor", device);
   int fd = open(path, O_RDONLY);
   assert_int_equal(stat(path, &by_path), 0);
   assert_int_equal(fstat(fd, &by_fd), 0);
   assert_int_equal(by_path.st_ino, by_fd.st_ino);
   assert_int_equal(by_path.st_mode, by_fd.st_mode);
   assert_int_equal(statx(fd, "", AT_EMPTY_PATH, STATX_ALL, &more), 0);
   assert_int_equal(more.stx_ino, by_path.st_ino);
   assert_int_equal(write(fd, "x", 1), -1);
   assert_int_equal(errno, EBADF);
   assert_int_equal(pread(fd, line, sizeof(line), 2), by_fd.st_size - 2);
   assert_memory_equal(line, "10de\n", 5);
   closefrom(fd);
   assert_int_equal(fstat(fd, &by_fd), -1);
   assert_int_equal(open("/dev/null", O_RDWR), fd);
   assert_int_equal(fstat(fd, &by_fd), 0);
   assert_int_not_equal(by_fd.st_ino, by_path.st_ino);
   close(fd);
   snprintf(path, sizeof(path), "%s/config", device);
   fd = open(path, O_RDONLY);
   assert_int_equal(read(fd, line, sizeof(line)), 64);
   assert_memory_equal(line, "\xde\x10", 2);
   close(fd);
}

/* ---- the card ---- */

static uint64_t
getparam(int fd, uint64_t param)
{
   struct drm_nouveau_getparam a = {.param = param};
   return ioctl(fd, IOCTL_GETPARAM, &a) ? 0 : a.value;
}

static void
talk(void **state)
{
   char name[16] = "";
   struct drm_version v = {.name = name, .name_len = sizeof(name)};
   struct stat st;
   int fd = open(node, O_RDWR | O_CLOEXEC);
   assert_true(fd >= 0);
   assert_int_equal(ioctl(fd, IOCTL_VERSION, &v), 0);
   assert_string_equal(name, "nouveau");
   assert_int_equal(getparam(fd, NOUVEAU_GETPARAM_PCI_VENDOR), 0x10de);
   assert_int_equal(fstat(fd, &st), 0);
   assert_true(S_ISCHR(st.st_mode));
   assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
   struct drm_gem_close gone = {.handle = 999};
   assert_int_equal(ioctl(fd, IOCTL_GEM_CLOSE, &gone), -1);
   assert_int_equal(errno, EINVAL);
   assert_int_equal(close(fd), 0);
   assert_int_equal(ioctl(fd, IOCTL_VERSION, &v), -1);
   assert_int_equal(errno, EBADF);
}

static struct drm_nouveau_gem_new
new_buffer(int fd, uint64_t size_B)
{
   struct drm_nouveau_gem_new a = {
      .info = {.domain = NOUVEAU_GEM_DOMAIN_GART | NOUVEAU_GEM_DOMAIN_MAPPABLE,
               .size = size_B}};
   assert_int_equal(ioctl(fd, IOCTL_GEM_NEW, &a), 0);
   return a;
}

/* Copies of a descriptor are one file; two opens are two. */
static void
copies(void **state)
{
   int fd = open(node, O_RDWR), other = open(node, O_RDWR);
   uint32_t handle = new_buffer(fd, 4096).info.handle;
   int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0), third = dup(copy);
   assert_int_equal(dup2(third, 100), 100);
   close(fd);
   close(copy);
   close(third);
   struct drm_gem_close a = {.handle = handle};
   assert_int_equal(ioctl(other, IOCTL_GEM_CLOSE, &a), -1);
   assert_int_equal(ioctl(100, IOCTL_GEM_CLOSE, &a), 0);
   assert_int_equal(dup2(0, 100), 100); /* was the last copy */
   assert_int_equal(getparam(100, NOUVEAU_GETPARAM_PCI_VENDOR), 0);
   close(100);
   close(other);
}

static void
map(void **state)
{
   int fd = open(node, O_RDWR);
   struct drm_nouveau_gem_new a = new_buffer(fd, 16384);
   uint32_t *p = mmap(NULL, 16384, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
                      a.info.map_handle);
   uint32_t *q =
      mmap(NULL, 16384, PROT_READ, MAP_SHARED, fd, a.info.map_handle);
   assert_ptr_not_equal(p, MAP_FAILED);
   assert_ptr_not_equal(q, MAP_FAILED);
   assert_int_equal(p[4000], 0);
   p[4000] = 42;
   assert_int_equal(q[4000], 42);
   assert_int_equal(munmap(p, 16384), 0);
   close(fd);
   assert_int_equal(q[4000], 42); /* a mapping holds its buffer */
   assert_int_equal(munmap(q, 16384), 0);
   void *bad = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
   assert_ptr_equal(bad, MAP_FAILED);
}

/* A node without events: nothing to read, now or ever. */
static void
nothing_to_read(void **state)
{
   char path[32], target[80] = "", event_buf[1024];
   int fd = open(node, O_RDWR | O_NONBLOCK), watch = epoll_create1(0);
   struct pollfd p = {.fd = fd, .events = POLLIN | POLLOUT};
   struct timespec soon = {.tv_nsec = 1000000};
   struct epoll_event event = {.events = EPOLLIN};
   fd_set in;
   assert_int_equal(poll(&p, 1, 1), 0);
   assert_int_equal(ppoll(&p, 1, &soon, NULL), 0);
   FD_ZERO(&in);
   FD_SET(fd, &in);
   assert_int_equal(
      select(fd + 1, &in, NULL, NULL, &(struct timeval){.tv_usec = 1000}), 0);
   assert_int_equal(epoll_ctl(watch, EPOLL_CTL_ADD, fd, &event), 0);
   assert_int_equal(epoll_wait(watch, &event, 1, 1), 0);
   assert_int_equal(read(fd, event_buf, sizeof(event_buf)), -1);
   assert_int_equal(errno, EAGAIN);
   assert_int_equal(write(fd, event_buf, 1), -1);
   assert_int_equal(errno, EINVAL);
   snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
   assert_int_equal(readlink(path, target, sizeof(target)), strlen(node));
   assert_string_equal(target, node);
   close(watch);
   close(fd);
}

/* The child has no part in the parent's card, and gets one of its own. */
static void
in_child(void **state)
{
   int fd = open(node, O_RDWR), status;
   struct drm_nouveau_getparam a = {.param = NOUVEAU_GETPARAM_CHIPSET_ID};
   pid_t pid = fork();
   if (!pid) {
      int ok = ioctl(fd, IOCTL_GETPARAM, &a) == -1 && errno == ENODEV;
      close(fd);
      fd = open(node, O_RDWR);
      ok &= fd >= 0 && getparam(fd, NOUVEAU_GETPARAM_CHIPSET_ID) != 0;
      _exit(ok ? 0 : 1);
   }
   assert_int_equal(waitpid(pid, &status, 0), pid);
   assert_int_equal(status, 0);
   assert_int_not_equal(getparam(fd, NOUVEAU_GETPARAM_CHIPSET_ID), 0);
   close(fd);
}

static void
after_vfork(void **state)
{
   int fd = open(node, O_RDWR), status;
   pid_t pid = vfork();
   if (!pid) {
      execl("/bin/true", "true", NULL);
      _exit(1);
   }
   assert_int_equal(waitpid(pid, &status, 0), pid);
   assert_int_equal(status, 0);
   assert_int_not_equal(getparam(fd, NOUVEAU_GETPARAM_CHIPSET_ID), 0);
   close(fd);
}

/* ---- many at once ---- */

static void *
open_and_close(void *arg)
{
   for (unsigned i = 0; i < 200; i++) {
      int fd = open(node, O_RDWR | O_CLOEXEC);
      int copy = dup(fd);
      struct drm_nouveau_gem_new a = {
         .info = {.domain = NOUVEAU_GEM_DOMAIN_GART, .size = 4096}};
      if (fd < 0 || copy < 0 || close(fd) || ioctl(copy, IOCTL_GEM_NEW, &a) ||
          close(copy))
         return "failed";
      DIR *dir = opendir("/dev/dri");
      if (!dir || !readdir(dir) || closedir(dir))
         return "failed";
   }
   return NULL;
}

static void
threads(void **state)
{
   pthread_t t[4];
   for (unsigned i = 0; i < 4; i++)
      pthread_create(&t[i], NULL, open_and_close, NULL);
   for (unsigned i = 0; i < 4; i++) {
      void *failed;
      pthread_join(t[i], &failed);
      assert_null(failed);
   }
}

/* What is not the card's is as always. */
static void
the_rest(void **state)
{
   char name[] = "/tmp/shim-test-XXXXXX", buf[8] = "";
   struct stat st;
   int fd = mkstemp(name);
   assert_int_equal(write(fd, "abc", 4), 4);
   char *p = mmap(NULL, 4, PROT_READ, MAP_SHARED, fd, 0);
   assert_string_equal(p, "abc");
   assert_int_equal(munmap(p, 4), 0);
   assert_int_equal(close(fd), 0);
   FILE *f = fopen(name, "r");
   assert_int_equal(fread(buf, 1, 4, f), 4);
   assert_int_equal(fclose(f), 0);
   assert_int_equal(stat(name, &st), 0);
   assert_int_equal(st.st_size, 4);
   assert_int_equal(unlink(name), 0);
   assert_int_equal(open(name, O_RDONLY), -1);
   assert_int_equal(errno, ENOENT);
   fd = open("/tmp", O_TMPFILE | O_RDWR, 0600);
   assert_true(fd >= 0 || errno == EOPNOTSUPP);
   if (fd >= 0) {
      assert_int_equal(fstat(fd, &st), 0);
      assert_int_equal(st.st_mode & 0777, 0600);
      close(fd);
   }
}

int
main(void)
{
   if (!getenv("LD_PRELOAD")) {
      printf("skipped: the library is not preloaded\n");
      return 77;
   }
   static const struct CMUnitTest tests[] = {
      cmocka_unit_test(find_node),
      cmocka_unit_test(read_sysfs),
      cmocka_unit_test(list_by_descriptor),
      cmocka_unit_test(scan),
      cmocka_unit_test(relative_paths),
      cmocka_unit_test(files),
      cmocka_unit_test(talk),
      cmocka_unit_test(copies),
      cmocka_unit_test(map),
      cmocka_unit_test(nothing_to_read),
      cmocka_unit_test(in_child),
      cmocka_unit_test(after_vfork),
      cmocka_unit_test(threads),
      cmocka_unit_test(the_rest),
   };
   return cmocka_run_group_tests(tests, NULL, NULL);
}
