/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Buffers, sub-buffers, maps and the copy commands. Run with "shared" as
 * argument, all memory is shared with the CPU; without, everything is private
 * and copied. */
#include "ocl_test.h"

#include <stdio.h>

#include "util/test/test_random.h"

#define SIZE 4096

static void
fill_counting(unsigned char *p, size_t n)
{
   for (size_t i = 0; i < n; i++)
      p[i] = i * 7 + i / 256;
}

static void
test_create_errors(void **state)
{
   struct cl_test t;
   cl_int err;
   char host[64];

   cl_test_open(&t, 0);
   const struct {
      cl_mem_flags flags;
      size_t size;
      void *host;
      cl_int err;
   } rows[] = {
      {0, 0, NULL, CL_INVALID_BUFFER_SIZE},
      {0, 1ull << 40, NULL, CL_INVALID_BUFFER_SIZE},
      {CL_MEM_READ_ONLY | CL_MEM_WRITE_ONLY, 64, NULL, CL_INVALID_VALUE},
      {1 << 6, 64, NULL, CL_INVALID_VALUE},
      {CL_MEM_SVM_FINE_GRAIN_BUFFER, 64, NULL, CL_INVALID_VALUE},
      {CL_MEM_HOST_READ_ONLY | CL_MEM_HOST_NO_ACCESS, 64, NULL,
       CL_INVALID_VALUE},
      {CL_MEM_USE_HOST_PTR | CL_MEM_COPY_HOST_PTR, 64, host, CL_INVALID_VALUE},
      {CL_MEM_USE_HOST_PTR | CL_MEM_ALLOC_HOST_PTR, 64, host, CL_INVALID_VALUE},
      {CL_MEM_USE_HOST_PTR, 64, NULL, CL_INVALID_HOST_PTR},
      {CL_MEM_COPY_HOST_PTR, 64, NULL, CL_INVALID_HOST_PTR},
      {0, 64, host, CL_INVALID_HOST_PTR},
      {CL_MEM_ALLOC_HOST_PTR | CL_MEM_COPY_HOST_PTR, 64, host, CL_SUCCESS},
   };
   for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
      cl_mem b =
         clCreateBuffer(t.ctx, rows[i].flags, rows[i].size, rows[i].host, &err);
      assert_int_equal(err, rows[i].err);
      assert_int_equal(b != NULL, err == CL_SUCCESS);
      if (b)
         OK(clReleaseMemObject(b));
   }
   assert_null(clCreateBuffer(NULL, 0, 64, NULL, &err));
   assert_int_equal(err, CL_INVALID_CONTEXT);
   const cl_mem_properties bad[] = {1, 2, 0}, none[] = {0};
   assert_null(clCreateBufferWithProperties(t.ctx, bad, 0, 64, NULL, &err));
   assert_int_equal(err, CL_INVALID_PROPERTY);
   cl_mem b = clCreateBufferWithProperties(t.ctx, none, 0, 64, NULL, &err);
   size_t size;
   OK(clGetMemObjectInfo(b, CL_MEM_PROPERTIES, 0, NULL, &size));
   assert_int_equal(size, sizeof(none));
   OK(clReleaseMemObject(b));
   cl_test_close(&t);
}

