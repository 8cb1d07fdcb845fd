/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* clGetDeviceInfo. What never changes is in tables; what depends on the device
 * is asked from its capabilities. */
#include "cl_priv.h"

#include <stdio.h>
#include <string.h>

#include "../core/ocl_printf.h"
#include "partage/cl_partage.h"
#include "util/util_buf.h"

#define MAX_NAMES 64
/* They are plain GPU memory, but travel in the binary, zeros included. */
#define MAX_GLOBAL_VARIABLE_B (4u << 20)

/* A 32-bit answer (cl_uint, cl_bool, enums) that is the same for every device. */
struct uint_row {
   cl_device_info param;
   cl_uint value;
};

static const struct uint_row uint_rows[] = {
   {CL_DEVICE_MAX_WORK_ITEM_DIMENSIONS, 3},
   /* A scalar machine: vectors gain nothing, except wide loads. */
   {CL_DEVICE_PREFERRED_VECTOR_WIDTH_CHAR, 1},
   {CL_DEVICE_PREFERRED_VECTOR_WIDTH_SHORT, 1},
   {CL_DEVICE_PREFERRED_VECTOR_WIDTH_INT, 1},
   {CL_DEVICE_PREFERRED_VECTOR_WIDTH_LONG, 1},
   {CL_DEVICE_PREFERRED_VECTOR_WIDTH_FLOAT, 1},
   {CL_DEVICE_NATIVE_VECTOR_WIDTH_CHAR, 1},
   {CL_DEVICE_NATIVE_VECTOR_WIDTH_SHORT, 1},
   {CL_DEVICE_NATIVE_VECTOR_WIDTH_INT, 1},
   {CL_DEVICE_NATIVE_VECTOR_WIDTH_LONG, 1},
   {CL_DEVICE_NATIVE_VECTOR_WIDTH_FLOAT, 1},
   {CL_DEVICE_MEM_BASE_ADDR_ALIGN, OCL_DEVICE_MEM_ALIGN_B * 8},
   {CL_DEVICE_MIN_DATA_TYPE_ALIGN_SIZE, OCL_DEVICE_MEM_ALIGN_B},
   {CL_DEVICE_GLOBAL_MEM_CACHE_TYPE, CL_READ_WRITE_CACHE},
   {CL_DEVICE_LOCAL_MEM_TYPE, CL_LOCAL},
   {CL_DEVICE_ERROR_CORRECTION_SUPPORT, CL_FALSE},
   {CL_DEVICE_ENDIAN_LITTLE, CL_TRUE},
   {CL_DEVICE_AVAILABLE, CL_TRUE},
   {CL_DEVICE_OPENCL_C_NUMERIC_VERSION_KHR, CL_MAKE_VERSION(1, 2, 0)},
   {CL_DEVICE_MAX_CONSTANT_ARGS, 16},
   {CL_DEVICE_REFERENCE_COUNT, 1},
   {CL_DEVICE_LUID_VALID_KHR, CL_FALSE},
   {CL_DEVICE_NODE_MASK_KHR, 0},
   {CL_DEVICE_PREFERRED_INTEROP_USER_SYNC, CL_TRUE},
   {CL_DEVICE_PARTITION_MAX_SUB_DEVICES, 0},
   /* no images */
   {CL_DEVICE_IMAGE_SUPPORT, CL_FALSE},
   {CL_DEVICE_MAX_READ_IMAGE_ARGS, 0},
   {CL_DEVICE_MAX_WRITE_IMAGE_ARGS, 0},
   {CL_DEVICE_MAX_READ_WRITE_IMAGE_ARGS, 0},
   {CL_DEVICE_MAX_SAMPLERS, 0},
   {CL_DEVICE_IMAGE_PITCH_ALIGNMENT, 0},
   {CL_DEVICE_IMAGE_BASE_ADDRESS_ALIGNMENT, 0},
   {CL_DEVICE_MAX_PIPE_ARGS, OCL_PIPE_MAX_ARGS},
   {CL_DEVICE_PIPE_MAX_ACTIVE_RESERVATIONS, OCL_PIPE_MAX_RESERVATIONS},
   {CL_DEVICE_PIPE_MAX_PACKET_SIZE, OCL_PIPE_MAX_PACKET_B},
   /* no queues on the device */
   {CL_DEVICE_QUEUE_ON_DEVICE_PREFERRED_SIZE, 0},
   {CL_DEVICE_QUEUE_ON_DEVICE_MAX_SIZE, 0},
   {CL_DEVICE_MAX_ON_DEVICE_QUEUES, 0},
   {CL_DEVICE_MAX_ON_DEVICE_EVENTS, 0},
   /* 0: the natural alignment of the type */
   {CL_DEVICE_PREFERRED_PLATFORM_ATOMIC_ALIGNMENT, 0},
   {CL_DEVICE_PREFERRED_GLOBAL_ATOMIC_ALIGNMENT, 0},
   {CL_DEVICE_PREFERRED_LOCAL_ATOMIC_ALIGNMENT, 0},
   /* Warps of a group are scheduled independently. */
   {CL_DEVICE_SUB_GROUP_INDEPENDENT_FORWARD_PROGRESS, CL_TRUE},
   {CL_DEVICE_NUMERIC_VERSION, CL_MAKE_VERSION(3, 0, 0)},
   {CL_DEVICE_OPENCL_C_NUMERIC_VERSION_KHR, CL_MAKE_VERSION(1, 2, 0)},
};

