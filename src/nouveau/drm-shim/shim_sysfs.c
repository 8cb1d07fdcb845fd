/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* The render nodes and the part of sysfs that libdrm, Mesa and the usual tools
 * read about them, laid out as Linux does for PCI cards. */
#include "shim_priv.h"

#include <limits.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "nouveau/kmd/kmd.h"

/* As deep as a bus behind a bridge: link targets count on it. */
#define BUS              "/sys/devices/platform/partage"
#define DRM_MAJOR        226
#define FIRST_RENDER     128
#define CLASS_VGA        0x030000u
#define VENDOR_NVIDIA    0x10deu
#define REVISION         0xa1u
#define SUBSYSTEM_DEVICE 0x119eu
#define IRQ              16u
/* Registers, and a window to VRAM; the cards' lie side by side. */
#define BAR0        0xd0000000u
#define BAR0_SIZE_B (16u << 20)
#define BAR1        0x3800000000ull
#define BAR1_SIZE_B (256u << 20)

struct card {
   unsigned index, minor;
   unsigned device; /* PCI id */
   char slot[16];   /* "0000:01:00.0" */
   char name[24];   /* "renderD128" */
   char dir[64];    /* of the PCI device */
   char drm[112];   /* of the minor */
};

static struct shim_node *PRINTFLIKE(4, 5)
   add(enum shim_kind kind, const char *dir, const char *name, const char *text,
       ...)
{
   char path[256], buf[sizeof(((struct shim_node *)NULL)->text)];
   snprintf(path, sizeof(path), "%s%s%s", dir, *name ? "/" : "", name);
   va_list args;
   va_start(args, text);
   int size_B = vsnprintf(buf, sizeof(buf), text, args);
   va_end(args);
   return shim_tree_add(kind, path, buf, (size_t)size_B);
}

static bool PRINTFLIKE(1, 2) exists(const char *format, ...)
{
   char path[PATH_MAX];
   va_list args;
   va_start(args, format);
   vsnprintf(path, sizeof(path), format, args);
   va_end(args);
   return shim_real()->access(path, F_OK) == 0;
}

/* ---- the PCI device ---- */

static void
add_config_space(const struct card *c)
{
   uint64_t window = BAR1 + (uint64_t)c->index * BAR1_SIZE_B;
   uint32_t bar[] = {BAR0 + c->index * BAR0_SIZE_B,
                     (uint32_t)window | 0xc /* 64 bits, prefetchable */,
                     (uint32_t)(window >> 32)};
   uint8_t config[64] = {
      [0x00] = VENDOR_NVIDIA & 0xff,
      VENDOR_NVIDIA >> 8,
      [0x02] = c->device & 0xff,
      c->device >> 8,
      [0x04] = 7, /* answers I/O, memory; is a bus master */
      [0x08] = REVISION,
      [0x0b] = CLASS_VGA >> 16,
      [0x2c] = VENDOR_NVIDIA & 0xff,
      VENDOR_NVIDIA >> 8,
      [0x2e] = SUBSYSTEM_DEVICE & 0xff,
      SUBSYSTEM_DEVICE >> 8,
      [0x3c] = IRQ,
      1,
   };
   memcpy(&config[0x10], bar, sizeof(bar));
   char path[128];
   snprintf(path, sizeof(path), "%s/config", c->dir);
   shim_tree_add(SHIM_FILE, path, config, sizeof(config));
}

/* One line a BAR: first, last, flags of the kernel's. */
static void
add_resource(const struct card *c)
{
   char lines[640] = "";
   size_t n = 0;
   for (unsigned i = 0; i < 7; i++) {
      uint64_t size_B = i == 0 ? BAR0_SIZE_B : i == 1 ? BAR1_SIZE_B : 0;
      uint64_t first =
         size_B ? (i ? BAR1 : BAR0) + (uint64_t)c->index * size_B : 0;
      uint64_t last = size_B ? first + size_B - 1 : 0;
      n += (size_t)snprintf(lines + n, sizeof(lines) - n,
                            "0x%016llx 0x%016llx 0x%016x\n",
                            (unsigned long long)first, (unsigned long long)last,
                            i == 0   ? 0x40200u
                            : i == 1 ? 0x14220cu
                                     : 0u);
   }
   add(SHIM_FILE, c->dir, "resource", "%s", lines);
}

