/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "cl_priv.h"

#include "util/util_macros.h"

#define ALL_TYPES                                                              \
   (CL_DEVICE_TYPE_DEFAULT | CL_DEVICE_TYPE_CPU | CL_DEVICE_TYPE_GPU |         \
    CL_DEVICE_TYPE_ACCELERATOR | CL_DEVICE_TYPE_CUSTOM)

CL_API_ENTRY cl_int CL_API_CALL
clGetDeviceIDs(cl_platform_id platform, cl_device_type device_type,
               cl_uint num_entries, cl_device_id *devices, cl_uint *num_devices)
{
   struct ocl_platform *p =
      platform ? ocl_platform_check(platform) : ocl_platform_instance();

   CL_CHECK(p, CL_INVALID_PLATFORM);
   CL_CHECK(device_type == CL_DEVICE_TYPE_ALL ||
               (device_type && !(device_type & ~(cl_device_type)ALL_TYPES)),
            CL_INVALID_DEVICE_TYPE);
   CL_CHECK(num_entries || !devices, CL_INVALID_VALUE);
   CL_CHECK(devices || num_devices, CL_INVALID_VALUE);

   unsigned n = 0;
   if (device_type & (CL_DEVICE_TYPE_GPU | CL_DEVICE_TYPE_DEFAULT))
      n = ocl_platform_devices(p);
   /* "Default" is one device. */
   if (!(device_type & CL_DEVICE_TYPE_GPU))
      n = MIN2(n, 1);
   CL_CHECK(n, CL_DEVICE_NOT_FOUND);
   for (unsigned i = 0; devices && i < MIN2(n, num_entries); i++)
      devices[i] = (cl_device_id)p->devices[i];
   if (num_devices)
      *num_devices = n;
   return CL_SUCCESS;
}

/* Root devices are not counted. */
CL_API_ENTRY cl_int CL_API_CALL
clRetainDevice(cl_device_id device)
{
   CL_CHECK(ocl_device_check(device), CL_INVALID_DEVICE);
   return CL_SUCCESS;
}

CL_API_ENTRY cl_int CL_API_CALL
clReleaseDevice(cl_device_id device)
{
   CL_CHECK(ocl_device_check(device), CL_INVALID_DEVICE);
   return CL_SUCCESS;
}

/* The device cannot be partitioned: no value of `properties` is supported. */
CL_API_ENTRY cl_int CL_API_CALL
clCreateSubDevices(cl_device_id in_device,
                   const cl_device_partition_property *properties,
                   cl_uint num_devices, cl_device_id *out_devices,
                   cl_uint *num_devices_ret)
{
   CL_CHECK(ocl_device_check(in_device), CL_INVALID_DEVICE);
   return CL_INVALID_VALUE;
}

CL_API_ENTRY cl_int CL_API_CALL
clSetDefaultDeviceCommandQueue(cl_context context, cl_device_id device,
                               cl_command_queue command_queue)
{
   struct ocl_context *ctx = ocl_context_check(context);
   struct ocl_device *dev = ocl_device_check(device);

   CL_CHECK(ctx, CL_INVALID_CONTEXT);
   CL_CHECK(dev && ocl_context_device_index(ctx, dev) >= 0, CL_INVALID_DEVICE);
   return CL_INVALID_OPERATION; /* no replaceable default queue */
}

/* Read close to each other: the device's own clock between two readings of the
 * host's. */
CL_API_ENTRY cl_int CL_API_CALL
clGetDeviceAndHostTimer(cl_device_id device, cl_ulong *device_timestamp,
                        cl_ulong *host_timestamp)
{
   struct ocl_device *dev = ocl_device_check(device);

   CL_CHECK(dev, CL_INVALID_DEVICE);
   CL_CHECK(device_timestamp && host_timestamp, CL_INVALID_VALUE);
   uint64_t before = util_time_ns();
   *device_timestamp = dev->screen->get_timestamp(dev->screen);
   *host_timestamp = before + (util_time_ns() - before) / 2;
   return CL_SUCCESS;
}

CL_API_ENTRY cl_int CL_API_CALL
clGetHostTimer(cl_device_id device, cl_ulong *host_timestamp)
{
   CL_CHECK(ocl_device_check(device), CL_INVALID_DEVICE);
   CL_CHECK(host_timestamp, CL_INVALID_VALUE);
   *host_timestamp = util_time_ns();
   return CL_SUCCESS;
}