/* Bit fields of 64 bits and sizes (size_t has 64 bits here) that are always 0. */
static const cl_device_info zero64_rows[] = {
   CL_DEVICE_IMAGE2D_MAX_WIDTH,
   CL_DEVICE_IMAGE2D_MAX_HEIGHT,
   CL_DEVICE_IMAGE3D_MAX_WIDTH,
   CL_DEVICE_IMAGE3D_MAX_HEIGHT,
   CL_DEVICE_IMAGE3D_MAX_DEPTH,
   CL_DEVICE_IMAGE_MAX_BUFFER_SIZE,
   CL_DEVICE_IMAGE_MAX_ARRAY_SIZE,
   CL_DEVICE_PARTITION_AFFINITY_DOMAIN,
   CL_DEVICE_QUEUE_ON_DEVICE_PROPERTIES,
   CL_DEVICE_DEVICE_ENQUEUE_CAPABILITIES,

   CL_DEVICE_PARENT_DEVICE,
};

static const cl_name_version c_versions[] = {
   {CL_MAKE_VERSION(1, 0, 0), "OpenCL C"},
   {CL_MAKE_VERSION(1, 1, 0), "OpenCL C"},
   {CL_MAKE_VERSION(1, 2, 0), "OpenCL C"},
   {CL_MAKE_VERSION(3, 0, 0), "OpenCL C"},
};

static const cl_name_version il_versions[] = {
   {CL_MAKE_VERSION(1, 0, 0), "SPIR-V"}, {CL_MAKE_VERSION(1, 1, 0), "SPIR-V"},
   {CL_MAKE_VERSION(1, 2, 0), "SPIR-V"}, {CL_MAKE_VERSION(1, 3, 0), "SPIR-V"},
   {CL_MAKE_VERSION(1, 4, 0), "SPIR-V"},
};

/* What is a capability of the driver as it is. */
struct cap_row {
   cl_device_info param;
   uint16_t offset_B, size_B; /* in struct pipe_caps */
};

#define CAP(param, field)                                                      \
   {                                                                           \
      param, offsetof(struct pipe_caps, field),                                \
         sizeof(((struct pipe_caps *)0)->field)                                \
   }

