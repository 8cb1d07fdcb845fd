/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* SPIR-V → object → program, run on the host. */
#include "clc_host.h"
#include "clc_test_util.h"
#include "make_spirv.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/clc/clc_spirv.h"
#include "util/util_macros.h"

static struct clc_test_result
import(const struct clc_blob *spirv)
{
   struct clc_test_result r = {0};
   r.ret = clc_get_ops()->from_spirv(spirv->data, spirv->size_B, NULL, &r.blob,
                                     &r.log);
   assert_non_null(r.log);
   return r;
}

/* Source → SPIR-V → linked program. */
static struct clc_test_result
build(const char *source)
{
   struct clc_blob spirv;
   assert_true(make_spirv(source, &spirv));
   struct clc_test_result object = import(&spirv);
   if (object.ret)
      fail_msg("%s", object.log);
   const struct clc_blob *objects[] = {&object.blob};
   struct clc_test_result program = clc_test_link(objects, 1, NULL, false);
   if (program.ret)
      fail_msg("%s", program.log);
   clc_test_free(&object);
   free(spirv.data);
   return program;
}

static const char source[] =
   "constant int table[4] = {10, 20, 30, 40};\n"
   "typedef struct { int a; float f; } S;\n"
   "int look(const int *generic_p) { return *generic_p; }\n"
   "kernel void k(global int *out, constant int *c, local int *l, S s,\n"
   "              global float *f, global atomic_int *counter)\n"
   "{\n"
   "   int i = get_global_id(0), n = get_local_size(0);\n"
   "   int mine = i * 3;\n"
   "   l[i] = c[i & 3] + table[i & 3];\n"
   "   barrier(CLK_LOCAL_MEM_FENCE);\n"
   "   const int *g = &mine;\n"
   "   if (i & 1)\n"
   "      g = &l[(i + 1) % n];\n"
   "   out[i] = look(g) + s.a;\n"
   "   atomic_fetch_add_explicit(counter, i, memory_order_relaxed,\n"
   "                             memory_scope_device);\n"
   "   int e;\n"
   "   f[i] = frexp(sin((float)i) * s.f, &e) + e;\n"
   "   float8 v = vload8(0, f);\n"
   "   out[n + i] = popcount(i) + clz(i + 1) + mad24(i, 2, 1) +\n"
   "                (int)dot(v.lo, v.lo) * 0 + convert_int_rte(2.5f);\n"
   "   out[2 * n + i] = work_group_size_hint_free(i);\n"
   "}\n";

static void
test_runs(void **state)
{
   char text[2048];
   snprintf(text, sizeof(text),
            "int work_group_size_hint_free(int x)\n"
            "{ switch (x) { case 0: return 7;\n"
            "  case 3: return 9; } return x; }\n%s",
            source);
   struct clc_test_result r = build(text);
   struct clc_host_program *p = clc_host_create(&r.blob);
   enum {
      N = 8
   };
   int out[3 * N], c[4] = {1, 2, 3, 4}, l[N], counter = 100;
   float f[N] = {0};
   struct {
      int *out, *c, *l;
      struct {
         int a;
         float f;
      } s;
      float *f;
      int *counter;
   } args = {out, c, l, {1000, 0.5f}, f, &counter};
   struct clc_host_launch launch = {.kernel = "k",
                                    .local = {N},
                                    .args = &args,
                                    .args_size_B = sizeof(args)};
   clc_host_run(p, &launch);

   assert_int_equal(counter, 100 + 28);
   for (int i = 0; i < N; i++) {
      int next = (i + 1) % N;
      int local = next % 4 + 1 + 10 * (next % 4 + 1);
      assert_int_equal(out[i], 1000 + (i & 1 ? local : i * 3));
      int e;
      float want = frexpf(sinf(i) * 0.5f, &e);
      assert_true(fabsf(f[i] - (want + e)) < 1e-5f);
      assert_int_equal(out[N + i], __builtin_popcount(i) +
                                      __builtin_clz(i + 1) + 2 * i + 1 + 2);
      assert_int_equal(out[2 * N + i], i == 0 ? 7 : i == 3 ? 9 : i);
   }
   clc_host_destroy(p);
   clc_test_free(&r);
}

