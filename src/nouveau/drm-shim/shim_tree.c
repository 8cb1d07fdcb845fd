/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* The render node and the part of sysfs that libdrm, Mesa and the usual tools
 * read about it, laid out as Linux does for a PCI card. */
#include "shim_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "nouveau/kmd/kmd.h"

/* As deep as a bus behind a bridge: link targets count on it. */
#define BUS              "/sys/devices/platform/partage"
#define DRM_MAJOR        226
#define FIRST_RENDER     128
#define MAX_NODES        64
#define MAX_LINKS        16
#define CLASS_VGA        0x030000u
#define VENDOR_NVIDIA    0x10deu
#define REVISION         0xa1u
#define SUBSYSTEM_DEVICE 0x119eu

static struct shim_node nodes[MAX_NODES];
static unsigned num_nodes, minor_number;
static pthread_once_t built = PTHREAD_ONCE_INIT;

/* ---- building ---- */

static const struct shim_node *
node_at(const char *path)
{
   for (unsigned i = 0; i < num_nodes; i++)
      if (!strcmp(nodes[i].path, path))
         return &nodes[i];
   return NULL;
}

static struct shim_node *
add_node(enum shim_kind kind, const char *path, size_t length)
{
   assert(num_nodes < MAX_NODES && length < sizeof(nodes[0].path));
   struct shim_node *n = &nodes[num_nodes++];
   n->kind = kind;
   memcpy(n->path, path, length);
   return n;
}

