/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "cl_priv.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

CL_API_ENTRY cl_int CL_API_CALL
clGetPlatformIDs(cl_uint num_entries, cl_platform_id *platforms,
                 cl_uint *num_platforms)
{
   CL_CHECK(num_entries || !platforms, CL_INVALID_VALUE);
   CL_CHECK(platforms || num_platforms, CL_INVALID_VALUE);
   if (platforms)
      platforms[0] = (cl_platform_id)ocl_platform_instance();
   if (num_platforms)
      *num_platforms = 1;
   return CL_SUCCESS;
}

PARTAGE_EXPORT cl_int CL_API_CALL
clIcdGetPlatformIDsKHR(cl_uint num_entries, cl_platform_id *platforms,
                       cl_uint *num_platforms)
{
   return clGetPlatformIDs(num_entries, platforms, num_platforms);
}

/* Only what every device has may be listed for the platform: the extensions of
 * the interface itself. */
static const cl_name_version platform_extensions[] = {
   {CL_MAKE_VERSION(1, 0, 0), "cl_khr_icd"},
   {CL_MAKE_VERSION(1, 0, 0), "cl_khr_extended_versioning"},
};

static cl_int
return_extensions(const struct cl_out *out)
{
   char text[256] = "";

   for (unsigned i = 0; i < ARRAY_SIZE(platform_extensions); i++) {
      strcat(text, i ? " " : "");
      strcat(text, platform_extensions[i].name);
   }
   return cl_return_string(out, text);
}

static cl_ulong
host_timer_resolution(void)
{
   struct timespec ts = {0};

   clock_getres(CLOCK_MONOTONIC, &ts);
   return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

PARTAGE_EXPORT CL_API_ENTRY cl_int CL_API_CALL
clGetPlatformInfo(cl_platform_id platform, cl_platform_info param_name,
                  size_t param_value_size, void *param_value,
                  size_t *param_value_size_ret)
{
   const struct cl_out out = {param_value_size, param_value,
                              param_value_size_ret};

   CL_CHECK(!platform || ocl_platform_check(platform), CL_INVALID_PLATFORM);
   switch (param_name) {
   case CL_PLATFORM_PROFILE:
      return cl_return_string(&out, "FULL_PROFILE");
   case CL_PLATFORM_VERSION:
      return cl_return_string(&out, "OpenCL 3.0 partage " PARTAGE_VERSION);
   case CL_PLATFORM_NAME:
      return cl_return_string(&out, OCL_PLATFORM_NAME);
   case CL_PLATFORM_VENDOR:
      return cl_return_string(&out, "The partage authors");
   case CL_PLATFORM_EXTENSIONS:
      return return_extensions(&out);
   case CL_PLATFORM_ICD_SUFFIX_KHR:
      return cl_return_string(&out, "PARTAGE");
   case CL_PLATFORM_HOST_TIMER_RESOLUTION:
      CL_RETURN(&out, cl_ulong, host_timer_resolution());
   case CL_PLATFORM_NUMERIC_VERSION:
      CL_RETURN(&out, cl_version, CL_MAKE_VERSION(3, 0, 0));
   case CL_PLATFORM_EXTENSIONS_WITH_VERSION:
      return cl_return(&out, platform_extensions, sizeof(platform_extensions));
   default:
      return CL_INVALID_VALUE;
   }
}

PARTAGE_EXPORT CL_API_ENTRY void *CL_API_CALL
clGetExtensionFunctionAddress(const char *func_name)
{
   return func_name ? cl_extension_function(func_name) : NULL;
}

CL_API_ENTRY void *CL_API_CALL
clGetExtensionFunctionAddressForPlatform(cl_platform_id platform,
                                         const char *func_name)
{
   if (!ocl_platform_check(platform))
      return NULL;
   return clGetExtensionFunctionAddress(func_name);
}

CL_API_ENTRY cl_int CL_API_CALL
clUnloadPlatformCompiler(cl_platform_id platform)
{
   CL_CHECK(ocl_platform_check(platform), CL_INVALID_PLATFORM);
   return CL_SUCCESS;
}

CL_API_ENTRY cl_int CL_API_CALL
clUnloadCompiler(void)
{
   return CL_SUCCESS;
}
