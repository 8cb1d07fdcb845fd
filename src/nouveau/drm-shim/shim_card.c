/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* A card lives from its first open to the end of the process, as a real one
 * outlives its files. A forked child inherits none: their threads stayed
 * behind. Inherited descriptors answer ENODEV there, and a new open makes the
 * child a card of its own. */
#include "shim_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "nouveau/kmd/kmd.h"
#include "util/util_log.h"
#include "util/util_svc.h"

static pthread_mutex_t create_lock = PTHREAD_MUTEX_INITIALIZER;
static struct kmd_machine *machine; /* of all cards; under the lock */
static struct kmd *_Atomic cards[KMD_MAX_CARDS];
static atomic_int owner; /* process of the cards */

static void
forked_child(void)
{
   shim_files_orphan();
   machine = NULL;
   for (unsigned i = 0; i < ARRAY_SIZE(cards); i++)
      cards[i] = NULL;
}

static int
create(unsigned index, struct kmd **kmd_out)
{
   static bool handler_registered;
   struct kmd_config config;
   int ret = machine ? 0 : kmd_machine_create(&machine);
   kmd_config_from_env(&config);
   config.machine = machine;
   config.index = index;
   if (!getenv("KMD_COMPAT")) /* other people's drivers know Linux */
      config.compat = KMD_COMPAT_UPSTREAM;
   config.no_prime = true; /* its descriptors are no real ones */
   if (!ret)
      ret = kmd_create(&config, kmd_out);
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
get_card(unsigned index, struct kmd **kmd_out)
{
   int ret = 0;
   struct kmd *kmd = cards[index];
   if (!kmd) {
      pthread_mutex_lock(&create_lock);
      kmd = cards[index];
      if (!kmd)
         ret = create(index, &kmd);
      if (!ret) {
         owner = getpid();
         cards[index] = kmd;
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
   return file != SHIM_FILE_GONE && owner == getpid()
             ? cards[shim_file_card(file)]
             : NULL;
}

/* A number of the process's own table. With no signals to wait for it behaves
 * as a render node without events: nothing ever comes to be read, poll(2) says
 * so, and write(2) is refused. */
static int
new_descriptor(int flags)
{
   sigset_t none;
   sigemptyset(&none);
   return signalfd(-1, &none,
                   (flags & O_CLOEXEC ? SFD_CLOEXEC : 0) |
                      (flags & O_NONBLOCK ? SFD_NONBLOCK : 0));
}

int
shim_card_open(unsigned card, int flags)
{
   struct kmd *kmd;
   int ret = get_card(card, &kmd);
   if (ret) {
      errno = -ret;
      return -1;
   }
   int fd = new_descriptor(flags);
   if (fd < 0)
      return -1;
   int handle = kmd_open(kmd);
   ret = handle < 0 ? handle : shim_files_set(fd, SHIM_FILE_CARD(card, handle));
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
      kmd_close(kmd, shim_file_handle(file));
}

int
shim_card_ioctl(int file, unsigned long request, void *arg)
{
   struct kmd *kmd = card_of(file);
   int ret =
      kmd ? kmd_ioctl(kmd, shim_file_handle(file), request, arg) : -ENODEV;
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
      return kmd_mmap(kmd, addr, length, prot, flags, shim_file_handle(file),
                      offset);
   errno = ENODEV;
   return MAP_FAILED;
}

int
shim_card_munmap(void *addr, size_t length)
{
   struct kmd *last = NULL;
   /* The service unmaps its own things, which are no buffer objects. */
   bool ours = !util_svc_is_inside() && owner == getpid() && length &&
               !((uintptr_t)addr % (uintptr_t)sysconf(_SC_PAGESIZE));
   for (unsigned i = 0; ours && i < ARRAY_SIZE(cards); i++) {
      struct kmd *kmd = cards[i];
      if (kmd && last)
         kmd_forget(last, addr, length);
      last = kmd ? kmd : last;
   }
   if (!last)
      return shim_real()->munmap(addr, length);
   int ret = kmd_munmap(last, addr, length);
   if (ret >= 0)
      return ret;
   errno = -ret;
   return -1;
}
