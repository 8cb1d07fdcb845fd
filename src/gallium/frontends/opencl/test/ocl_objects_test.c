/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Platform, device, context, queue: answers, errors, reference counts. */
#include "ocl_test.h"

static void
test_dispatch_is_full(void **state)
{
   void *const *entry = (void *const *)&ocl_dispatch;

   for (unsigned i = 0; i < sizeof(ocl_dispatch) / sizeof(void *); i++)
      assert_non_null(entry[i]);
}

static void
test_platform(void **state)
{
   cl_platform_id p = NULL, more[3];
   cl_uint n = 0;
   char text[64];
   size_t size;

   assert_int_equal(clGetPlatformIDs(0, &p, NULL), CL_INVALID_VALUE);
   assert_int_equal(clGetPlatformIDs(1, NULL, NULL), CL_INVALID_VALUE);
   OK(clGetPlatformIDs(3, more, &n));
   assert_int_equal(n, 1);
   OK(clGetPlatformInfo(more[0], CL_PLATFORM_ICD_SUFFIX_KHR, sizeof(text), text,
                        &size));
   assert_string_equal(text, "PARTAGE");
   assert_int_equal(size, 8);
   assert_int_equal(
      clGetPlatformInfo(more[0], CL_PLATFORM_ICD_SUFFIX_KHR, 7, text, NULL),
      CL_INVALID_VALUE);
   assert_int_equal(
      clGetPlatformInfo(more[0], 0xdead, sizeof(text), text, NULL),
      CL_INVALID_VALUE);
   OK(clGetPlatformInfo(more[0], CL_PLATFORM_VERSION, sizeof(text), text,
                        NULL));
   assert_memory_equal(text, "OpenCL 3.0 ", 11);
   assert_non_null(clGetExtensionFunctionAddress("clIcdGetPlatformIDsKHR"));
   assert_null(clGetExtensionFunctionAddress("clNoSuchThing"));
   assert_null(
      clGetExtensionFunctionAddressForPlatform(NULL, "clIcdGetPlatformIDsKHR"));
}

static void
test_device_ids(void **state)
{
   cl_platform_id p;
   cl_device_id dev;
   cl_uint n;

   OK(clGetPlatformIDs(1, &p, NULL));
   assert_int_equal(clGetDeviceIDs(p, 0, 1, &dev, NULL),
                    CL_INVALID_DEVICE_TYPE);
   assert_int_equal(clGetDeviceIDs(p, 1 << 10, 1, &dev, NULL),
                    CL_INVALID_DEVICE_TYPE);
   assert_int_equal(clGetDeviceIDs(p, CL_DEVICE_TYPE_CPU, 1, &dev, NULL),
                    CL_DEVICE_NOT_FOUND);
   assert_int_equal(clGetDeviceIDs(p, CL_DEVICE_TYPE_GPU, 0, &dev, NULL),
                    CL_INVALID_VALUE);
   assert_int_equal(clGetDeviceIDs(p, CL_DEVICE_TYPE_GPU, 1, NULL, NULL),
                    CL_INVALID_VALUE);
   OK(clGetDeviceIDs(p, CL_DEVICE_TYPE_DEFAULT, 1, &dev, &n));
   assert_int_equal(n, 1);
   OK(clGetDeviceIDs(p, CL_DEVICE_TYPE_ALL, 0, NULL, &n));
   assert_int_equal(n, 1);
   assert_int_equal(clCreateSubDevices(dev, NULL, 0, NULL, NULL),
                    CL_INVALID_VALUE);
   OK(clRetainDevice(dev));
   OK(clReleaseDevice(dev));
   assert_int_equal(clRetainDevice((cl_device_id)p), CL_INVALID_DEVICE);
}

/* Every query of OpenCL 3.0 answers, with the size it says, and refuses a place
 * that is one byte too small. */