static const struct cap_row cap32_rows[] = {
   CAP(CL_DEVICE_VENDOR_ID, vendor_id),
   CAP(CL_DEVICE_MAX_COMPUTE_UNITS, max_compute_units),
   CAP(CL_DEVICE_MAX_CLOCK_FREQUENCY, max_clock_mhz),
   CAP(CL_DEVICE_ADDRESS_BITS, address_bits),
   CAP(CL_DEVICE_GLOBAL_MEM_CACHELINE_SIZE, cache_line_B),
};

static const struct cap_row cap64_rows[] = {
   CAP(CL_DEVICE_MAX_WORK_GROUP_SIZE, max_threads_per_block),
   CAP(CL_DEVICE_PREFERRED_WORK_GROUP_SIZE_MULTIPLE, subgroup_size),
   CAP(CL_DEVICE_MAX_MEM_ALLOC_SIZE, max_alloc_B),
   CAP(CL_DEVICE_MAX_PARAMETER_SIZE, max_args_B),
   CAP(CL_DEVICE_GLOBAL_MEM_CACHE_SIZE, cache_B),
   CAP(CL_DEVICE_GLOBAL_MEM_SIZE, global_mem_B),
   CAP(CL_DEVICE_MAX_CONSTANT_BUFFER_SIZE, max_const_B),
   CAP(CL_DEVICE_PROFILING_TIMER_RESOLUTION, timer_resolution_ns),
};

static bool
find_cap(const struct cap_row *rows, unsigned n, const struct pipe_caps *caps,
         cl_device_info param, cl_ulong *v)
{
   for (unsigned i = 0; i < n; i++) {
      if (rows[i].param != param)
         continue;
      *v = 0;
      memcpy(v, (const char *)caps + rows[i].offset_B, rows[i].size_B);
      return true;
   }
   return false;
}

static bool
find_uint(const struct ocl_device *dev, cl_device_info param, cl_uint *v)
{
   const struct pipe_caps *caps = ocl_device_caps(dev);
   cl_ulong cap;

   for (unsigned i = 0; i < ARRAY_SIZE(uint_rows); i++)
      if (uint_rows[i].param == param) {
         *v = uint_rows[i].value;
         return true;
      }
   if (find_cap(cap32_rows, ARRAY_SIZE(cap32_rows), caps, param, &cap)) {
      *v = cap;
      return true;
   }
   switch (param) {
   case CL_DEVICE_PREFERRED_VECTOR_WIDTH_DOUBLE:
   case CL_DEVICE_NATIVE_VECTOR_WIDTH_DOUBLE:
      *v = caps->fp64 ? 1 : 0;
      return true;
   case CL_DEVICE_PREFERRED_VECTOR_WIDTH_HALF:
   case CL_DEVICE_NATIVE_VECTOR_WIDTH_HALF:
      *v = caps->fp16 ? 2 : 0;
      return true;
   case CL_DEVICE_HOST_UNIFIED_MEMORY:
      *v = CL_FALSE; /* the memory is its own; only the addresses are shared */
      return true;
   case CL_DEVICE_COMPILER_AVAILABLE:
   case CL_DEVICE_LINKER_AVAILABLE:
      *v = dev->compiler;
      return true;
   case CL_DEVICE_MAX_NUM_SUB_GROUPS:
      *v = ocl_device_has_c_feature(dev, "__opencl_c_subgroups")
              ? caps->max_threads_per_block / caps->subgroup_size
              : 0;
      return true;
   case CL_DEVICE_NON_UNIFORM_WORK_GROUP_SUPPORT:
      *v = OCL_NON_UNIFORM_GROUPS;
      return true;
   case CL_DEVICE_WORK_GROUP_COLLECTIVE_FUNCTIONS_SUPPORT:
      *v = ocl_device_has_c_feature(
         dev, "__opencl_c_work_group_collective_functions");
      return true;
   case CL_DEVICE_PIPE_SUPPORT:
      *v = ocl_device_has_c_feature(dev, "__opencl_c_pipes");
      return true;
   case CL_DEVICE_GENERIC_ADDRESS_SPACE_SUPPORT:
      *v = ocl_device_has_c_feature(dev, "__opencl_c_generic_address_space");
      return true;
   default:
      return false;
   }
}

