/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Pipes: many work-items write and read at the same time, packets neither get
 * lost nor appear twice, and appear in the order of their reservations. */
#include "e2e.h"

#define ITEMS    1024
#define GROUP    64
#define CAPACITY 700 /* not a power of two: the ring has more slots */

static const char source[] =
   "kernel void put(write_only pipe T p, global int *done, int first)        \n"
   "{                                                                        \n"
   "   int i = get_global_id(0);                                             \n"
   "   T v = MAKE(i + first);                                                \n"
   "   if (i % 3 != 1)                                                       \n"
   "      done[i] = write_pipe(p, &v);                                       \n"
   "   else                                                                  \n"
   "      done[i] = 2 * write_pipe(p, &v);                                   \n"
   "}                                                                        \n"
   "kernel void get(read_only pipe T p, global int *done, global int *got)   \n"
   "{                                                                        \n"
   "   int i = get_global_id(0);                                             \n"
   "   T v = MAKE(-1);                                                       \n"
   "   done[i] = read_pipe(p, &v);                                           \n"
   "   got[i] = SAME(v) ? NUMBER(v) : -2;                                    \n"
   "}                                                                        \n"
   "kernel void count(read_only pipe T p, global int *n)                     \n"
   "{                                                                        \n"
   "   n[0] = get_pipe_num_packets(p);                                       \n"
   "   n[1] = get_pipe_max_packets(p);                                       \n"
   "}                                                                        \n"
   /* Each reservation holds numbers in a row. */
   "#define RESERVED(name, by, n, group, leader)                            \\\n"
   "   kernel void put_##name(write_only pipe T p, global int *done)        \\\n"
   "   {                                                                    \\\n"
   "      int i = get_global_id(0);                                         \\\n"
   "      reserve_id_t id = by##reserve_write_pipe(p, n);                   \\\n"
   "      bool valid = is_valid_reserve_id(id);                             \\\n"
   "      for (int k = leader; valid && k < n; k += group) {                \\\n"
   "         T v = MAKE((i / group) * n + k);                               \\\n"
   "         done[i] |= write_pipe(p, id, k, &v);                           \\\n"
   "         done[i] |= write_pipe(p, id, n, &v) == 0;                      \\\n"
   "      }                                                                 \\\n"
   "      if (valid)                                                        \\\n"
   "         by##commit_write_pipe(p, id);                                  \\\n"
   "      else                                                              \\\n"
   "         done[i] = -1;                                                  \\\n"
   "   }                                                                    \\\n"
   "   kernel void get_##name(read_only pipe T p, global int *done,         \\\n"
   "                          global int *got)                              \\\n"
   "   {                                                                    \\\n"
   "      int i = get_global_id(0);                                         \\\n"
   "      reserve_id_t id = by##reserve_read_pipe(p, n);                    \\\n"
   "      bool valid = is_valid_reserve_id(id);                             \\\n"
   "      for (int k = leader; valid && k < n; k += group) {                \\\n"
   "         T v = MAKE(-1);                                                \\\n"
   "         done[i] |= read_pipe(p, id, k, &v);                            \\\n"
   "         done[i] |= read_pipe(p, id, n, &v) == 0;                       \\\n"
   "         got[i / group * n + k] = SAME(v) ? NUMBER(v) : -2;             \\\n"
   "      }                                                                 \\\n"
   "      if (valid)                                                        \\\n"
   "         by##commit_read_pipe(p, id);                                   \\\n"
   "      else                                                              \\\n"
   "         done[i] = -1;                                                  \\\n"
   "   }\n"
   "RESERVED(item, , 3, 1, 0)\n"
   "RESERVED(sub_group, sub_group_, 20, 32, get_sub_group_local_id())\n"
   "RESERVED(work_group, work_group_, 100, 64, get_local_id(0))\n"
   "kernel void order(write_only pipe T p, global int *n)                    \n"
   "{                                                                        \n"
   "   T v = MAKE(1), w = MAKE(2), x = MAKE(3);                              \n"
   "   reserve_id_t a = reserve_write_pipe(p, 1);                            \n"
   "   reserve_id_t b = reserve_write_pipe(p, 1);                            \n"
   "   n[0] = write_pipe(p, b, 0, &w);                                       \n"
   "   n[1] = write_pipe(p, &x);                                             \n"
   "   commit_write_pipe(p, b);                                              \n"
   "   n[2] = get_pipe_num_packets(p);                                       \n"
   "   n[3] = write_pipe(p, a, 0, &v);                                       \n"
   "   commit_write_pipe(p, a);                                              \n"
   "   n[4] = get_pipe_num_packets(p);                                       \n"
   "   n[5] = is_valid_reserve_id(reserve_write_pipe(p, 1000));              \n"
   "   n[6] = is_valid_reserve_id(reserve_write_pipe(p, 0));                 \n"
   "}                                                                        \n";

/* MAKE(i) is a packet with the number i, SAME(v) whether all of it belongs
 * together. */