static void
test_device_info_all(void **state)
{
   struct cl_test t;
   char buf[4096];

   cl_test_open(&t, 0);
   for (cl_device_info param = 0x1000; param <= 0x1072; param++) {
      size_t size = 12345;
      cl_int err = clGetDeviceInfo(t.device, param, 0, NULL, &size);
      if (err)
         print_message("device query 0x%x fails\n", param);
      OK(err);
      assert_true(size <= sizeof(buf));
      OK(clGetDeviceInfo(t.device, param, size, buf, NULL));
      if (size)
         assert_int_equal(clGetDeviceInfo(t.device, param, size - 1, buf, NULL),
                          CL_INVALID_VALUE);
   }
   cl_test_close(&t);
}

static void
test_device_info_values(void **state)
{
   struct cl_test t;
   cl_ulong u64;
   cl_uint u32;
   size_t sizes[3];
   cl_name_version names[32];
   size_t size;

   cl_test_open(&t, 0);
   OK(clGetDeviceInfo(t.device, CL_DEVICE_MAX_COMPUTE_UNITS, 4, &u32, NULL));
   assert_int_equal(u32, 20);
   OK(clGetDeviceInfo(t.device, CL_DEVICE_GLOBAL_MEM_SIZE, 8, &u64, NULL));
   assert_int_equal(u64, 1ull << 33);
   OK(clGetDeviceInfo(t.device, CL_DEVICE_MAX_WORK_ITEM_SIZES, sizeof(sizes),
                      sizes, NULL));
   assert_int_equal(sizes[2], 64);
   OK(clGetDeviceInfo(t.device, CL_DEVICE_IMAGE_SUPPORT, 4, &u32, NULL));
   assert_int_equal(u32, CL_FALSE);
   OK(clGetDeviceInfo(t.device, CL_DEVICE_OPENCL_C_FEATURES, sizeof(names),
                      names, &size));
   bool all_devices = false;
   for (unsigned i = 0; i < size / sizeof(names[0]); i++)
      all_devices |=
         !strcmp(names[i].name, "__opencl_c_atomic_scope_all_devices");
   OK(clGetDeviceInfo(t.device, CL_DEVICE_ATOMIC_MEMORY_CAPABILITIES, 8, &u64,
                      NULL));
   assert_int_equal(all_devices,
                    (u64 & CL_DEVICE_ATOMIC_SCOPE_ALL_DEVICES) != 0);
   cl_test_close(&t);
}

static void
count_destroyed(cl_context ctx, void *data)
{
   unsigned *order = data;
   order[++order[0]] = 1;
}

static void
count_destroyed_2(cl_context ctx, void *data)
{
   unsigned *order = data;
   order[++order[0]] = 2;
}

static void
ignore_notify(const char *text, const void *info, size_t cb, void *data)
{
}

static void
test_context(void **state)
{
   struct cl_test t;
   cl_int err;
   int user;
   cl_uint n;

   cl_test_open(&t, 0);
   cl_context_properties bad_name[] = {0x7777, 0, 0};
   cl_context_properties bad_platform[] = {CL_CONTEXT_PLATFORM,
                                           (cl_context_properties)t.device, 0};
   cl_context_properties twice[] = {
      CL_CONTEXT_PLATFORM, (cl_context_properties)t.platform,
      CL_CONTEXT_PLATFORM, (cl_context_properties)t.platform, 0};
   cl_context_properties good[] = {CL_CONTEXT_PLATFORM,
                                   (cl_context_properties)t.platform, 0};
   cl_device_id not_a_device = (cl_device_id)t.platform;
   const struct {
      const cl_context_properties *props;
      cl_uint n;
      const cl_device_id *devs;
      bool notify;
      void *data;
      cl_int err;
   } rows[] = {
      {NULL, 0, &t.device, false, NULL, CL_INVALID_VALUE},
      {NULL, 1, NULL, false, NULL, CL_INVALID_VALUE},
      {NULL, 1, &t.device, false, &user, CL_INVALID_VALUE},
      {bad_name, 1, &t.device, false, NULL, CL_INVALID_PROPERTY},
      {bad_platform, 1, &t.device, false, NULL, CL_INVALID_PLATFORM},
      {twice, 1, &t.device, false, NULL, CL_INVALID_PROPERTY},
      {NULL, 1, &not_a_device, false, NULL, CL_INVALID_DEVICE},
      {good, 1, &t.device, true, &user, CL_SUCCESS},
   };
   for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
      cl_context c = clCreateContext(rows[i].props, rows[i].n, rows[i].devs,
                                     rows[i].notify ? ignore_notify : NULL,
                                     rows[i].data, &err);
      assert_int_equal(err, rows[i].err);
      assert_int_equal(c != NULL, err == CL_SUCCESS);
      if (c)
         OK(clReleaseContext(c));
   }
   assert_null(clCreateContextFromType(NULL, CL_DEVICE_TYPE_ACCELERATOR, NULL,
                                       NULL, &err));
   assert_int_equal(err, CL_DEVICE_NOT_FOUND);
   assert_null(clCreateContextFromType(NULL, 0x100, NULL, NULL, &err));
   assert_int_equal(err, CL_INVALID_DEVICE_TYPE);

   OK(clGetContextInfo(t.ctx, CL_CONTEXT_REFERENCE_COUNT, sizeof(n), &n, NULL));
   assert_int_equal(n, 1);
   assert_int_equal(clGetContextInfo(NULL, CL_CONTEXT_DEVICES, 0, NULL, NULL),
                    CL_INVALID_CONTEXT);
   cl_test_close(&t);
}