static void
test_transfer_errors(void **state)
{
   struct cl_test t, other;
   cl_int err;
   char host[SIZE];

   cl_test_open(&t, 0);
   cl_test_open(&other, 0);
   cl_mem b = clCreateBuffer(t.ctx, 0, SIZE, NULL, &err);
   cl_mem hidden =
      clCreateBuffer(t.ctx, CL_MEM_HOST_NO_ACCESS, SIZE, NULL, &err);
   cl_mem wo = clCreateBuffer(t.ctx, CL_MEM_HOST_WRITE_ONLY, SIZE, NULL, &err);
   cl_mem ro = clCreateBuffer(t.ctx, CL_MEM_HOST_READ_ONLY, SIZE, NULL, &err);
#define READ(q, b, off, n, p)                                                  \
   clEnqueueReadBuffer(q, b, CL_TRUE, off, n, p, 0, NULL, NULL)
#define WRITE(q, b, off, n, p)                                                 \
   clEnqueueWriteBuffer(q, b, CL_TRUE, off, n, p, 0, NULL, NULL)
   assert_int_equal(READ(NULL, b, 0, 4, host), CL_INVALID_COMMAND_QUEUE);
   assert_int_equal(READ(t.q, NULL, 0, 4, host), CL_INVALID_MEM_OBJECT);
   assert_int_equal(READ(t.q, (cl_mem)t.ctx, 0, 4, host),
                    CL_INVALID_MEM_OBJECT);
   assert_int_equal(READ(other.q, b, 0, 4, host), CL_INVALID_CONTEXT);
   assert_int_equal(READ(t.q, b, 0, 4, NULL), CL_INVALID_VALUE);
   assert_int_equal(READ(t.q, b, SIZE, 1, host), CL_INVALID_VALUE);
   assert_int_equal(READ(t.q, b, 1, SIZE, host), CL_INVALID_VALUE);
   assert_int_equal(READ(t.q, b, (size_t)-4, 8, host), CL_INVALID_VALUE);
   assert_int_equal(READ(t.q, b, 0, 0, host), CL_INVALID_VALUE);
   assert_int_equal(READ(t.q, hidden, 0, 4, host), CL_INVALID_OPERATION);
   assert_int_equal(READ(t.q, wo, 0, 4, host), CL_INVALID_OPERATION);
   assert_int_equal(WRITE(t.q, ro, 0, 4, host), CL_INVALID_OPERATION);
   OK(WRITE(t.q, wo, 0, 4, host));
   OK(READ(t.q, ro, 0, 4, host));

#define COPY(s, d, so, dof, n)                                                 \
   clEnqueueCopyBuffer(t.q, s, d, so, dof, n, 0, NULL, NULL)
   assert_int_equal(COPY(b, NULL, 0, 0, 4), CL_INVALID_MEM_OBJECT);
   assert_int_equal(COPY(b, ro, SIZE - 2, 0, 4), CL_INVALID_VALUE);
   assert_int_equal(COPY(b, ro, 0, SIZE - 2, 4), CL_INVALID_VALUE);
   assert_int_equal(COPY(b, b, 0, 100, 101), CL_MEM_COPY_OVERLAP);
   OK(COPY(b, b, 0, 100, 100));

#define FILL(p, pn, off, n)                                                    \
   clEnqueueFillBuffer(t.q, b, p, pn, off, n, 0, NULL, NULL)
   assert_int_equal(FILL(NULL, 4, 0, 4), CL_INVALID_VALUE);
   assert_int_equal(FILL(host, 0, 0, 4), CL_INVALID_VALUE);
   assert_int_equal(FILL(host, 3, 0, 3), CL_INVALID_VALUE);
   assert_int_equal(FILL(host, 256, 0, 256), CL_INVALID_VALUE);
   assert_int_equal(FILL(host, 4, 2, 4), CL_INVALID_VALUE);
   assert_int_equal(FILL(host, 4, 4, 6), CL_INVALID_VALUE);
   OK(FILL(host, 128, 128, 256));
   OK(clFinish(t.q));
   OK(clReleaseMemObject(b));
   OK(clReleaseMemObject(hidden));
   OK(clReleaseMemObject(wo));
   OK(clReleaseMemObject(ro));
   cl_test_close(&other);
   cl_test_close(&t);
}