static const struct {
   const char *text;
   unsigned size_B;
} types[] = {
   {"typedef int T;\n"
    "#define MAKE(i) (i)\n"
    "#define NUMBER(v) (v)\n"
    "#define SAME(v) true\n",
    4},
   {"typedef short3 T;\n"
    "#define MAKE(i) (short3)(i)\n"
    "#define NUMBER(v) v.x\n"
    "#define SAME(v) all(v == v.yzx)\n",
    8},
   {"typedef double16 T;\n"
    "#define MAKE(i) (double16)(i)\n"
    "#define NUMBER(v) (int)v.s3\n"
    "#define SAME(v) all(v == v.s3)\n",
    128},
   {"typedef struct { char c[3]; short s; char d; } T;\n"
    "T MAKE(int i) { T v = {{i, i + 1, i}, i, i}; return v; }\n"
    "#define NUMBER(v) v.s\n"
    "#define SAME(v) (v.c[2] == (char)v.s && v.d == v.c[0])\n",
    8},
   {"typedef uchar T;\n"
    "#define MAKE(i) (uchar)(i)\n"
    "#define NUMBER(v) v\n"
    "#define SAME(v) true\n",
    1},
};

struct run {
   struct e2e *e;
   unsigned size_B; /* of a packet */
   bool bytes;      /* numbers come back modulo 256 */
   cl_program program;
   cl_mem pipe, done, got;
   int32_t done_h[ITEMS], got_h[ITEMS * 3];
};

static void
run_start(struct run *r, struct e2e *e, unsigned type, const char *std)
{
   char options[32], text[sizeof(source) + 512];
   cl_int err;
   snprintf(options, sizeof(options), "-cl-std=%s", std);
   snprintf(text, sizeof(text), "%s%s", types[type].text, source);
   *r = (struct run){.e = e,
                     .size_B = types[type].size_B,
                     .bytes = types[type].size_B == 1};
   r->program = e2e_program(e, text, options);
   r->pipe = clCreatePipe(e->context, CL_MEM_READ_WRITE, r->size_B, CAPACITY,
                          NULL, &err);
   OK(err);
   r->done = clCreateBuffer(e->context, 0, sizeof(r->done_h), NULL, &err);
   OK(err);
   r->got = clCreateBuffer(e->context, 0, sizeof(r->got_h), NULL, &err);
   OK(err);
}

static void
run_end(struct run *r)
{
   clReleaseMemObject(r->pipe);
   clReleaseMemObject(r->done);
   clReleaseMemObject(r->got);
   clReleaseProgram(r->program);
}

/* The third argument is `got` of readers, `first` of put. */
static void
launch(struct run *r, const char *name, unsigned items, int first)
{
   cl_int err;
   static const int32_t none = -3, zero;
   cl_kernel k = clCreateKernel(r->program, name, &err);
   OK(err);
   e2e_arg(k, 0, sizeof(r->pipe), &r->pipe);
   e2e_arg(k, 1, sizeof(r->done), &r->done);
   if (strncmp(name, "get", 3) == 0)
      e2e_arg(k, 2, sizeof(r->got), &r->got);
   else if (strcmp(name, "put") == 0)
      e2e_arg(k, 2, sizeof(first), &first);
   OK(clEnqueueFillBuffer(r->e->queue, r->done, &zero, 4, 0, sizeof(r->done_h),
                          0, NULL, NULL));
   OK(clEnqueueFillBuffer(r->e->queue, r->got, &none, 4, 0, sizeof(r->got_h), 0,
                          NULL, NULL));
   OK(e2e_launch(r->e->queue, k, items, items < GROUP ? items : GROUP, NULL));
   OK(clEnqueueReadBuffer(r->e->queue, r->done, CL_TRUE, 0, sizeof(r->done_h),
                          r->done_h, 0, NULL, NULL));
   OK(clEnqueueReadBuffer(r->e->queue, r->got, CL_TRUE, 0, sizeof(r->got_h),
                          r->got_h, 0, NULL, NULL));
   clReleaseKernel(k);
}

static unsigned
successes(const struct run *r)
{
   unsigned n = 0;
   for (unsigned i = 0; i < ITEMS; i++) {
      assert_true(r->done_h[i] == 0 || r->done_h[i] < 0);
      n += r->done_h[i] == 0;
   }
   return n;
}

static void
check_count(struct run *r, int packets)
{
   launch(r, "count", 1, 0);
   assert_int_equal(r->done_h[0], packets);
   assert_int_equal(r->done_h[1], CAPACITY);
}

/* All of what went in comes out once: too much is put and too much is got. */
static void
check_packets(struct run *r)
{
   unsigned seen[ITEMS + 10];
   for (int round = 0; round < 3; round++) {
      memset(seen, 0, sizeof(seen));
      launch(r, "put", ITEMS, round);
      assert_int_equal(successes(r), CAPACITY);
      for (unsigned i = 0; i < ITEMS; i++)
         seen[(i + round) & (r->bytes ? 255 : ~0u)] += r->done_h[i] == 0;
      check_count(r, CAPACITY);
      launch(r, "get", ITEMS, 0);
      assert_int_equal(successes(r), CAPACITY);
      for (unsigned i = 0; i < ITEMS; i++)
         if (r->done_h[i] == 0 && r->got_h[i] >= 0)
            seen[r->got_h[i]]--;
      for (unsigned i = 0; i < ITEMS + 10; i++)
         if (seen[i])
            fail_msg("size %u: packet %u lost or double", r->size_B, i);
      check_count(r, 0);
   }
}