static void
test_context_destructors(void **state)
{
   struct cl_test t;
   unsigned order[4] = {0};

   cl_test_open(&t, 0);
   assert_int_equal(clSetContextDestructorCallback(t.ctx, NULL, NULL),
                    CL_INVALID_VALUE);
   OK(clSetContextDestructorCallback(t.ctx, count_destroyed, order));
   OK(clSetContextDestructorCallback(t.ctx, count_destroyed_2, order));
   OK(clReleaseContext(t.ctx));
   assert_int_equal(order[0], 0); /* the queue keeps it */
   OK(clReleaseCommandQueue(t.q));
   assert_int_equal(order[0], 2);
   assert_int_equal(order[1], 2); /* last registered first */
   assert_int_equal(order[2], 1);
}

static void
test_queue(void **state)
{
   struct cl_test t;
   cl_int err;
   cl_uint n;

   cl_test_open(&t, 0);
   const struct {
      cl_queue_properties props[5];
      cl_int err;
   } rows[] = {
      {{CL_QUEUE_PROPERTIES, CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE, 0},
       CL_SUCCESS},
      {{CL_QUEUE_PROPERTIES,
        CL_QUEUE_ON_DEVICE | CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE, 0},
       CL_INVALID_QUEUE_PROPERTIES},
      {{CL_QUEUE_PROPERTIES, CL_QUEUE_ON_DEVICE_DEFAULT, 0}, CL_INVALID_VALUE},
      {{CL_QUEUE_PROPERTIES, 1 << 20, 0}, CL_INVALID_VALUE},
      {{CL_QUEUE_SIZE, 16, 0}, CL_INVALID_VALUE},
      {{0x9999, 1, 0}, CL_INVALID_VALUE},
      {{CL_QUEUE_PROPERTIES, 0, CL_QUEUE_PROPERTIES, 0, 0}, CL_INVALID_VALUE},
      {{CL_QUEUE_PROPERTIES, CL_QUEUE_PROFILING_ENABLE, 0}, CL_SUCCESS},
   };
   for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
      cl_command_queue q = clCreateCommandQueueWithProperties(
         t.ctx, t.device, rows[i].props, &err);
      assert_int_equal(err, rows[i].err);
      if (q)
         OK(clReleaseCommandQueue(q));
   }
   assert_null(clCreateCommandQueue(NULL, t.device, 0, &err));
   assert_int_equal(err, CL_INVALID_CONTEXT);
   assert_null(clCreateCommandQueue(t.ctx, NULL, 0, &err));
   assert_int_equal(err, CL_INVALID_DEVICE);
   assert_int_equal(clSetCommandQueueProperty(t.q, 0, CL_TRUE, NULL),
                    CL_INVALID_OPERATION);
   assert_int_equal(clGetCommandQueueInfo(t.q, CL_QUEUE_SIZE, 0, NULL, NULL),
                    CL_INVALID_COMMAND_QUEUE);

   OK(clRetainCommandQueue(t.q));
   OK(clGetCommandQueueInfo(t.q, CL_QUEUE_REFERENCE_COUNT, sizeof(n), &n,
                            NULL));
   assert_int_equal(n, 2);
   OK(clReleaseCommandQueue(t.q));
   cl_test_close(&t);
}