static void
test_info(void **state)
{
   struct clc_test_result r =
      build("__attribute__((reqd_work_group_size(4, 2, 1)))\n"
            "kernel void k(global const float *a, local int *l, char c,\n"
            "              constant int4 *t) {}\n");
   struct clc_program_info info;
   assert_int_equal(clc_get_ops()->info(&r.blob, &info), 0);
   assert_int_equal(info.num_kernels, 1);
   const struct clc_kernel *k = &info.kernels[0];
   assert_string_equal(k->name, "k");
   assert_int_equal(k->reqd_wg_size[0], 4);
   assert_int_equal(k->reqd_wg_size[1], 2);
   assert_int_equal(k->num_args, 4);
   static const enum clc_arg_kind kinds[] = {CLC_ARG_GLOBAL, CLC_ARG_LOCAL,
                                             CLC_ARG_VALUE, CLC_ARG_CONSTANT};
   static const char *const names[] = {"a", "l", "c", "t"};
   static const uint32_t offsets[] = {0, 8, 16, 24};
   for (unsigned i = 0; i < 4; i++) {
      assert_int_equal(k->args[i].kind, kinds[i]);
      assert_string_equal(k->args[i].name, names[i]);
      assert_int_equal(k->args[i].offset_B, offsets[i]);
   }
   assert_string_equal(k->args[0].type_name, "float*");
   clc_get_ops()->info_finish(&info);
   clc_test_free(&r);
}

/* Truncated or altered modules are refused, or at least survive. */
static void
test_damaged(void **state)
{
   struct clc_blob spirv;
   assert_true(make_spirv("kernel void k(global int *p) { *p += 1; }", &spirv));
   for (size_t size_B = 0; size_B < spirv.size_B; size_B += 7) {
      struct clc_blob cut = {spirv.data, size_B};
      struct clc_test_result r = import(&cut);
      assert_int_equal(r.ret, -EINVAL);
      clc_test_contains(r.log, "error: ");
      clc_test_free(&r);
   }
   uint32_t *words = spirv.data;
   words[1] = 0x00010500;
   struct clc_test_result r = import(&spirv);
   assert_int_equal(r.ret, -EINVAL);
   clc_test_contains(r.log, "version 1.5");
   clc_test_free(&r);
   free(spirv.data);
}

static void
test_rename(void **state)
{
   static const struct {
      const char *before, *after;
   } cases[] = {
      {"load i32, ptr addrspace(4) %p", "load i32, ptr %p"},
      {"load i32, ptr addrspace(2) %p", "load i32, ptr addrspace(4) %p"},
      {"ptr addrspace(1) addrspace(3)", "ptr addrspace(1) addrspace(3)"},
      {"%a = addrspacecast ptr %b to ptr addrspace(4)\n",
       "%a = bitcast ptr %b to ptr\n"},
      {"%a = addrspacecast ptr addrspace(1) %b to ptr addrspace(4)\n",
       "%a = addrspacecast ptr addrspace(1) %b to ptr\n"},
      {"addrspacecast (ptr getelementptr (i8, ptr inttoptr (i64 5 to ptr), i64 "
       "1) to ptr addrspace(4))",
       "bitcast (ptr getelementptr (i8, ptr inttoptr (i64 5 to ptr), i64 1) to "
       "ptr)"},
      {"call spir_func void @_Z5fractfPU3AS4f(", "call void @_Z5fractfPf("},
      {"@_Z6vload4mPU3AS2Kf", "@_Z6vload4mPU3AS4Kf"},
      {"@llvm.memcpy.p4.p2.i64(", "@llvm.memcpy.p0.p4.i64("},
      {"spir_kernel void @PU3AS4", "spir_kernel void @PU3AS4"},
      {"!\"float addrspace(4)\"", "!\"float addrspace(4)\""},
   };
   for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
      char *got = clc_spirv_rename(cases[i].before);
      assert_string_equal(got, cases[i].after);
      free(got);
   }
}

int
main(void)
{
   static const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_rename),
      cmocka_unit_test(test_runs),
      cmocka_unit_test(test_info),
      cmocka_unit_test(test_damaged),
   };
   return cmocka_run_group_tests(tests, NULL, NULL);
}
