/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* The composition root of libPartageOpenCL.so: the only place that names
 * driver, winsys, kernel and card. It decides which kernel the winsys talks to
 * and where the compiler comes from. */
#include "opencl_sim.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compiler/partage_compiler.h"
#include "gallium/drivers/nouveau/nouveau.h"
#include "gallium/frontends/opencl/opencl.h"
#include "gallium/winsys/nouveau/nouveau_ws.h"
#include "nouveau/kmd/kmd.h"
#include "util/util_flags.h"
#include "util/util_log.h"

/* --- compiler --- */

#define COMPILER_FILE "libpartage-compiler.so"

static pthread_once_t compiler_once = PTHREAD_ONCE_INIT;
static const struct partage_compiler_module *compiler;
static char compiler_why[512];

/* Beside this library, or where the build folder has it. Looked for by path: a
 * sanitizer's dlopen does not know this library's run path. */
static bool
find_compiler(char *path, size_t size_B)
{
   static const char *const places[] = {"", PARTAGE_BUILD_COMPILER_DIR "/"};
   Dl_info self;
   if (!dladdr((void *)find_compiler, &self))
      return false;
   const char *slash = strrchr(self.dli_fname, '/');
   int dir = slash ? slash + 1 - self.dli_fname : 0;
   for (unsigned i = 0; i < ARRAY_SIZE(places); i++) {
      snprintf(path, size_B, "%.*s%s" COMPILER_FILE, dir, self.dli_fname,
               places[i]);
      if (!access(path, R_OK))
         return true;
   }
   return false;
}

/* Never unloaded, as LLVM does not like to be. RTLD_LOCAL: other LLVMs in the
 * process stay apart. */
static void
load_compiler(void)
{
   char path[1024];
   if (!find_compiler(path, sizeof(path)))
      snprintf(path, sizeof(path), COMPILER_FILE);
   void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
   if (!handle) {
      snprintf(compiler_why, sizeof(compiler_why),
               "the compiler cannot be loaded: %s", dlerror());
      return;
   }
   const struct partage_compiler_module *m =
      dlsym(handle, PARTAGE_COMPILER_SYMBOL);
   if (!m || m->abi != PARTAGE_COMPILER_ABI) {
      snprintf(compiler_why, sizeof(compiler_why),
               COMPILER_FILE " is of another version");
      return;
   }
   compiler = m;
}

static const struct clc_ops *
get_clc(const char **why_out)
{
   pthread_once(&compiler_once, load_compiler);
   *why_out = compiler_why;
   return compiler ? compiler->clc : NULL;
}

static const struct nvir_ops *
get_nvir(const char **why_out)
{
   pthread_once(&compiler_once, load_compiler);
   *why_out = compiler_why;
   return compiler ? compiler->nvir : NULL;
}

static bool
clc_available(void)
{
   char path[1024];
   return compiler || find_compiler(path, sizeof(path));
}

/* --- screens --- */

static struct pipe_screen *
make_screen(const struct nouveau_ws_os *os, const char *path, unsigned number,
            bool want_svm)
{
   static const char *const policies[] = {"hint",     "never", "fault",
                                          "prefetch", "auto",  NULL};
   enum {
      NEVER = 1,
      PREFETCH = 3
   };
   unsigned policy = util_env_choice("NOUVEAU_SVM_MIGRATE", policies, 0);
   static const char *const calls[] = {"auto", "pushbuf", "bind", NULL};
   struct nouveau_ws_device *ws;
   int ret = nouveau_ws_device_create(
      os, path, want_svm, util_env_choice("NOUVEAU_CALLS", calls, 0), &ws);
   if (ret) {
      util_info("winsys", "%s (%s): %s", path, os->name, strerror(-ret));
      if (os->release)
         os->release(os->data);
      return NULL;
   }
   const struct nouveau_ws_device_info *info = nouveau_ws_device_info(ws);
   if (want_svm && !info->svm)
      util_info("winsys", "%s: no system SVM: %s", path, info->svm_note);
   struct nouveau_screen_config config = {
      .compiler = get_nvir,
      .number = number,
      .migrate_prefetch = policy == PREFETCH,
      .migrate_never = policy == NEVER,
   };
   return nouveau_screen_create(ws, &config);
}

static unsigned
drm_screens(struct pipe_screen **screens, unsigned max, bool want_svm)
{
   unsigned n = 0;
   for (unsigned minor = 128; minor < 192 && n < max; minor++) {
      char path[32];
      snprintf(path, sizeof(path), "/dev/dri/renderD%u", minor);
      if (access(path, F_OK))
         continue;
      struct pipe_screen *s =
         make_screen(&nouveau_ws_os_libc, path, n, want_svm);
      if (s)
         screens[n++] = s;
   }
   return n;
}

static struct pipe_screen *
sim_screen(struct kmd_machine *machine, unsigned index, bool want_svm)
{
   const struct nouveau_ws_os *os;
   char path[32];
   int ret = opencl_sim_os(machine, index, &os);
   if (ret) {
      util_err("sim", "the simulated card cannot be set up: %s",
               strerror(-ret));
      return NULL;
   }
   snprintf(path, sizeof(path), "/dev/dri/renderD%u", 128 + index);
   return make_screen(os, path, index, want_svm);
}

static unsigned
sim_screens(struct pipe_screen **screens, unsigned max, bool want_svm)
{
   struct kmd_machine *machine;
   unsigned n = 0, cards = MIN2(kmd_cards_from_env(), max);
   if (kmd_machine_create(&machine))
      return 0;
   for (unsigned i = 0; i < cards; i++) {
      screens[n] = sim_screen(machine, i, want_svm);
      n += screens[n] != NULL;
   }
   kmd_machine_put(machine); /* the cards hold it */
   return n;
}

static unsigned
create_screens(struct pipe_screen **screens, unsigned max)
{
   static const char *const words[] = {"auto", "drm", "sim", NULL};
   enum {
      AUTO,
      DRM,
      SIM
   } ws = util_env_choice("NOUVEAU_WS", words, AUTO);
   bool want_svm = util_env_bool("NOUVEAU_SVM", true);
   unsigned n = 0;
   if (ws != SIM) {
      n = drm_screens(screens, max, want_svm);
      if (!n && ws == DRM)
         util_warn(
            "winsys",
            "NOUVEAU_WS=drm: no render node with a Pascal card driven by "
            "nouveau accepts us (PARTAGE_LOG=info tells more); using the "
            "simulated card");
   }
   return n ? n : sim_screens(screens, max, want_svm);
}

const struct opencl_env opencl_env = {
   .create_screens = create_screens,
   .clc = get_clc,
   .clc_available = clc_available,
};
