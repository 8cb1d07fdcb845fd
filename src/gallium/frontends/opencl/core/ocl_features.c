/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Extensions and OpenCL C features: one row each, with the condition under
 * which the device has it. The rows must agree with the compiler's headers
 * (compiler/clc): a row here without the feature there fails at the first
 * build. */
#include "ocl_device.h"

#include <string.h>

struct version_row {
   const char *name;
   cl_version version;
   bool (*has)(const struct ocl_device *dev); /* NULL: always */
};

static bool
has_fp64(const struct ocl_device *dev)
{
   return ocl_device_caps(dev)->fp64;
}

static bool
has_fp16(const struct ocl_device *dev)
{
   return ocl_device_caps(dev)->fp16;
}

static bool
has_int64_atomics(const struct ocl_device *dev)
{
   return ocl_device_caps(dev)->int64_atomics;
}

bool
ocl_device_has_il(const struct ocl_device *dev)
{
   return dev->compiler;
}

#define V(major, minor) CL_MAKE_VERSION(major, minor, 0)

static const struct version_row extensions[] = {
   {"cl_khr_byte_addressable_store", V(1, 0)},
   {"cl_khr_global_int32_base_atomics", V(1, 0)},
   {"cl_khr_global_int32_extended_atomics", V(1, 0)},
   {"cl_khr_local_int32_base_atomics", V(1, 0)},
   {"cl_khr_local_int32_extended_atomics", V(1, 0)},
   {"cl_khr_int64_base_atomics", V(1, 0), has_int64_atomics},
   {"cl_khr_int64_extended_atomics", V(1, 0), has_int64_atomics},
   {"cl_khr_fp64", V(1, 0), has_fp64},
   {"cl_khr_fp16", V(1, 0), has_fp16},
   {"cl_khr_subgroups", V(1, 0)},
   {"cl_khr_subgroup_extended_types", V(1, 0)},
   {"cl_khr_subgroup_non_uniform_vote", V(1, 0)},
   {"cl_khr_subgroup_ballot", V(1, 0)},
   {"cl_khr_subgroup_non_uniform_arithmetic", V(1, 0)},
   {"cl_khr_subgroup_shuffle", V(1, 0)},
   {"cl_khr_subgroup_shuffle_relative", V(1, 0)},
   {"cl_khr_subgroup_clustered_reduce", V(1, 0)},
   {"cl_khr_subgroup_rotate", V(1, 0)},
   {"cl_khr_extended_bit_ops", V(1, 0)},
   {"cl_khr_integer_dot_product", V(2, 0)},
   {"cl_ext_float_atomics", V(1, 0)},
   {"cl_khr_il_program", V(1, 0), ocl_device_has_il},
   {"cl_khr_icd", V(1, 0)},
   {"cl_khr_extended_versioning", V(1, 0)},
   {"cl_partage_svm_counters", V(1, 0)},
   {"cl_partage_svm_migrate_system", V(1, 0)},
   {"cl_khr_pci_bus_info", V(1, 0)},
   {"cl_khr_device_uuid", V(1, 0)},
};

static const struct version_row c_features[] = {
   {"__opencl_c_int64", V(3, 0)},
   {"__opencl_c_fp64", V(3, 0), has_fp64},
   {"__opencl_c_atomic_order_acq_rel", V(3, 0)},
   {"__opencl_c_atomic_order_seq_cst", V(3, 0)},
   {"__opencl_c_atomic_scope_device", V(3, 0)},
   {"__opencl_c_atomic_scope_all_devices", V(3, 0)},
   {"__opencl_c_generic_address_space", V(3, 0)},
   {"__opencl_c_program_scope_global_variables", V(3, 0)},
   {"__opencl_c_integer_dot_product_input_4x8bit", V(3, 0)},
   {"__opencl_c_integer_dot_product_input_4x8bit_packed", V(3, 0)},
   {"__opencl_c_subgroups", V(3, 0)},
   {"__opencl_c_pipes", V(3, 0)},
   {"__opencl_c_ext_fp32_global_atomic_add", V(3, 0)},
   {"__opencl_c_ext_fp32_local_atomic_add", V(3, 0)},
   {"__opencl_c_ext_fp32_global_atomic_min_max", V(3, 0)},
   {"__opencl_c_ext_fp32_local_atomic_min_max", V(3, 0)},
   {"__opencl_c_ext_fp64_global_atomic_add", V(3, 0), has_fp64},
   {"__opencl_c_ext_fp64_local_atomic_add", V(3, 0), has_fp64},
   {"__opencl_c_ext_fp64_global_atomic_min_max", V(3, 0), has_fp64},
   {"__opencl_c_ext_fp64_local_atomic_min_max", V(3, 0), has_fp64},
   {"__opencl_c_work_group_collective_functions", V(3, 0)},
};

