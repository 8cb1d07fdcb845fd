/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* The card lives from the first open to the end of the process, as a real one
 * outlives its files. A forked child does not inherit it: its threads stayed
 * behind. Inherited descriptors answer ENODEV there, and a new open makes the
 * child a card of its own. */
#include "shim_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "nouveau/kmd/kmd.h"
#include "util/util_log.h"
#include "util/util_svc.h"

static pthread_mutex_t create_lock = PTHREAD_MUTEX_INITIALIZER;
static struct kmd *_Atomic card;
static atomic_int owner; /* process of the card */

static void
forked_child(void)
{
   shim_files_orphan();
   card = NULL;
}

static int
create(struct kmd **kmd_out)
{
   static bool handler_registered;
   struct kmd_config config;
   kmd_config_from_env(&config);
   if (!getenv("KMD_COMPAT")) /* other people's drivers know Linux */
      config.compat = KMD_COMPAT_UPSTREAM;
   config.no_prime = true; /* its descriptors are no real ones */
   int ret = kmd_create(&config, kmd_out);
   if (ret) {
      util_err("drm-shim", "no simulated card: error %d", -ret);
      return ret;
   }
   if (!handler_registered)
      pthread_atfork(NULL, NULL, forked_child);
   handler_registered = true;
   return 0;
}

static int
get_card(struct kmd **kmd_out)
{
   int ret = 0;
   struct kmd *kmd = card;
   if (!kmd) {
      pthread_mutex_lock(&create_lock);
      kmd = card;
      if (!kmd)
         ret = create(&kmd);
      if (!ret) {
         owner = getpid();
         card = kmd;
      }
      pthread_mutex_unlock(&create_lock);
   }
   *kmd_out = kmd;
   return ret;
}

/* NULL: the file is another process's. A child of vfork shares our memory, so
 * the process is asked for each time. */
static struct kmd *
card_of(int file)
{
   return file != SHIM_FILE_GONE && owner == getpid() ? card : NULL;
}

static int
handle_of(int file)
{
   return file - 1;
}

int
shim_card_open(int flags)
{
   struct kmd *kmd;
   int ret = get_card(&kmd);
   if (ret) {
      errno = -ret;
      return -1;
   }
   /* A descriptor of the process's own table, so that its number is ours. */
   int fd = shim_real()->open("/dev/null", O_RDWR | (flags & O_CLOEXEC));
   if (fd < 0)
      return -1;
   int handle = kmd_open(kmd);
   ret = handle < 0 ? handle : shim_files_set(fd, shim_file_of_handle(handle));
   if (!ret)
      return fd;
   if (handle >= 0)
      kmd_close(kmd, handle);
   shim_real()->close(fd);
   errno = -ret;
   return -1;
}

void
shim_card_close(int file)
{
   struct kmd *kmd = card_of(file);
   if (kmd)
      kmd_close(kmd, handle_of(file));
}

int
shim_card_ioctl(int file, unsigned long request, void *arg)
{
   struct kmd *kmd = card_of(file);
   int ret = kmd ? kmd_ioctl(kmd, handle_of(file), request, arg) : -ENODEV;
   if (ret >= 0)
      return ret;
   errno = -ret;
   return -1;
}

void *
shim_card_mmap(int file, void *addr, size_t length, int prot, int flags,
               off_t offset)
{
   struct kmd *kmd = card_of(file);
   if (kmd)
      return kmd_mmap(kmd, addr, length, prot, flags, handle_of(file), offset);
   errno = ENODEV;
   return MAP_FAILED;
}

int
shim_card_munmap(void *addr, size_t length)
{
   struct kmd *kmd = card;
   /* The service unmaps its own things, which are no buffer objects. */
   if (!kmd || util_svc_is_inside() || owner != getpid())
      return shim_real()->munmap(addr, length);
   int ret = kmd_munmap(kmd, addr, length);
   if (ret >= 0)
      return ret;
   errno = -ret;
   return -1;
}
