/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* The one platform. It is the root of everything else; only this object is
 * static. */
#ifndef OCL_PLATFORM_H
#define OCL_PLATFORM_H

#include "ocl_notify.h"
#include "ocl_object.h"

#include <pthread.h>

#define OCL_MAX_DEVICES   8
#define OCL_PLATFORM_NAME "partage"

struct ocl_device;
struct ocl_watch;
struct clc_ops;

struct ocl_platform {
   struct ocl_object obj;
   pthread_once_t once;
   struct ocl_device *devices[OCL_MAX_DEVICES];
   unsigned num_devices;
   struct ocl_notifier notifier;
   struct ocl_watch *watch; /* NULL: no report, no trace */
};

OCL_OBJECT_TYPE(platform, cl_platform_id, OCL_MAGIC_PLATFORM)

/* Cheap: nothing is opened, nothing is loaded. */
struct ocl_platform *ocl_platform_instance(void);
/* Opens the devices on the first call. Any thread. */
unsigned ocl_platform_devices(struct ocl_platform *platform);

/* The compiler or NULL with the reason; loads it on the first call. */
const struct clc_ops *ocl_platform_clc(const char **why_out);

#endif