static void
test_copy_and_fill(void **state)
{
   struct cl_test t;
   cl_int err;
   unsigned char in[SIZE], out[SIZE], want[SIZE];

   cl_test_open(&t, 0);
   fill_counting(in, SIZE);
   cl_mem a = clCreateBuffer(t.ctx, CL_MEM_COPY_HOST_PTR, SIZE, in, &err);
   cl_mem b = clCreateBuffer(t.ctx, CL_MEM_ALLOC_HOST_PTR, SIZE, NULL, &err);
   const unsigned pattern = 0x04030201;
   OK(clEnqueueFillBuffer(t.q, b, &pattern, 4, 0, SIZE, 0, NULL, NULL));
   OK(clEnqueueCopyBuffer(t.q, a, b, 100, 1001, 500, 0, NULL, NULL));
   OK(clEnqueueReadBuffer(t.q, b, CL_TRUE, 0, SIZE, out, 0, NULL, NULL));
   for (unsigned i = 0; i < SIZE; i++)
      want[i] = i % 4 + 1;
   memcpy(want + 1001, in + 100, 500);
   assert_memory_equal(out, want, SIZE);
   OK(clReleaseMemObject(a));
   OK(clReleaseMemObject(b));
   cl_test_close(&t);
}

/* Data given to a blocking write may be reused at once. */
static void
test_write_is_copied(void **state)
{
   struct cl_test t;
   cl_int err;
   int v = 1, out = 0;

   cl_test_open(&t, 0);
   cl_mem b = clCreateBuffer(t.ctx, 0, 4, NULL, &err);
   OK(clEnqueueWriteBuffer(t.q, b, CL_TRUE, 0, 4, &v, 0, NULL, NULL));
   v = 2;
   OK(clEnqueueReadBuffer(t.q, b, CL_TRUE, 0, 4, &out, 0, NULL, NULL));
   assert_int_equal(out, 1);
   OK(clReleaseMemObject(b));
   cl_test_close(&t);
}

/* ---- sub-buffers ---- */

static void
test_sub_buffers(void **state)
{
   struct cl_test t;
   cl_int err;
   unsigned char in[SIZE], out[SIZE];
   cl_mem parent;
   size_t value;

   cl_test_open(&t, 0);
   fill_counting(in, SIZE);
   cl_mem b = clCreateBuffer(t.ctx, CL_MEM_COPY_HOST_PTR | CL_MEM_READ_ONLY,
                             SIZE, in, &err);
   const struct {
      cl_mem_flags flags;
      cl_buffer_region region;
      cl_int err;
   } rows[] = {
      {0, {0, 0}, CL_INVALID_BUFFER_SIZE},
      {0, {SIZE, 128}, CL_INVALID_VALUE},
      {0, {128, SIZE}, CL_INVALID_VALUE},
      {0, {64, 64}, CL_MISALIGNED_SUB_BUFFER_OFFSET},
      {CL_MEM_WRITE_ONLY, {0, 64}, CL_INVALID_VALUE},
      {CL_MEM_READ_WRITE, {0, 64}, CL_INVALID_VALUE},
      {CL_MEM_COPY_HOST_PTR, {0, 64}, CL_INVALID_VALUE},
      {CL_MEM_HOST_READ_ONLY, {256, 512}, CL_SUCCESS},
   };
   cl_mem sub = NULL;
   for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
      sub = clCreateSubBuffer(b, rows[i].flags, CL_BUFFER_CREATE_TYPE_REGION,
                              &rows[i].region, &err);
      assert_int_equal(err, rows[i].err);
   }
   assert_null(clCreateSubBuffer(b, 0, 0, &rows[7].region, &err));
   assert_int_equal(err, CL_INVALID_VALUE);
   assert_null(clCreateSubBuffer(sub, 0, CL_BUFFER_CREATE_TYPE_REGION,
                                 &rows[7].region, &err));
   assert_int_equal(err, CL_INVALID_MEM_OBJECT);

   OK(clGetMemObjectInfo(sub, CL_MEM_ASSOCIATED_MEMOBJECT, sizeof(parent),
                         &parent, NULL));
   assert_ptr_equal(parent, b);
   OK(clGetMemObjectInfo(sub, CL_MEM_OFFSET, sizeof(value), &value, NULL));
   assert_int_equal(value, 256);
   OK(clEnqueueReadBuffer(t.q, sub, CL_TRUE, 16, 64, out, 0, NULL, NULL));
   assert_memory_equal(out, in + 256 + 16, 64);
   assert_int_equal(
      clEnqueueReadBuffer(t.q, sub, CL_TRUE, 500, 64, out, 0, NULL, NULL),
      CL_INVALID_VALUE);
   OK(clReleaseMemObject(b)); /* the sub-buffer keeps it */
   OK(clEnqueueReadBuffer(t.q, sub, CL_TRUE, 0, 4, out, 0, NULL, NULL));
   assert_memory_equal(out, in + 256, 4);
   OK(clReleaseMemObject(sub));
   cl_test_close(&t);
}