/* A released handle is refused while something still holds the object's memory.
 */
static void
test_released_handle(void **state)
{
   struct cl_test t;
   cl_int err;

   cl_test_open(&t, 0);
   cl_event user = clCreateUserEvent(t.ctx, &err);
   cl_mem buf = clCreateBuffer(t.ctx, 0, 4096, NULL, &err);
   int v = 1;
   OK(clEnqueueWriteBuffer(t.q, buf, CL_FALSE, 0, 4, &v, 1, &user, NULL));
   OK(clReleaseMemObject(buf));
   assert_int_equal(clReleaseMemObject(buf), CL_INVALID_MEM_OBJECT);
   assert_int_equal(clRetainMemObject(buf), CL_INVALID_MEM_OBJECT);
   OK(clSetUserEventStatus(user, CL_COMPLETE));
   cl_test_close(&t);
   OK(clReleaseEvent(user));
}

static void
test_unsupported(void **state)
{
   struct cl_test t;
   cl_image_format format = {CL_RGBA, CL_UNORM_INT8};
   cl_image_desc desc = {.image_type = CL_MEM_OBJECT_IMAGE2D,
                         .image_width = 4,
                         .image_height = 4};
   cl_int err;
   cl_uint n = 7;

   cl_test_open(&t, 0);
   assert_null(clCreateImage(t.ctx, 0, &format, &desc, NULL, &err));
   assert_int_equal(err, CL_INVALID_OPERATION);
   assert_null(clCreateImage(NULL, 0, &format, &desc, NULL, &err));
   assert_int_equal(err, CL_INVALID_CONTEXT);
   assert_null(clCreateSamplerWithProperties(t.ctx, NULL, &err));
   assert_int_equal(err, CL_INVALID_OPERATION);
   OK(clGetSupportedImageFormats(t.ctx, CL_MEM_READ_ONLY, CL_MEM_OBJECT_IMAGE2D,
                                 0, NULL, &n));
   assert_int_equal(n, 0);
   assert_null(clCreateProgramWithIL(t.ctx, "abcd", 4, &err));
   assert_int_equal(err, CL_INVALID_VALUE); /* not SPIR-V */
   assert_int_equal(clSetDefaultDeviceCommandQueue(t.ctx, t.device, t.q),
                    CL_INVALID_OPERATION);
   cl_test_close(&t);
}

static void
check_no_pipe(cl_context ctx, cl_mem_flags flags, cl_uint packet_B, cl_uint max,
              cl_int want)
{
   cl_int err;

   assert_null(clCreatePipe(ctx, flags, packet_B, max, NULL, &err));
   assert_int_equal(err, want);
}

static void
test_pipe_errors(void **state)
{
   struct cl_test t;
   cl_pipe_properties props[] = {1, 2, 0};
   cl_int err;

   cl_test_open(&t, 0);
   check_no_pipe(NULL, 0, 4, 4, CL_INVALID_CONTEXT);
   check_no_pipe(t.ctx, CL_MEM_READ_ONLY, 4, 4, CL_INVALID_VALUE);
   check_no_pipe(t.ctx, CL_MEM_HOST_READ_ONLY, 4, 4, CL_INVALID_VALUE);
   check_no_pipe(t.ctx, 0, 0, 4, CL_INVALID_PIPE_SIZE);
   check_no_pipe(t.ctx, 0, 4, 0, CL_INVALID_PIPE_SIZE);
   check_no_pipe(t.ctx, 0, 4, ~0u, CL_INVALID_PIPE_SIZE);
   check_no_pipe(t.ctx, 0, 1 << 20, 4, CL_INVALID_PIPE_SIZE);
   assert_null(clCreatePipe(t.ctx, 0, 4, 4, props, &err));
   assert_int_equal(err, CL_INVALID_VALUE);
   cl_test_close(&t);
}