/* `n` packets a reservation, which a group of `group` work-items makes. Writers
 * and readers reserve as many, so what one wrote one reads. */
static void
check_reserved(struct run *r, const char *name, unsigned n, unsigned group)
{
   char put[32], get[32];
   unsigned groups = CAPACITY / n, want;
   if (groups > ITEMS / group)
      groups = ITEMS / group;
   want = groups * n;
   bool seen[ITEMS * 3] = {false};
   snprintf(put, sizeof(put), "put_%s", name);
   snprintf(get, sizeof(get), "get_%s", name);
   launch(r, put, ITEMS, 0);
   assert_int_equal(successes(r), groups * group);
   check_count(r, want);
   launch(r, get, ITEMS, 0);
   assert_int_equal(successes(r), groups * group);
   for (unsigned i = 0; i < ITEMS / group * n; i++) {
      int got = r->got_h[i];
      assert_int_not_equal(got, -2);
      if (got < 0)
         continue;
      assert_false(seen[got]);
      seen[got] = true;
      /* in a row, from a multiple of n */
      assert_int_equal(got % n, i % n);
      want--;
   }
   assert_int_equal(want, 0);
   check_count(r, 0);
}

static void
check_order(struct run *r)
{
   launch(r, "order", 1, 0);
   static const int32_t want[] = {0, 0, 0, 0, 3, 0, 0};
   assert_memory_equal(r->done_h, want, sizeof(want));
   launch(r, "get", 3, 0);
   for (int i = 0; i < 3; i++) {
      assert_int_equal(r->done_h[i], 0);
      assert_int_equal(r->got_h[i], i + 1);
   }
}

static void
test_pipes(void **state)
{
   for (unsigned type = 0; type < sizeof(types) / sizeof(*types); type++) {
      struct run r;
      run_start(&r, *state, type, type & 1 ? "CL2.0" : "CL3.0");
      check_packets(&r);
      if (!r.bytes) {
         check_reserved(&r, "item", 3, 1);
         check_reserved(&r, "sub_group", 20, 32);
         check_reserved(&r, "work_group", 100, 64);
      }
      check_order(&r);
      check_packets(&r);
      run_end(&r);
   }
}

static void
test_arguments(void **state)
{
   struct e2e *e = *state;
   cl_int err;
   cl_kernel k = e2e_kernel(
      e, "kernel void k(read_only pipe int p, global int *b) {}", "k");
   cl_kernel_arg_type_qualifier qual;
   cl_mem pipe = clCreatePipe(e->context, 0, 4, 4, NULL, &err),
          buffer = clCreateBuffer(e->context, 0, 4, NULL, &err);
   OK(clGetKernelArgInfo(k, 0, CL_KERNEL_ARG_TYPE_QUALIFIER, sizeof(qual),
                         &qual, NULL));
   assert_int_equal(qual, CL_KERNEL_ARG_TYPE_PIPE);
   assert_int_equal(clSetKernelArg(k, 0, sizeof(buffer), &buffer),
                    CL_INVALID_MEM_OBJECT);
   assert_int_equal(clSetKernelArg(k, 1, sizeof(pipe), &pipe),
                    CL_INVALID_MEM_OBJECT);
   assert_int_equal(clSetKernelArg(k, 0, 4, &pipe), CL_INVALID_ARG_SIZE);
   assert_int_equal(clSetKernelArg(k, 0, sizeof(pipe), NULL),
                    CL_INVALID_ARG_VALUE);
   OK(clSetKernelArg(k, 0, sizeof(pipe), &pipe));
   clReleaseMemObject(pipe);
   clReleaseMemObject(buffer);
   clReleaseKernel(k);
}

static void
test_queries(void **state)
{
   struct e2e *e = *state;
   static const struct {
      cl_device_info info;
      cl_uint least;
   } rows[] = {{CL_DEVICE_PIPE_SUPPORT, 1},
               {CL_DEVICE_MAX_PIPE_ARGS, 16},
               {CL_DEVICE_PIPE_MAX_ACTIVE_RESERVATIONS, 1},
               {CL_DEVICE_PIPE_MAX_PACKET_SIZE, 1024}};
   for (unsigned i = 0; i < 4; i++) {
      cl_uint v = 0;
      OK(clGetDeviceInfo(e->device, rows[i].info, sizeof(v), &v, NULL));
      assert_true(v >= rows[i].least);
   }
   clReleaseProgram(e2e_program(e,
                                "#ifndef __opencl_c_pipes\n"
                                "#error pipes\n"
                                "#endif\n",
                                "-cl-std=CL3.0"));
}

int
main(void)
{
   const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_pipes),
      cmocka_unit_test(test_arguments),
      cmocka_unit_test(test_queries),
   };
   return cmocka_run_group_tests(tests, e2e_setup, e2e_teardown);
}