/* ---- maps ---- */

static void
test_map(void **state)
{
   struct cl_test t;
   cl_int err;
   cl_uint count;
   unsigned char in[SIZE], out[SIZE];

   cl_test_open(&t, 0);
   fill_counting(in, SIZE);
   cl_mem b = clCreateBuffer(t.ctx, CL_MEM_COPY_HOST_PTR, SIZE, in, &err);
#define MAP(flags, off, n)                                                     \
   clEnqueueMapBuffer(t.q, b, CL_TRUE, flags, off, n, 0, NULL, NULL, &err)
   assert_null(MAP(CL_MAP_READ, 0, 0));
   assert_int_equal(err, CL_INVALID_VALUE);
   assert_null(MAP(CL_MAP_READ, 1, SIZE));
   assert_int_equal(err, CL_INVALID_VALUE);
   assert_null(MAP(1 << 5, 0, 4));
   assert_int_equal(err, CL_INVALID_VALUE);
   assert_null(MAP(CL_MAP_READ | CL_MAP_WRITE_INVALIDATE_REGION, 0, 4));
   assert_int_equal(err, CL_INVALID_VALUE);

   unsigned char *p = MAP(CL_MAP_READ | CL_MAP_WRITE, 100, 200);
   OK(err);
   assert_memory_equal(p, in + 100, 200);
   OK(clGetMemObjectInfo(b, CL_MEM_MAP_COUNT, sizeof(count), &count, NULL));
   assert_int_equal(count, 1);
   memset(p + 50, 0xaa, 10);
   OK(clEnqueueUnmapMemObject(t.q, b, p, 0, NULL, NULL));
   assert_int_equal(clEnqueueUnmapMemObject(t.q, b, p, 0, NULL, NULL),
                    CL_INVALID_VALUE);
   OK(clGetMemObjectInfo(b, CL_MEM_MAP_COUNT, sizeof(count), &count, NULL));
   assert_int_equal(count, 0);
   memset(in + 150, 0xaa, 10);
   OK(clEnqueueReadBuffer(t.q, b, CL_TRUE, 0, SIZE, out, 0, NULL, NULL));
   assert_memory_equal(out, in, SIZE);

   p = MAP(CL_MAP_WRITE_INVALIDATE_REGION, 0, 64);
   memset(p, 0x55, 64);
   OK(clEnqueueUnmapMemObject(t.q, b, p, 0, NULL, NULL));
   memset(in, 0x55, 64);
   OK(clEnqueueReadBuffer(t.q, b, CL_TRUE, 0, SIZE, out, 0, NULL, NULL));
   assert_memory_equal(out, in, SIZE);
   OK(clReleaseMemObject(b));
   cl_test_close(&t);
}

/* USE_HOST_PTR: maps point into the application's memory, whatever the device
 * does. */