/* A pipe is a memory object, but no buffer. */
static void
test_pipes(void **state)
{
   struct cl_test t;
   cl_pipe_properties no_props[] = {0};
   cl_buffer_region region = {0, 4};
   cl_mem_object_type type;
   cl_mem_flags flags;
   cl_uint u32;
   size_t size = 7;
   cl_int err;

   cl_test_open(&t, 0);
   cl_mem p = clCreatePipe(t.ctx, 0, 12, 100, no_props, &err);
   OK(err);
   OK(clGetPipeInfo(p, CL_PIPE_PACKET_SIZE, 4, &u32, NULL));
   assert_int_equal(u32, 12);
   OK(clGetPipeInfo(p, CL_PIPE_MAX_PACKETS, 4, &u32, NULL));
   assert_int_equal(u32, 100);
   OK(clGetPipeInfo(p, CL_PIPE_PROPERTIES, 0, NULL, &size));
   assert_int_equal(size, 0);
   assert_int_equal(clGetPipeInfo(p, 0, 4, &u32, NULL), CL_INVALID_VALUE);
   cl_mem buf = clCreateBuffer(t.ctx, 0, 4, NULL, &err);
   OK(err);
   assert_int_equal(clGetPipeInfo(buf, CL_PIPE_PACKET_SIZE, 4, &u32, NULL),
                    CL_INVALID_MEM_OBJECT);
   OK(clReleaseMemObject(buf));
   OK(clGetMemObjectInfo(p, CL_MEM_TYPE, sizeof(type), &type, NULL));
   assert_int_equal(type, CL_MEM_OBJECT_PIPE);
   OK(clGetMemObjectInfo(p, CL_MEM_FLAGS, sizeof(flags), &flags, NULL));
   assert_int_equal(flags, CL_MEM_READ_WRITE | CL_MEM_HOST_NO_ACCESS);
   assert_int_equal(
      clEnqueueReadBuffer(t.q, p, CL_TRUE, 0, 4, &u32, 0, NULL, NULL),
      CL_INVALID_MEM_OBJECT);
   assert_null(
      clCreateSubBuffer(p, 0, CL_BUFFER_CREATE_TYPE_REGION, &region, &err));
   assert_int_equal(err, CL_INVALID_MEM_OBJECT);
   OK(clEnqueueMigrateMemObjects(t.q, 1, &p, 0, 0, NULL, NULL));
   OK(clReleaseMemObject(p));
   cl_test_close(&t);
}

static void
test_timers(void **state)
{
   struct cl_test t;
   cl_ulong dev, host, host2;

   cl_test_open(&t, 0);
   assert_int_equal(clGetHostTimer(t.device, NULL), CL_INVALID_VALUE);
   OK(clGetDeviceAndHostTimer(t.device, &dev, &host));
   OK(clGetHostTimer(t.device, &host2));
   assert_true(dev && host2 >= host);
   cl_test_close(&t);
}

int
main(void)
{
   const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_dispatch_is_full),
      cmocka_unit_test(test_platform),
      cmocka_unit_test(test_device_ids),
      cmocka_unit_test(test_device_info_all),
      cmocka_unit_test(test_device_info_values),
      cmocka_unit_test(test_context),
      cmocka_unit_test(test_context_destructors),
      cmocka_unit_test(test_queue),
      cmocka_unit_test(test_released_handle),
      cmocka_unit_test(test_unsupported),
      cmocka_unit_test(test_pipe_errors),
      cmocka_unit_test(test_pipes),
      cmocka_unit_test(test_timers),
   };
   return cmocka_run_group_tests(tests, NULL, NULL);
}