static void
add_pci_device(const struct card *c)
{
   const char *dir = c->dir;
   add(SHIM_FILE, dir, "vendor", "0x%04x\n", VENDOR_NVIDIA);
   add(SHIM_FILE, dir, "device", "0x%04x\n", c->device);
   add(SHIM_FILE, dir, "subsystem_vendor", "0x%04x\n", VENDOR_NVIDIA);
   add(SHIM_FILE, dir, "subsystem_device", "0x%04x\n", SUBSYSTEM_DEVICE);
   add(SHIM_FILE, dir, "revision", "0x%02x\n", REVISION);
   add(SHIM_FILE, dir, "class", "0x%06x\n", CLASS_VGA);
   add(SHIM_FILE, dir, "irq", "%u\n", IRQ);
   add(SHIM_FILE, dir, "enable", "1\n");
   add(SHIM_FILE, dir, "numa_node", "-1\n");
   add(SHIM_FILE, dir, "modalias",
       "pci:v%08Xd%08Xsv%08Xsd%08Xbc%02Xsc%02Xi%02X\n", VENDOR_NVIDIA,
       c->device, VENDOR_NVIDIA, SUBSYSTEM_DEVICE, CLASS_VGA >> 16,
       CLASS_VGA >> 8 & 0xff, CLASS_VGA & 0xff);
   add(SHIM_FILE, dir, "uevent",
       "DRIVER=nouveau\nPCI_CLASS=%X\nPCI_ID=%04X:%04X\n"
       "PCI_SUBSYS_ID=%04X:%04X\nPCI_SLOT_NAME=%s\n",
       CLASS_VGA, VENDOR_NVIDIA, c->device, VENDOR_NVIDIA, SUBSYSTEM_DEVICE,
       c->slot);
   add_config_space(c);
   add_resource(c);
   add(SHIM_LINK, dir, "subsystem", "../../../../bus/pci");
   add(SHIM_LINK, dir, "driver", "../../../../bus/pci/drivers/nouveau");
}

/* ---- the render node ---- */

static void
add_minor(const struct card *c)
{
   struct shim_node *node = add(SHIM_CARD, "/dev/dri", c->name, "%s", "");
   node->card = c->index;
   node->minor = c->minor;
   add(SHIM_FILE, c->drm, "dev", "%u:%u\n", DRM_MAJOR, c->minor);
   add(SHIM_FILE, c->drm, "uevent",
       "MAJOR=%u\nMINOR=%u\nDEVNAME=dri/%s\nDEVTYPE=drm_minor\n", DRM_MAJOR,
       c->minor, c->name);
   add(SHIM_LINK, c->drm, "device", "../../../%s", c->slot);
   add(SHIM_LINK, c->drm, "subsystem", "../../../../../../class/drm");
}

static void
add_links(const struct card *c)
{
   char name[64];
   const char *drm = c->drm + strlen("/sys"), *dir = c->dir + strlen("/sys");
   snprintf(name, sizeof(name), "pci-%s-render", c->slot);
   add(SHIM_LINK, "/dev/dri/by-path", name, "../%s", c->name);
   snprintf(name, sizeof(name), "%u:%u", DRM_MAJOR, c->minor);
   add(SHIM_LINK, "/sys/dev/char", name, "../..%s", drm);
   add(SHIM_LINK, "/sys/class/drm", c->name, "../..%s", drm);
   add(SHIM_LINK, "/sys/bus/pci/devices", c->slot, "../../..%s", dir);
   add(SHIM_LINK, "/sys/bus/pci/drivers/nouveau", c->slot, "../../../..%s",
       dir);
}

/* Real cards keep their names: ours take the first free ones. */
void
shim_sysfs_build(void)
{
   struct kmd_config config;
   kmd_config_from_env(&config);
   unsigned bus = 1, minor = FIRST_RENDER;
   for (unsigned i = 0; i < kmd_cards_from_env(); i++, bus++, minor++) {
      while (exists("/dev/dri/renderD%u", minor))
         minor++;
      while (bus < 0xff && exists("/sys/bus/pci/devices/0000:%02x:00.0", bus))
         bus++;
      struct card c = {.index = i,
                       .minor = minor,
                       .device = kmd_config_pci_device(&config)};
      snprintf(c.slot, sizeof(c.slot), "0000:%02x:00.0", bus);
      snprintf(c.name, sizeof(c.name), "renderD%u", minor);
      snprintf(c.dir, sizeof(c.dir), BUS "/%s", c.slot);
      snprintf(c.drm, sizeof(c.drm), "%s/drm/%s", c.dir, c.name);
      add_minor(&c);
      add_pci_device(&c);
      add_links(&c);
   }
}