static void
test_use_host_ptr(void **state)
{
   struct cl_test t;
   cl_int err;
   void *host_ptr;
   int *mine = aligned_alloc(4096, SIZE), out;

   cl_test_open(&t, 0);
   memset(mine, 0, SIZE);
   mine[5] = 42;
   cl_mem b = clCreateBuffer(t.ctx, CL_MEM_USE_HOST_PTR, SIZE, mine, &err);
   OK(err);
   OK(clGetMemObjectInfo(b, CL_MEM_HOST_PTR, sizeof(host_ptr), &host_ptr,
                         NULL));
   assert_ptr_equal(host_ptr, mine);
   OK(clEnqueueReadBuffer(t.q, b, CL_TRUE, 20, 4, &out, 0, NULL, NULL));
   assert_int_equal(out, 42);
   const int v = 7;
   OK(clEnqueueFillBuffer(t.q, b, &v, 4, 0, SIZE, 0, NULL, NULL));
   int *p = clEnqueueMapBuffer(t.q, b, CL_TRUE, CL_MAP_READ, 16, 64, 0, NULL,
                               NULL, &err);
   assert_ptr_equal(p, mine + 4);
   assert_int_equal(mine[4], 7);
   assert_int_equal(mine[5], 7);
   OK(clEnqueueUnmapMemObject(t.q, b, p, 0, NULL, NULL));
   OK(clFinish(t.q));
   OK(clReleaseMemObject(b));
   cl_test_close(&t);
   free(mine);
}

/* ---- destructors ---- */

static unsigned order[8];

static void
note_1(cl_mem m, void *data)
{
   order[++order[0]] = 1;
}

static void
note_2(cl_mem m, void *data)
{
   order[++order[0]] = 2;
}

static void
test_destructors(void **state)
{
   struct cl_test t;
   cl_int err;
   cl_event gate;
   int v = 3;

   cl_test_open(&t, 0);
   cl_mem b = clCreateBuffer(t.ctx, 0, 64, NULL, &err);
   assert_int_equal(clSetMemObjectDestructorCallback(b, NULL, NULL),
                    CL_INVALID_VALUE);
   OK(clSetMemObjectDestructorCallback(b, note_1, NULL));
   OK(clSetMemObjectDestructorCallback(b, note_2, NULL));
   gate = clCreateUserEvent(t.ctx, &err);
   OK(clEnqueueWriteBuffer(t.q, b, CL_FALSE, 0, 4, &v, 1, &gate, NULL));
   OK(clReleaseMemObject(b));
   assert_int_equal(order[0], 0); /* a command still uses it */
   OK(clSetUserEventStatus(gate, CL_COMPLETE));
   OK(clFinish(t.q));
   EVENTUALLY(__atomic_load_n(&order[0], __ATOMIC_ACQUIRE) == 2);
   assert_int_equal(order[1], 2);
   assert_int_equal(order[2], 1);
   OK(clReleaseEvent(gate));
   cl_test_close(&t);
}

/* ---- rectangles, against a byte-by-byte model ---- */

struct box {
   size_t origin[3], row, slice;
};

static size_t
at(const struct box *b, size_t x, size_t y, size_t z)
{
   return b->origin[0] + x + (b->origin[1] + y) * b->row +
          (b->origin[2] + z) * b->slice;
}

static void
model_copy(unsigned char *dst, const struct box *d, const unsigned char *src,
           const struct box *s, const size_t *n)
{
   for (size_t z = 0; z < n[2]; z++)
      for (size_t y = 0; y < n[1]; y++)
         for (size_t x = 0; x < n[0]; x++)
            dst[at(d, x, y, z)] = src[at(s, x, y, z)];
}

#define RECT_B (64 << 10)

static unsigned
roll(unsigned *seed, unsigned n)
{
   return rand_r(seed) % n;
}

static bool
random_box(struct box *b, const size_t *n, unsigned *seed)
{
   bool tight = roll(seed, 3) == 0;
   for (unsigned i = 0; i < 3; i++)
      b->origin[i] = tight ? 0 : roll(seed, 5);
   b->row = tight ? n[0] : n[0] + b->origin[0] + roll(seed, 9);
   b->slice =
      tight ? b->row * n[1] : b->row * (n[1] + b->origin[1] + roll(seed, 3));
   return at(b, n[0] - 1, n[1] - 1, n[2] - 1) < RECT_B;
}

