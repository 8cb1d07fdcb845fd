/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "ocl_device.h"

#include "ocl_platform.h"

#include <errno.h>
#include <stdlib.h>

#include "../opencl.h"
#include "pipe/p_context.h"

/* The levels are cumulative by definition: what can take any pointer can take
 * ours. */
static cl_device_svm_capabilities
svm_caps(const struct pipe_caps *caps)
{
   cl_device_svm_capabilities c = 0;

   if (caps->svm_buffer || caps->svm_system)
      c |= CL_DEVICE_SVM_COARSE_GRAIN_BUFFER | CL_DEVICE_SVM_FINE_GRAIN_BUFFER;
   if (caps->svm_system)
      c |= CL_DEVICE_SVM_FINE_GRAIN_SYSTEM;
   if (c && caps->svm_atomics)
      c |= CL_DEVICE_SVM_ATOMICS;
   return c;
}

struct ocl_device *
ocl_device_create(struct ocl_platform *platform, struct pipe_screen *screen)
{
   struct ocl_device *dev = calloc(1, sizeof(*dev));

   if (!dev)
      return NULL;
   ocl_object_init(&dev->obj, OCL_MAGIC_DEVICE, NULL);
   dev->platform = platform;
   dev->screen = screen;
   dev->svm_caps = svm_caps(&screen->caps);
   dev->compiler = opencl_env.clc_available && opencl_env.clc_available();
   pthread_mutex_init(&dev->helper_lock, NULL);
   return dev;
}

struct pipe_context *
ocl_device_lock_helper(struct ocl_device *dev)
{
   pthread_mutex_lock(&dev->helper_lock);
   struct pipe_context *ctx = dev->helper;
   if (ctx && ctx->get_device_reset_status(ctx, NULL) != PIPE_NO_RESET) {
      ctx->destroy(ctx);
      dev->helper = NULL;
   }
   if (!dev->helper)
      dev->helper = dev->screen->context_create(dev->screen);
   if (!dev->helper)
      pthread_mutex_unlock(&dev->helper_lock);
   return dev->helper;
}

void
ocl_device_unlock_helper(struct ocl_device *dev)
{
   pthread_mutex_unlock(&dev->helper_lock);
}

cl_int
ocl_error_from_errno(int err)
{
   switch (-err) {
   case 0:
      return CL_SUCCESS;
   case ENOMEM:
      return CL_MEM_OBJECT_ALLOCATION_FAILURE;
   default:
      return CL_OUT_OF_RESOURCES;
   }
}