/* Denormals and fused multiply-add are in hardware. In single precision
 * division and square root are rounded correctly where the program's options
 * ask for it. */
static cl_ulong
single_fp_config(void)
{
   return CL_FP_DENORM | CL_FP_INF_NAN | CL_FP_ROUND_TO_NEAREST |
          CL_FP_ROUND_TO_ZERO | CL_FP_ROUND_TO_INF | CL_FP_FMA;
}

static bool
find_number_format(const struct ocl_device *dev, cl_device_info param,
                   cl_ulong *v)
{
   const struct pipe_caps *caps = ocl_device_caps(dev);

   switch (param) {
   case CL_DEVICE_SINGLE_FP_CONFIG:
      *v = single_fp_config() | CL_FP_CORRECTLY_ROUNDED_DIVIDE_SQRT;
      return true;
   case CL_DEVICE_DOUBLE_FP_CONFIG:
      *v = caps->fp64 ? single_fp_config() : 0;
      return true;
   case CL_DEVICE_HALF_FP_CONFIG:
      *v = caps->fp16 ? single_fp_config() : 0;
      return true;
   case CL_DEVICE_SINGLE_FP_ATOMIC_CAPABILITIES_EXT:
      *v = ocl_device_fp_atomics(dev, 32);
      return true;
   case CL_DEVICE_DOUBLE_FP_ATOMIC_CAPABILITIES_EXT:
      *v = ocl_device_fp_atomics(dev, 64);
      return true;
   case CL_DEVICE_HALF_FP_ATOMIC_CAPABILITIES_EXT:
      *v = ocl_device_fp_atomics(dev, 16);
      return true;
   default:
      return false;
   }
}

/* cl_ulong, size_t and 64-bit bit fields. */
static bool
find_u64(const struct ocl_device *dev, cl_device_info param, cl_ulong *v)
{
   const struct pipe_caps *caps = ocl_device_caps(dev);

   for (unsigned i = 0; i < ARRAY_SIZE(zero64_rows); i++)
      if (zero64_rows[i] == param) {
         *v = 0;
         return true;
      }
   if (find_cap(cap64_rows, ARRAY_SIZE(cap64_rows), caps, param, v) ||
       find_number_format(dev, param, v))
      return true;
   switch (param) {
   case CL_DEVICE_TYPE:
      *v = CL_DEVICE_TYPE_GPU;
      return true;
   case CL_DEVICE_PLATFORM:
      *v = (uintptr_t)dev->platform;
      return true;
   case CL_DEVICE_LOCAL_MEM_SIZE:
      *v = caps->shared_mem_B - OCL_LOCAL_NULL_B;
      return true;
   case CL_DEVICE_INTEGER_DOT_PRODUCT_CAPABILITIES_KHR:
      *v = CL_DEVICE_INTEGER_DOT_PRODUCT_INPUT_4x8BIT_PACKED_KHR |
           CL_DEVICE_INTEGER_DOT_PRODUCT_INPUT_4x8BIT_KHR;
      return true;
   case CL_DEVICE_EXECUTION_CAPABILITIES:
      *v = CL_EXEC_KERNEL;
      return true;
   case CL_DEVICE_QUEUE_ON_HOST_PROPERTIES:
      *v = CL_QUEUE_PROFILING_ENABLE | CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE;
      return true;
   case CL_DEVICE_PRINTF_BUFFER_SIZE:
      *v = OCL_PRINTF_B;
      return true;
   case CL_DEVICE_MAX_GLOBAL_VARIABLE_SIZE:
   case CL_DEVICE_GLOBAL_VARIABLE_PREFERRED_TOTAL_SIZE:
      *v = MAX_GLOBAL_VARIABLE_B;
      return true;
   case CL_DEVICE_SVM_CAPABILITIES:
      *v = dev->svm_caps;
      return true;
   case CL_DEVICE_ATOMIC_MEMORY_CAPABILITIES:
      *v = ocl_device_atomic_memory(dev);
      return true;
   case CL_DEVICE_ATOMIC_FENCE_CAPABILITIES:
      *v = ocl_device_atomic_fence(dev);
      return true;
   default:
      return false;
   }
}