static bool
model_overlaps(const struct box *a, const struct box *b, const size_t *n)
{
   static unsigned char seen[RECT_B];
   memset(seen, 0, sizeof(seen));
   for (size_t z = 0; z < n[2]; z++)
      for (size_t y = 0; y < n[1]; y++)
         for (size_t x = 0; x < n[0]; x++)
            seen[at(a, x, y, z)] = 1;
   for (size_t z = 0; z < n[2]; z++)
      for (size_t y = 0; y < n[1]; y++)
         for (size_t x = 0; x < n[0]; x++)
            if (seen[at(b, x, y, z)])
               return true;
   return false;
}

static void
check_rect_copy_to_self(struct cl_test *t, cl_mem buf, unsigned char *model,
                        const size_t *n, unsigned *seed)
{
   struct box a, b;
   if (!random_box(&a, n, seed))
      return;
   b = a;
   for (unsigned i = 0; i < 3; i++)
      b.origin[i] = roll(seed, 2 * n[i] + 1);
   if (at(&b, n[0] - 1, n[1] - 1, n[2] - 1) >= RECT_B)
      return;
   cl_int err =
      clEnqueueCopyBufferRect(t->q, buf, buf, a.origin, b.origin, n, a.row,
                              a.slice, b.row, b.slice, 0, NULL, NULL);
   if (err == CL_MEM_COPY_OVERLAP) {
      assert_true(model_overlaps(&a, &b, n));
      return;
   }
   OK(err);
   assert_false(model_overlaps(&a, &b, n));
   model_copy(model, &b, model, &a, n);
}

static void
test_rect_random(void **state)
{
   static unsigned char model_a[RECT_B], model_b[RECT_B], host[RECT_B],
      model_h[RECT_B];
   unsigned seed = test_seed();
   struct cl_test t;
   cl_int err;

   cl_test_open(&t, 0);
   fill_counting(model_a, RECT_B);
   fill_counting(host, RECT_B);
   memcpy(model_h, host, RECT_B);
   cl_mem a =
      clCreateBuffer(t.ctx, CL_MEM_COPY_HOST_PTR, RECT_B, model_a, &err);
   cl_mem b =
      clCreateBuffer(t.ctx, CL_MEM_COPY_HOST_PTR, RECT_B, model_b, &err);
   for (unsigned i = 0; i < 600; i++) {
      size_t n[3] = {1 + roll(&seed, 20), 1 + roll(&seed, 30),
                     1 + roll(&seed, 20)};
      struct box s, d;
      if (!random_box(&s, n, &seed) || !random_box(&d, n, &seed))
         continue;
      switch (roll(&seed, 4)) {
      case 0:
         OK(clEnqueueCopyBufferRect(t.q, a, b, s.origin, d.origin, n, s.row,
                                    s.slice, d.row, d.slice, 0, NULL, NULL));
         model_copy(model_b, &d, model_a, &s, n);
         break;
      case 1:
         OK(clEnqueueWriteBufferRect(t.q, a, CL_TRUE, d.origin, s.origin, n,
                                     d.row, d.slice, s.row, s.slice, host, 0,
                                     NULL, NULL));
         model_copy(model_a, &d, model_h, &s, n);
         break;
      case 2:
         OK(clEnqueueReadBufferRect(t.q, b, CL_TRUE, s.origin, d.origin, n,
                                    s.row, s.slice, d.row, d.slice, host, 0,
                                    NULL, NULL));
         model_copy(model_h, &d, model_b, &s, n);
         break;
      case 3:
         check_rect_copy_to_self(&t, b, model_b, n, &seed);
         break;
      }
   }
   assert_memory_equal(host, model_h, RECT_B);
   OK(clEnqueueReadBuffer(t.q, a, CL_TRUE, 0, RECT_B, host, 0, NULL, NULL));
   assert_memory_equal(host, model_a, RECT_B);
   OK(clEnqueueReadBuffer(t.q, b, CL_TRUE, 0, RECT_B, host, 0, NULL, NULL));
   assert_memory_equal(host, model_b, RECT_B);
   OK(clReleaseMemObject(a));
   OK(clReleaseMemObject(b));
   cl_test_close(&t);
}

