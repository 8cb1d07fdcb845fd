/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "opencl_sim.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "gallium/winsys/nouveau/nouveau_ws.h"
#include "nouveau/kmd/kmd.h"

struct sim_os {
   struct nouveau_ws_os os;
   struct kmd *kmd;
   unsigned index;
};

static int
sim_open(void *data, const char *path)
{
   return kmd_open(((struct sim_os *)data)->kmd);
}

static void
sim_close(void *data, int fd)
{
   kmd_close(((struct sim_os *)data)->kmd, fd);
}

static int
sim_ioctl(void *data, int fd, unsigned long request, void *arg)
{
   return kmd_ioctl(((struct sim_os *)data)->kmd, fd, request, arg);
}

static void *
sim_mmap(void *data, void *addr, size_t size_B, int prot, int flags, int fd,
         uint64_t offset, int *err_out)
{
   void *p = kmd_mmap(((struct sim_os *)data)->kmd, addr, size_B, prot, flags,
                      fd, offset);
   if (p == MAP_FAILED) {
      *err_out = -errno;
      return NULL;
   }
   return p;
}

static int
sim_munmap(void *data, void *addr, size_t size_B)
{
   return kmd_munmap(((struct sim_os *)data)->kmd, addr, size_B);
}

static int
sim_bus(void *data, int fd, struct nouveau_ws_bus *bus)
{
   *bus = (struct nouveau_ws_bus){.bus = 1 + ((struct sim_os *)data)->index};
   return 0;
}

static void
sim_release(void *data)
{
   struct sim_os *s = data;
   kmd_destroy(s->kmd);
   free(s);
}

int
opencl_sim_os(struct kmd_machine *machine, unsigned index,
              const struct nouveau_ws_os **os_out)
{
   struct sim_os *s = calloc(1, sizeof(*s));
   if (!s)
      return -ENOMEM;
   struct kmd_config config;
   kmd_config_from_env(&config);
   config.machine = machine;
   config.index = s->index = index;
   int ret = kmd_create(&config, &s->kmd);
   if (ret) {
      free(s);
      return ret;
   }
   s->os = (struct nouveau_ws_os){
      .name = "simulated kernel",
      .simulated = true,
      .data = s,
      .open = sim_open,
      .close = sim_close,
      .ioctl = sim_ioctl,
      .mmap = sim_mmap,
      .munmap = sim_munmap,
      .bus = sim_bus,
      .release = sim_release,
   };
   *os_out = &s->os;
   return 0;
}