static const char *
find_string(const struct ocl_device *dev, cl_device_info param)
{
   const struct pipe_caps *caps = ocl_device_caps(dev);

   switch (param) {
   case CL_DEVICE_NAME:
      return caps->name;
   case CL_DEVICE_VENDOR:
      return caps->vendor;
   case CL_DRIVER_VERSION:
      return caps->driver_version;
   case CL_DEVICE_PROFILE:
      return "FULL_PROFILE";
   case CL_DEVICE_VERSION:
      return "OpenCL 3.0 partage " PARTAGE_VERSION;
   case CL_DEVICE_OPENCL_C_VERSION:
      return "OpenCL C 1.2 partage";
   case CL_DEVICE_BUILT_IN_KERNELS:
      return "";
   case CL_DEVICE_IL_VERSION:
      return ocl_device_has_il(dev) ? "SPIR-V_1.0 SPIR-V_1.1 SPIR-V_1.2 "
                                      "SPIR-V_1.3 SPIR-V_1.4"
                                    : "";
   case CL_DEVICE_LATEST_CONFORMANCE_VERSION_PASSED:
      return "v0000-01-01-00"; /* none */
   default:
      return NULL;
   }
}

static cl_int
return_extension_names(const struct ocl_device *dev, const struct cl_out *out)
{
   cl_name_version list[MAX_NAMES];
   unsigned n = ocl_device_extensions(dev, list, MAX_NAMES);
   struct util_buf text;

   util_buf_init(&text);
   for (unsigned i = 0; i < n; i++)
      util_buf_printf(&text, "%s%s", i ? " " : "", list[i].name);
   cl_int err = cl_return_string(out, text.data);
   util_buf_finish(&text);
   return err;
}

static cl_int
return_pci_info(const struct pipe_caps *caps, const struct cl_out *out)
{
   const cl_device_pci_bus_info_khr info = {
      caps->pci_domain, caps->pci_bus, caps->pci_device, caps->pci_function};

   return cl_return(out, &info, sizeof(info));
}

/* IDP, which chips from GP102 on have, takes four bytes of either sign and a
 * word; saturation is an addition more. */
static cl_int
return_dot_product(const struct pipe_caps *caps, const struct cl_out *out)
{
   cl_bool fast = caps->int_dot_product;
   const cl_device_integer_dot_product_acceleration_properties_khr info = {
      .signed_accelerated = fast,
      .unsigned_accelerated = fast,
      .mixed_signedness_accelerated = fast,
   };
   return cl_return(out, &info, sizeof(info));
}

/* Changes with what a program may notice of the driver: its version. */
static cl_int
return_driver_uuid(const struct cl_out *out)
{
   char uuid[CL_UUID_SIZE_KHR] = {0};

   snprintf(uuid, sizeof(uuid), "partage %s", PARTAGE_VERSION);
   return cl_return(out, uuid, sizeof(uuid));
}

static cl_int
return_svm_counters(const struct ocl_device *dev, const struct cl_out *out)
{
   struct pipe_svm_counters c = {0};

   if (dev->screen->svm_counters)
      dev->screen->svm_counters(dev->screen, &c);
   const struct cl_svm_counters_partage counters = {
      .faults_read = c.faults_read,
      .faults_write = c.faults_write,
      .faults_atomic = c.faults_atomic,
      .replays = c.replays,
      .cancels = c.cancels,
      .pages_to_device = c.pages_to_device,
      .pages_to_host = c.pages_to_host,
   };
   return cl_return(out, &counters, sizeof(counters));
}