static void
test_rect_errors(void **state)
{
   struct cl_test t;
   cl_int err;
   char host[SIZE];
   const size_t zero[3] = {0, 0, 0}, n[3] = {8, 4, 2}, flat[3] = {8, 0, 1};

   cl_test_open(&t, 0);
   cl_mem b = clCreateBuffer(t.ctx, 0, 64, NULL, &err);
#define RECT(bo, ho, n, brow, bslice, hrow, hslice, p)                         \
   clEnqueueReadBufferRect(t.q, b, CL_TRUE, bo, ho, n, brow, bslice, hrow,     \
                           hslice, p, 0, NULL, NULL)
   OK(RECT(zero, zero, n, 0, 0, 0, 0, host));
   assert_int_equal(RECT(zero, zero, n, 7, 0, 0, 0, host), CL_INVALID_VALUE);
   assert_int_equal(RECT(zero, zero, n, 8, 31, 0, 0, host), CL_INVALID_VALUE);
   assert_int_equal(RECT(zero, zero, n, 8, 33, 0, 0, host), CL_INVALID_VALUE);
   assert_int_equal(RECT(zero, zero, n, 9, 0, 0, 0, host), CL_INVALID_VALUE);
   assert_int_equal(RECT(zero, zero, flat, 0, 0, 0, 0, host), CL_INVALID_VALUE);
   assert_int_equal(RECT(zero, zero, n, 0, 0, 0, 0, NULL), CL_INVALID_VALUE);
   OK(clReleaseMemObject(b));
   cl_test_close(&t);
}

/* ---- migration ---- */

static void
test_migrate(void **state)
{
   struct cl_test t;
   cl_int err;

   cl_test_open(&t, 0);
   cl_mem b = clCreateBuffer(t.ctx, 0, SIZE, NULL, &err), bad = (cl_mem)t.q;
#define MIGRATE(n, list, flags)                                                \
   clEnqueueMigrateMemObjects(t.q, n, list, flags, 0, NULL, NULL)
   assert_int_equal(MIGRATE(0, NULL, 0), CL_INVALID_VALUE);
   assert_int_equal(MIGRATE(1, NULL, 0), CL_INVALID_VALUE);
   assert_int_equal(MIGRATE(1, &b, 8), CL_INVALID_VALUE);
   assert_int_equal(MIGRATE(1, &bad, 0), CL_INVALID_MEM_OBJECT);
   OK(MIGRATE(1, &b, 0));
   OK(MIGRATE(1, &b, CL_MIGRATE_MEM_OBJECT_HOST));
   OK(clFinish(t.q));
   OK(clReleaseMemObject(b));
   cl_test_close(&t);
}

int
main(int argc, char **argv)
{
   const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_create_errors),
      cmocka_unit_test(test_transfer_errors),
      cmocka_unit_test(test_copy_and_fill),
      cmocka_unit_test(test_write_is_copied),
      cmocka_unit_test(test_sub_buffers),
      cmocka_unit_test(test_map),
      cmocka_unit_test(test_use_host_ptr),
      cmocka_unit_test(test_destructors),
      cmocka_unit_test(test_rect_random),
      cmocka_unit_test(test_rect_errors),
      cmocka_unit_test(test_migrate),
   };
   fake_config.svm_system = argc > 1 && !strcmp(argv[1], "shared");
   return cmocka_run_group_tests(tests, NULL, NULL);
}
