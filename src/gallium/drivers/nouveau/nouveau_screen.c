/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "nouveau_priv.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* isa.md §6.1 and mesa.md §1.15 where not said otherwise. */
static const struct {
   uint32_t chipset;
   const char *card, *gpu;
   uint32_t clock_mhz;
} chips[] = {
   {0x130, "Tesla P100", "GP100", 1303},
   {0x132, "GeForce GTX 1080 Ti", "GP102", 1582},
   {0x134, "GeForce GTX 1080", "GP104", 1733},
   {0x136, "GeForce GTX 1060", "GP106", 1708},
   {0x137, "GeForce GTX 1050 Ti", "GP107", 1392},
   {0x138, "GeForce GT 1030", "GP108", 1468},
};

static void
fill_name(struct nouveau_screen *screen)
{
   struct pipe_caps *caps = &screen->base.caps;
   const struct nouveau_ws_device_info *info = screen->info;
   const char *card = "GeForce", *gpu = info->chip;
   caps->max_clock_mhz = 1000;
   for (unsigned i = 0; i < ARRAY_SIZE(chips); i++) {
      if (chips[i].chipset == info->chipset) {
         card = chips[i].card;
         gpu = chips[i].gpu;
         caps->max_clock_mhz = chips[i].clock_mhz;
      }
   }
   char number[16] = "";
   if (screen->config.number)
      snprintf(number, sizeof(number), ", card %u", screen->config.number + 1);
   snprintf(caps->name, sizeof(caps->name), "NVIDIA %s (%s%s%s)", card, gpu,
            info->simulated ? ", simulated" : "", number);
   snprintf(caps->vendor, sizeof(caps->vendor), "NVIDIA");
   snprintf(caps->driver_version, sizeof(caps->driver_version), "%s",
            PARTAGE_VERSION);
}

/* Made of what the machine tells: the same card at the same place is the same
 * device in each process. */
static void
fill_uuid(struct nouveau_screen *screen)
{
   struct pipe_caps *caps = &screen->base.caps;
   const uint32_t words[4] = {
      caps->vendor_id | caps->device_id << 16,
      caps->pci_domain,
      caps->pci_bus << 16 | caps->pci_device << 8 | caps->pci_function,
      caps->chipset << 1 | caps->simulated,
   };
   memcpy(caps->uuid, words, sizeof(caps->uuid));
}

static void
fill_svm_caps(struct nouveau_screen *screen)
{
   struct pipe_caps *caps = &screen->base.caps;
   caps->svm_system = screen->info->svm;
   caps->svm_note = screen->info->svm_note;
   /* A buffer of our own can always be mapped where the GPU sees it. */
   caps->svm_buffer = true;
   /* Linux cancels GPU atomics on shared and file pages (kernel.md §3.8), and
    * whether PCIe carries the others is the platform's affair. The simulated
    * card uses the host's own atomics. */
   caps->svm_atomics = screen->info->simulated;
}

static void
fill_caps(struct nouveau_screen *screen)
{
   struct pipe_caps *caps = &screen->base.caps;
   const struct nouveau_ws_device_info *info = screen->info;
   fill_name(screen);
   fill_svm_caps(screen);
   caps->vendor_id = info->pci_vendor;
   caps->device_id = info->pci_device;
   caps->chipset = info->chipset;
   caps->pci_domain = info->bus.domain;
   caps->pci_bus = info->bus.bus;
   caps->pci_device = info->bus.device;
   caps->pci_function = info->bus.function;
   caps->simulated = info->simulated;
   fill_uuid(screen);
   caps->max_compute_units = info->sm_count;
   caps->global_mem_B = info->vram_B;
   /* All buffers live in the hole. */
   if (info->hole_size_B)
      caps->global_mem_B = MIN2(info->vram_B, info->hole_size_B / 4 * 3);
   caps->max_alloc_B = caps->global_mem_B / 2;
   caps->max_threads_per_block = 1024;
   caps->max_block[0] = caps->max_block[1] = 1024;
   caps->max_block[2] = 64;
   /* Larger ranges are split into several launches. */
   caps->max_grid[0] = caps->max_grid[1] = caps->max_grid[2] = 0x7fffffff;
   caps->shared_mem_B = 48 << 10;
   caps->max_private_B = 512 << 10;
   caps->max_args_B = NVIR_MAX_ARGS_B;
   caps->max_const_B = 64 << 10;
   caps->subgroup_size = 32;
   caps->cache_line_B = 128;
   caps->cache_B = 2 << 20; /* L2 of GP104 */
   caps->address_bits = 64;
   caps->fp64 = true;
   caps->fp16 = true;
   caps->int64_atomics = true;
   caps->int_dot_product = info->chipset != 0x130;
   caps->timer_resolution_ns = 32; /* PTIMER counts in units of 32 ns */
}

static void
screen_destroy(struct pipe_screen *pscreen)
{
   struct nouveau_screen *screen = nouveau_screen(pscreen);
   nouveau_resource_finish_screen(screen);
   nouveau_ws_device_destroy(screen->ws);
   pthread_mutex_destroy(&screen->programs_lock);
   pthread_mutex_destroy(&screen->create_program_lock);
   free(screen);
}

static int
screen_compile(struct pipe_screen *pscreen, const void *bitcode, size_t size_B,
               struct pipe_binary *binary_out, char **log_out)
{
   struct nouveau_screen *screen = nouveau_screen(pscreen);
   const char *why = "";
   const struct nvir_ops *nvir = screen->config.compiler(&why);
   if (!nvir) {
      *log_out = strdup(why);
      return -ENOSYS;
   }
   struct nvir_blob blob = {0};
   int ret =
      nvir->compile(bitcode, size_B, screen->info->chipset, &blob, log_out);
   if (!ret) {
      binary_out->data = blob.data;
      binary_out->size_B = blob.size_B;
   }
   return ret;
}

static int
screen_check_binary(struct pipe_screen *pscreen, const void *binary,
                    size_t size_B)
{
   struct nvir_program program;
   int ret = nvir_program_open(
      binary, size_B, nouveau_screen(pscreen)->info->chipset, &program);
   if (!ret)
      nvir_program_close(&program);
   return ret;
}

static uint64_t
screen_get_timestamp(struct pipe_screen *pscreen)
{
   return nouveau_ws_device_time_ns(nouveau_screen(pscreen)->ws);
}

struct pipe_screen *
nouveau_screen_create(struct nouveau_ws_device *ws,
                      const struct nouveau_screen_config *config)
{
   struct nouveau_screen *screen = calloc(1, sizeof(*screen));
   if (!screen) {
      nouveau_ws_device_destroy(ws);
      return NULL;
   }
   screen->ws = ws;
   screen->info = nouveau_ws_device_info(ws);
   screen->config = *config;
   pthread_mutex_init(&screen->create_program_lock, NULL);
   pthread_mutex_init(&screen->programs_lock, NULL);
   util_list_init(&screen->programs);
   fill_caps(screen);
   screen->base.destroy = screen_destroy;
   screen->base.context_create = nouveau_context_create;
   screen->base.compile = screen_compile;
   screen->base.check_binary = screen_check_binary;
   screen->base.get_timestamp = screen_get_timestamp;
   nouveau_resource_init_screen(screen);
   nouveau_fence_init_screen(screen);
   nouveau_svm_init_screen(screen);
   return &screen->base;
}
