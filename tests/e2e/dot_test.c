/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* cl_khr_integer_dot_product: every function against the same sum on the CPU,
 * and what the device says of it. */
#include "e2e.h"

#include <CL/cl_ext.h>

#define ITEMS 4096
#define FORMS 4 /* uu, us, su, ss: signedness of a's and b's bytes */

static const char source[] =
   "#define K(signs, result, a_type, b_type)                                \\\n"
   "   kernel void signs(global const uint *in, global uint *out)           \\\n"
   "   {                                                                    \\\n"
   "      uint i = get_global_id(0), a = in[i], b = in[i + 1];              \\\n"
   "      result c = as_##result(in[i + 2]);                                \\\n"
   "      a_type va = as_##a_type(a);                                       \\\n"
   "      b_type vb = as_##b_type(b);                                       \\\n"
   "      out[5 * i] = as_uint(dot_4x8packed_##signs##_##result(a, b));     \\\n"
   "      out[5 * i + 1] = as_uint(dot(va, vb) + c);                        \\\n"
   "      out[5 * i + 2] = as_uint(dot_acc_sat(va, vb, c));                 \\\n"
   "      out[5 * i + 3] = as_uint(                                         \\\n"
   "         dot_acc_sat_4x8packed_##signs##_##result(a, b, c));            \\\n"
   "      out[5 * i + 4] = as_uint(dot(va, as_##b_type(0x80ff7f01u)));      \\\n"
   "   }\n"
   "K(uu, uint, uchar4, uchar4)\n"
   "K(us, int, uchar4, char4)\n"
   "K(su, int, char4, uchar4)\n"
   "K(ss, int, char4, char4)\n";

static const char *const names[FORMS] = {"uu", "us", "su", "ss"};

static int64_t
byte_of(uint32_t v, unsigned n, bool is_signed)
{
   uint8_t byte = v >> 8 * n;
   return is_signed ? (int8_t)byte : byte;
}

static int64_t
dot(unsigned form, uint32_t a, uint32_t b)
{
   int64_t sum = 0;
   for (unsigned n = 0; n < 4; n++)
      sum += byte_of(a, n, form & 2) * byte_of(b, n, form & 1);
   return sum;
}

static uint32_t
add_sat(unsigned form, int64_t sum, uint32_t c)
{
   int64_t max = form ? INT32_MAX : UINT32_MAX, min = form ? INT32_MIN : 0;
   sum += form ? (int32_t)c : (int64_t)c;
   return sum > max ? max : sum < min ? min : sum;
}

static void
check(unsigned form, const uint32_t *in, const uint32_t *out)
{
   for (unsigned i = 0; i < ITEMS; i++) {
      uint32_t a = in[i], b = in[i + 1], c = in[i + 2];
      int64_t sum = dot(form, a, b);
      uint32_t sat = add_sat(form, sum, c);
      const uint32_t want[5] = {sum, sum + c, sat, sat,
                                dot(form, a, 0x80ff7f01)};
      for (unsigned n = 0; n < 5; n++)
         if (out[5 * i + n] != want[n])
            fail_msg("%s, result %u of %x, %x, %x: %x, want %x", names[form], n,
                     a, b, c, out[5 * i + n], want[n]);
   }
}

/* Bytes and sums at the ends of their ranges are as likely as others. */
static uint32_t
random_word(uint32_t *seed)
{
   static const uint32_t ends[] = {0,          0xffffffff, 0x80808080,
                                   0x7f7f7f7f, 0x7fffffff, 0x80000000,
                                   0xffff0000, 0x7fff0000, 0x8000ffff};
   uint32_t r = e2e_rand(seed) ^ e2e_rand(seed) << 16;
   return r % 3 ? r ^ r << 7 : ends[r / 3 % 9];
}

static void
test_values(void **state)
{
   struct e2e *e = *state;
   uint32_t seed = e2e_seed(), *in = calloc(ITEMS + 2, 4),
            *out = calloc(ITEMS, 5 * 4);
   cl_program p = e2e_program(e, source, "-cl-std=CL3.0");
   cl_int err;
   for (unsigned i = 0; i < ITEMS + 2; i++)
      in[i] = random_word(&seed);
   cl_mem bi = clCreateBuffer(e->context, CL_MEM_COPY_HOST_PTR, (ITEMS + 2) * 4,
                              in, &err);
   OK(err);
   cl_mem bo =
      clCreateBuffer(e->context, CL_MEM_READ_WRITE, ITEMS * 5 * 4, NULL, &err);
   OK(err);
   for (unsigned form = 0; form < FORMS; form++) {
      cl_kernel k = clCreateKernel(p, names[form], &err);
      OK(err);
      e2e_arg(k, 0, sizeof(bi), &bi);
      e2e_arg(k, 1, sizeof(bo), &bo);
      OK(e2e_launch(e->queue, k, ITEMS, 0, NULL));
      OK(clEnqueueReadBuffer(e->queue, bo, CL_TRUE, 0, ITEMS * 5 * 4, out, 0,
                             NULL, NULL));
      check(form, in, out);
      clReleaseKernel(k);
   }
   clReleaseMemObject(bi);
   clReleaseMemObject(bo);
   clReleaseProgram(p);
   free(in);
   free(out);
}

/* IDP has all four forms, sm_60 no IDP; saturation takes more instructions. */
static void
test_acceleration(void **state)
{
   static const cl_device_info queries[] = {
      CL_DEVICE_INTEGER_DOT_PRODUCT_ACCELERATION_PROPERTIES_8BIT_KHR,
      CL_DEVICE_INTEGER_DOT_PRODUCT_ACCELERATION_PROPERTIES_4x8BIT_PACKED_KHR};
   struct e2e *e = *state;
   const char *chip = getenv("NOUVEAU_CHIPSET");
   cl_bool fast = !chip || strtoul(chip, NULL, 0) != 0x130;
   for (unsigned i = 0; i < 2; i++) {
      cl_device_integer_dot_product_acceleration_properties_khr v;
      OK(clGetDeviceInfo(e->device, queries[i], sizeof(v), &v, NULL));
      assert_int_equal(v.signed_accelerated, fast);
      assert_int_equal(v.unsigned_accelerated, fast);
      assert_int_equal(v.mixed_signedness_accelerated, fast);
      assert_false(v.accumulating_saturating_signed_accelerated);
      assert_false(v.accumulating_saturating_unsigned_accelerated);
      assert_false(v.accumulating_saturating_mixed_signedness_accelerated);
   }
}

int
main(void)
{
   const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_values),
      cmocka_unit_test(test_acceleration),
   };
   return cmocka_run_group_tests(tests, e2e_setup, e2e_teardown);
}