static cl_int
return_list(const struct ocl_device *dev, cl_device_info param,
            const struct cl_out *out)
{
   const struct pipe_caps *caps = ocl_device_caps(dev);
   cl_name_version list[MAX_NAMES];
   unsigned n;

   switch (param) {
   case CL_DEVICE_EXTENSIONS:
      return return_extension_names(dev, out);
   case CL_DEVICE_EXTENSIONS_WITH_VERSION:
      n = ocl_device_extensions(dev, list, MAX_NAMES);
      return cl_return(out, list, n * sizeof(list[0]));
   case CL_DEVICE_OPENCL_C_FEATURES:
      n = ocl_device_c_features(dev, list, MAX_NAMES);
      return cl_return(out, list, n * sizeof(list[0]));
   case CL_DEVICE_OPENCL_C_ALL_VERSIONS:
      return cl_return(out, c_versions, sizeof(c_versions));
   case CL_DEVICE_ILS_WITH_VERSION:
      return cl_return(out, il_versions,
                       ocl_device_has_il(dev) ? sizeof(il_versions) : 0);
   case CL_DEVICE_BUILT_IN_KERNELS_WITH_VERSION:
      return cl_return(out, NULL, 0);
   case CL_DEVICE_MAX_WORK_ITEM_SIZES: {
      size_t sizes[3] = {caps->max_block[0], caps->max_block[1],
                         caps->max_block[2]};
      return cl_return(out, sizes, sizeof(sizes));
   }
   case CL_DEVICE_PARTITION_PROPERTIES:
      CL_RETURN(out, cl_device_partition_property, 0);
   case CL_DEVICE_PARTITION_TYPE:
      return cl_return(out, NULL, 0);
   case CL_DEVICE_PCI_BUS_INFO_KHR:
      return return_pci_info(caps, out);
   case CL_DEVICE_INTEGER_DOT_PRODUCT_ACCELERATION_PROPERTIES_8BIT_KHR:
   case CL_DEVICE_INTEGER_DOT_PRODUCT_ACCELERATION_PROPERTIES_4x8BIT_PACKED_KHR:
      return return_dot_product(caps, out);
   case CL_DEVICE_UUID_KHR:
      return cl_return(out, caps->uuid, sizeof(caps->uuid));
   case CL_DRIVER_UUID_KHR:
      return return_driver_uuid(out);
   case CL_DEVICE_LUID_KHR: /* Windows has them: CL_DEVICE_LUID_VALID_KHR */
      return cl_return(out, (char[CL_LUID_SIZE_KHR]){0}, CL_LUID_SIZE_KHR);
   case CL_DEVICE_SVM_COUNTERS_PARTAGE:
      return return_svm_counters(dev, out);
   default:
      return CL_INVALID_VALUE;
   }
}

CL_API_ENTRY cl_int CL_API_CALL
clGetDeviceInfo(cl_device_id device, cl_device_info param_name,
                size_t param_value_size, void *param_value,
                size_t *param_value_size_ret)
{
   const struct cl_out out = {param_value_size, param_value,
                              param_value_size_ret};
   const struct ocl_device *dev = ocl_device_check(device);
   const char *string;
   cl_uint v32;
   cl_ulong v64;

   CL_CHECK(dev, CL_INVALID_DEVICE);
   if (find_uint(dev, param_name, &v32))
      CL_RETURN(&out, cl_uint, v32);
   if (find_u64(dev, param_name, &v64))
      CL_RETURN(&out, cl_ulong, v64);
   string = find_string(dev, param_name);
   if (string)
      return cl_return_string(&out, string);
   return return_list(dev, param_name, &out);
}
