/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "ocl_context.h"

#include "ocl_svm.h"

#include <stdlib.h>
#include <string.h>

#include "util/util_log.h"

struct destructor {
   struct util_list link;
   void(CL_CALLBACK *fn)(cl_context, void *);
   void *data;
};

static void
context_free(struct ocl_context *ctx)
{
   pthread_mutex_destroy(&ctx->event_lock);
   free(ctx->devices);
   free(ctx->props);
   free(ctx);
}

static void
context_destroy(struct ocl_object *obj)
{
   struct ocl_context *ctx = container_of(obj, struct ocl_context, obj);

   util_list_for_each_safe(struct destructor, d, &ctx->destructors, link) {
      d->fn((cl_context)ctx, d->data);
      free(d);
   }
   ocl_svm_space_finish(ctx);
   context_free(ctx);
}

static unsigned
count_props(const cl_context_properties *props)
{
   unsigned n = 0;

   if (!props)
      return 0;
   while (props[n])
      n += 2;
   return n + 1;
}

struct ocl_context *
ocl_context_create(const cl_context_properties *props,
                   struct ocl_device *const *devices, unsigned num_devices,
                   ocl_context_notify notify, void *data)
{
   struct ocl_context *ctx = calloc(1, sizeof(*ctx));

   if (!ctx)
      return NULL;
   ocl_object_init(&ctx->obj, OCL_MAGIC_CONTEXT, context_destroy);
   pthread_mutex_init(&ctx->event_lock, NULL);
   util_list_init(&ctx->destructors);
   ctx->num_props = count_props(props);
   ctx->props = malloc((ctx->num_props + 1) * sizeof(*props));
   ctx->devices = malloc(num_devices * sizeof(*devices));
   if (!ctx->props || !ctx->devices) {
      context_free(ctx);
      return NULL;
   }
   if (props)
      memcpy(ctx->props, props, ctx->num_props * sizeof(*props));
   memcpy(ctx->devices, devices, num_devices * sizeof(*devices));
   ctx->num_devices = num_devices;
   ctx->notify = notify;
   ctx->notify_data = data;
   ocl_svm_space_init(ctx);
   return ctx;
}

int
ocl_context_device_index(const struct ocl_context *ctx,
                         const struct ocl_device *dev)
{
   for (unsigned i = 0; i < ctx->num_devices; i++)
      if (ctx->devices[i] == dev)
         return i;
   return -1;
}

void
ocl_context_report(struct ocl_context *ctx, const char *message,
                   const void *info, size_t info_B)
{
   util_err(OCL_MODULE, "%s", message);
   if (ctx->notify)
      ctx->notify(message, info, info_B, ctx->notify_data);
}

cl_int
ocl_context_add_destructor(struct ocl_context *ctx,
                           void(CL_CALLBACK *fn)(cl_context, void *),
                           void *data)
{
   struct destructor *d = malloc(sizeof(*d));

   if (!d)
      return CL_OUT_OF_HOST_MEMORY;
   d->fn = fn;
   d->data = data;
   pthread_mutex_lock(&ctx->event_lock);
   util_list_add(&d->link, &ctx->destructors);
   pthread_mutex_unlock(&ctx->event_lock);
   return CL_SUCCESS;
}