static unsigned
collect(const struct version_row *rows, unsigned n,
        const struct ocl_device *dev, cl_name_version *out, unsigned max)
{
   unsigned count = 0;

   for (unsigned i = 0; i < n; i++) {
      if (rows[i].has && !rows[i].has(dev))
         continue;
      if (count < max) {
         memset(&out[count], 0, sizeof(out[count]));
         out[count].version = rows[i].version;
         strncpy(out[count].name, rows[i].name,
                 CL_NAME_VERSION_MAX_NAME_SIZE - 1);
      }
      count++;
   }
   return count;
}

unsigned
ocl_device_extensions(const struct ocl_device *dev, cl_name_version *out,
                      unsigned max)
{
   return collect(extensions, ARRAY_SIZE(extensions), dev, out, max);
}

unsigned
ocl_device_c_features(const struct ocl_device *dev, cl_name_version *out,
                      unsigned max)
{
   return collect(c_features, ARRAY_SIZE(c_features), dev, out, max);
}

bool
ocl_device_has_c_feature(const struct ocl_device *dev, const char *name)
{
   for (unsigned i = 0; i < ARRAY_SIZE(c_features); i++)
      if (!strcmp(c_features[i].name, name))
         return !c_features[i].has || c_features[i].has(dev);
   return false;
}

/* Derived from the features, so that the two can never disagree. */
cl_device_atomic_capabilities
ocl_device_atomic_memory(const struct ocl_device *dev)
{
   cl_device_atomic_capabilities c =
      CL_DEVICE_ATOMIC_ORDER_RELAXED | CL_DEVICE_ATOMIC_SCOPE_WORK_GROUP;

   if (ocl_device_has_c_feature(dev, "__opencl_c_atomic_order_acq_rel"))
      c |= CL_DEVICE_ATOMIC_ORDER_ACQ_REL;
   if (ocl_device_has_c_feature(dev, "__opencl_c_atomic_order_seq_cst"))
      c |= CL_DEVICE_ATOMIC_ORDER_SEQ_CST;
   if (ocl_device_has_c_feature(dev, "__opencl_c_atomic_scope_device"))
      c |= CL_DEVICE_ATOMIC_SCOPE_DEVICE;
   if (ocl_device_has_c_feature(dev, "__opencl_c_atomic_scope_all_devices"))
      c |= CL_DEVICE_ATOMIC_SCOPE_ALL_DEVICES;
   return c;
}

/* A fence also has the work-item scope, and acquire-release order is mandatory.
 */
cl_device_atomic_capabilities
ocl_device_atomic_fence(const struct ocl_device *dev)
{
   return ocl_device_atomic_memory(dev) | CL_DEVICE_ATOMIC_ORDER_ACQ_REL |
          CL_DEVICE_ATOMIC_SCOPE_WORK_ITEM;
}

/* All that the language has, except for halves: the card has no atomics of 16
 * bits. */
cl_device_fp_atomic_capabilities_ext
ocl_device_fp_atomics(const struct ocl_device *dev, unsigned bits)
{
   if (bits == 16 || (bits == 64 && !has_fp64(dev)))
      return 0;
   return CL_DEVICE_GLOBAL_FP_ATOMIC_LOAD_STORE_EXT |
          CL_DEVICE_GLOBAL_FP_ATOMIC_ADD_EXT |
          CL_DEVICE_GLOBAL_FP_ATOMIC_MIN_MAX_EXT |
          CL_DEVICE_LOCAL_FP_ATOMIC_LOAD_STORE_EXT |
          CL_DEVICE_LOCAL_FP_ATOMIC_ADD_EXT |
          CL_DEVICE_LOCAL_FP_ATOMIC_MIN_MAX_EXT;
}
