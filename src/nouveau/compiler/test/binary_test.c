/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* The device binary: what is written is read back, what is damaged is refused. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "nouveau/compiler/nvir_binary.h"
#include "util/util_macros.h"

static const char code[0x180] = {1, 2, 3};
static const char data[16] = {9, 8, 7, 6, 5};
static const uint32_t relocs[] = {8};
static const struct nvir_line lines[] = {{0x08, 3}, {0x18, 0}, {0x88, 7}};
static const struct nvir_kernel kernels[] = {
   {.name = "first",
    .code_offset_B = 0,
    .code_size_B = 0x80,
    .num_gprs = 17,
    .args_B = 24},
   {.name = "second",
    .code_offset_B = 0x80,
    .code_size_B = 0x100,
    .num_gprs = 255,
    .num_barriers = 1,
    .uses_double = true,
    .uses_printf = true,
    .shared_B = 48,
    .local_B = 32,
    .crs_B = 1024,
    .reqd_wg_size = {8, 4, 2}},
};

static struct nvir_blob
build(void)
{
   struct nvir_program p = {.chipset = 0x134,
                            .kernels = kernels,
                            .num_kernels = 2,
                            .code = code,
                            .code_size_B = sizeof(code),
                            .data = data,
                            .data_size_B = sizeof(data),
                            .relocs = relocs,
                            .num_relocs = 1,
                            .lines = lines,
                            .num_lines = ARRAY_SIZE(lines)};
   struct nvir_blob blob;
   assert_int_equal(nvir_binary_build(&p, &blob), 0);
   return blob;
}

static void
test_round_trip(void **state)
{
   struct nvir_blob blob = build();
   struct nvir_program p;

   assert_int_equal(nvir_program_open(blob.data, blob.size_B, 0x134, &p), 0);
   assert_int_equal(p.num_kernels, 2);
   assert_memory_equal(p.code, code, sizeof(code));
   assert_int_equal(p.data_size_B, sizeof(data));
   assert_memory_equal(p.data, data, sizeof(data));
   char loaded[sizeof(data)];
   uint64_t address;
   nvir_program_data(&p, 0x123400000ull, loaded);
   assert_memory_equal(loaded, data, 8);
   memcpy(&address, loaded + 8, 8);
   assert_true(address == 0x123400000ull);
   for (unsigned i = 0; i < 2; i++) {
      const struct nvir_kernel *k = &p.kernels[i], *want = &kernels[i];
      assert_string_equal(k->name, want->name);
      assert_int_equal(k->code_offset_B, want->code_offset_B);
      assert_int_equal(k->code_size_B, want->code_size_B);
      assert_int_equal(k->num_gprs, want->num_gprs);
      assert_int_equal(k->num_barriers, want->num_barriers);
      assert_int_equal(k->uses_double, want->uses_double);
      assert_int_equal(k->uses_atomics, want->uses_atomics);
      assert_int_equal(k->uses_printf, want->uses_printf);
      assert_int_equal(k->shared_B, want->shared_B);
      assert_int_equal(k->local_B, want->local_B);
      assert_int_equal(k->crs_B, want->crs_B);
      assert_int_equal(k->args_B, want->args_B);
      assert_memory_equal(k->reqd_wg_size, want->reqd_wg_size,
                          sizeof(k->reqd_wg_size));
   }
   assert_int_equal(nvir_program_line(&p, 0x00), 0);
   assert_int_equal(nvir_program_line(&p, 0x08), 3);
   assert_int_equal(nvir_program_line(&p, 0x10), 3);
   assert_int_equal(nvir_program_line(&p, 0x18), 0);
   assert_int_equal(nvir_program_line(&p, 0x88), 7);
   assert_int_equal(nvir_program_line(&p, 0x170), 7);
   nvir_program_close(&p);
   assert_int_equal(nvir_program_open(blob.data, blob.size_B, 0x136, &p),
                    -ENODEV);
   free(blob.data);
}

static void
test_damage(void **state)
{
   struct nvir_blob blob = build();
   struct nvir_program p;
   char *copy = malloc(blob.size_B);

   for (size_t n = 0; n < blob.size_B; n++)
      assert_int_equal(nvir_program_open(blob.data, n, 0x134, &p), -EINVAL);
   for (size_t i = 0; i < blob.size_B; i++) {
      memcpy(copy, blob.data, blob.size_B);
      copy[i] ^= 1 << i % 8;
      assert_int_equal(nvir_program_open(copy, blob.size_B, 0x134, &p),
                       -EINVAL);
   }
   assert_int_equal(nvir_program_open(NULL, 0, 0x134, &p), -EINVAL);
   free(copy);
   free(blob.data);
}

static void
test_empty(void **state)
{
   struct nvir_program p = {.chipset = 0x134};
   struct nvir_blob blob;
   assert_int_equal(nvir_binary_build(&p, &blob), 0);
   assert_int_equal(nvir_program_open(blob.data, blob.size_B, 0x134, &p), 0);
   assert_int_equal(p.num_kernels, 0);
   nvir_program_close(&p);
   free(blob.data);
}

int
main(void)
{
   const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_round_trip),
      cmocka_unit_test(test_damage),
      cmocka_unit_test(test_empty),
   };
   return cmocka_run_group_tests(tests, NULL, NULL);
}
