/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "ocl_platform.h"

#include "ocl_device.h"
#include "ocl_watch.h"

#include "../opencl.h"
#include "util/util_log.h"

/* The ICD loader asks for "the platforms" without giving us anything to hang
 * state on, so this root is the one static object of the frontend. */
static struct ocl_platform the_platform = {.once = PTHREAD_ONCE_INIT};
static pthread_once_t platform_once = PTHREAD_ONCE_INIT;

static void
platform_init(void)
{
   ocl_object_init(&the_platform.obj, OCL_MAGIC_PLATFORM, NULL);
   ocl_notifier_init(&the_platform.notifier);
}

struct ocl_platform *
ocl_platform_instance(void)
{
   pthread_once(&platform_once, platform_init);
   return &the_platform;
}

static void
open_devices(void)
{
   struct ocl_platform *p = &the_platform;
   struct pipe_screen *screens[OCL_MAX_DEVICES];
   unsigned n = opencl_env.create_screens(screens, OCL_MAX_DEVICES);

   p->watch = ocl_watch_create_from_env();
   for (unsigned i = 0; i < n; i++) {
      struct ocl_device *dev = ocl_device_create(p, screens[i]);
      if (!dev) {
         screens[i]->destroy(screens[i]);
         continue;
      }
      ocl_watch_add_screen(p->watch, screens[i]);
      p->devices[p->num_devices++] = dev;
   }
}

unsigned
ocl_platform_devices(struct ocl_platform *platform)
{
   pthread_once(&platform->once, open_devices);
   return platform->num_devices;
}

const struct clc_ops *
ocl_platform_clc(const char **why_out)
{
   const char *why = "the compiler is not installed";
   const struct clc_ops *ops = opencl_env.clc ? opencl_env.clc(&why) : NULL;

   if (ops && ops->abi != CLC_ABI) {
      why = "the compiler module is of another version";
      ops = NULL;
   }
   if (!ops)
      util_err(OCL_MODULE, "no compiler: %s", why);
   *why_out = ops ? NULL : why;
   return ops;
}