/* With the directories above it. */
static void PRINTFLIKE(3, 4)
   add(enum shim_kind kind, const char *path, const char *text, ...)
{
   for (size_t i = 0; path[i]; i++) {
      char parent[sizeof(nodes[0].path)] = {0};
      memcpy(parent, path, i);
      if (path[i] == '/' && !node_at(parent))
         add_node(SHIM_DIR, parent, i);
   }
   struct shim_node *n = add_node(kind, path, strlen(path));
   va_list args;
   va_start(args, text);
   vsnprintf(n->text, sizeof(n->text), text, args);
   va_end(args);
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

/* "dir/name" of the node under construction. */
static const char *
join(const char *dir, const char *name)
{
   static char path[256];
   snprintf(path, sizeof(path), "%s/%s", dir, name);
   return path;
}

static void
add_pci_device(const char *dir, const char *slot, unsigned device)
{
   add(SHIM_FILE, join(dir, "vendor"), "0x%04x\n", VENDOR_NVIDIA);
   add(SHIM_FILE, join(dir, "device"), "0x%04x\n", device);
   add(SHIM_FILE, join(dir, "subsystem_vendor"), "0x%04x\n", VENDOR_NVIDIA);
   add(SHIM_FILE, join(dir, "subsystem_device"), "0x%04x\n", SUBSYSTEM_DEVICE);
   add(SHIM_FILE, join(dir, "revision"), "0x%02x\n", REVISION);
   add(SHIM_FILE, join(dir, "class"), "0x%06x\n", CLASS_VGA);
   add(SHIM_FILE, join(dir, "uevent"),
       "DRIVER=nouveau\nPCI_CLASS=%X\nPCI_ID=%04X:%04X\n"
       "PCI_SUBSYS_ID=%04X:%04X\nPCI_SLOT_NAME=%s\n",
       CLASS_VGA, VENDOR_NVIDIA, device, VENDOR_NVIDIA, SUBSYSTEM_DEVICE, slot);
   add(SHIM_LINK, join(dir, "subsystem"), "../../../../bus/pci");
   add(SHIM_LINK, join(dir, "driver"), "../../../../bus/pci/drivers/nouveau");
}

static void
add_drm_minor(const char *dir, const char *slot, const char *name)
{
   add(SHIM_FILE, join(dir, "dev"), "%u:%u\n", DRM_MAJOR, minor_number);
   add(SHIM_FILE, join(dir, "uevent"),
       "MAJOR=%u\nMINOR=%u\nDEVNAME=dri/%s\nDEVTYPE=drm_minor\n", DRM_MAJOR,
       minor_number, name);
   add(SHIM_LINK, join(dir, "device"), "../../../%s", slot);
   add(SHIM_LINK, join(dir, "subsystem"), "../../../../../../class/drm");
}

/* Real cards keep their names: ours takes the first free ones. */
static void
build(void)
{
   struct kmd_config config;
   kmd_config_from_env(&config);
   unsigned bus = 1;
   minor_number = FIRST_RENDER;
   while (exists("/dev/dri/renderD%u", minor_number))
      minor_number++;
   while (bus < 0xff && exists("/sys/bus/pci/devices/0000:%02x:00.0", bus))
      bus++;

   char slot[16], name[24], device[64], drm[112], path[64];
   snprintf(slot, sizeof(slot), "0000:%02x:00.0", bus);
   snprintf(name, sizeof(name), "renderD%u", minor_number);
   snprintf(device, sizeof(device), BUS "/%s", slot);
   snprintf(drm, sizeof(drm), "%s/drm/%s", device, name);

   add(SHIM_CARD, join("/dev/dri", name), "%s", "");
   snprintf(path, sizeof(path), "/dev/dri/by-path/pci-%s-render", slot);
   add(SHIM_LINK, path, "../%s", name);
   add_pci_device(device, slot, kmd_config_pci_device(&config));
   add_drm_minor(drm, slot, name);
   snprintf(path, sizeof(path), "/sys/dev/char/%u:%u", DRM_MAJOR, minor_number);
   add(SHIM_LINK, path, "../..%s", drm + strlen("/sys"));
   add(SHIM_LINK, join("/sys/class/drm", name), "../..%s",
       drm + strlen("/sys"));
   add(SHIM_LINK, join("/sys/bus/pci/devices", slot), "../../..%s",
       device + strlen("/sys"));
   add(SHIM_LINK, join("/sys/bus/pci/drivers/nouveau", slot), "../../../..%s",
       device + strlen("/sys"));
}

/* ---- finding ---- */

static void
chop(char *path)
{
   char *slash = strrchr(path, '/');
   if (slash)
      *slash = 0;
}

struct walk {
   char at[PATH_MAX];   /* without links */
   char rest[PATH_MAX]; /* still to go */
   unsigned links;
};

static bool
follow_link(struct walk *w, const char *target)
{
   char rest[PATH_MAX];
   if (w->links++ == MAX_LINKS ||
       snprintf(rest, sizeof(rest), "%s%s", target, w->rest) >= sizeof(rest))
      return false;
   if (target[0] == '/')
      w->at[0] = 0;
   else
      chop(w->at);
   strcpy(w->rest, rest);
   return true;
}

/* Takes the first word off `rest` and steps there. False: it is not ours. */
static bool
step(struct walk *w, bool follow)
{
   char *word = w->rest + strspn(w->rest, "/");
   size_t length = strcspn(word, "/");
   char rest[PATH_MAX];
   strcpy(rest, word + length);
   if (length == 2 && !strncmp(word, "..", 2)) {
      chop(w->at);
   } else if (length && !(length == 1 && *word == '.')) {
      size_t used = strlen(w->at);
      if (used + 1 + length >= sizeof(w->at))
         return false;
      w->at[used] = '/';
      memcpy(w->at + used + 1, word, length);
      w->at[used + 1 + length] = 0;
   }
   strcpy(w->rest, rest);
   const struct shim_node *n = node_at(w->at);
   if (n && n->kind == SHIM_LINK && (follow || w->rest[0]))
      return follow_link(w, n->text);
   return n && (n->kind == SHIM_DIR || !w->rest[0]);
}

const struct shim_node *
shim_tree_find(const char *path, bool follow)
{
   if (!path || (strncmp(path, "/dev", 4) && strncmp(path, "/sys", 4) &&
                 strcmp(path, "/")))
      return NULL;
   int err = errno;
   pthread_once(&built, build);
   errno = err;
   struct walk w = {.at = ""};
   if (strnlen(path, PATH_MAX) == PATH_MAX)
      return NULL;
   strcpy(w.rest, path);
   while (w.rest[0])
      if (!step(&w, follow))
         return NULL;
   return node_at(w.at);
}

const struct shim_node *
shim_tree_find_at(int dirfd, const char *path, bool follow)
{
   const struct shim_node *dir = shim_files_dir(dirfd);
   if (!path || path[0] == '/' || !dir)
      return shim_tree_find(path, follow);
   char whole[PATH_MAX];
   int length = snprintf(whole, sizeof(whole), "%s/%s", dir->path, path);
   return length < sizeof(whole) ? shim_tree_find(whole, follow) : NULL;
}

const struct shim_node *
shim_tree_next(const struct shim_node *dir, unsigned *cursor)
{
   size_t length = strlen(dir->path);
   while (*cursor < num_nodes) {
      const struct shim_node *n = &nodes[(*cursor)++];
      if (!strncmp(n->path, dir->path, length) && n->path[length] == '/' &&
          !strchr(n->path + length + 1, '/'))
         return n;
   }
   return NULL;
}

const struct shim_node *
shim_tree_card(void)
{
   const struct shim_node *n = nodes;
   while (n->kind != SHIM_CARD)
      n++;
   return n;
}

int
shim_tree_index(const struct shim_node *node)
{
   return node - nodes;
}

const struct shim_node *
shim_tree_at(int index)
{
   return &nodes[index];
}

void
shim_tree_stat(const struct shim_node *node, struct stat *out)
{
   static const mode_t modes[] = {
      [SHIM_DIR] = S_IFDIR | 0755,
      [SHIM_FILE] = S_IFREG | 0444,
      [SHIM_LINK] = S_IFLNK | 0777,
      [SHIM_CARD] = S_IFCHR | 0666,
   };
   *out = (struct stat){
      .st_mode = modes[node->kind],
      .st_nlink = 1,
      .st_ino = 0x10000000 + shim_tree_index(node),
      .st_size = strlen(node->text),
      .st_blksize = 4096,
   };
   if (node->kind == SHIM_CARD)
      out->st_rdev = makedev(DRM_MAJOR, minor_number);
}
