/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Every SPIR-V instruction that kernels may use, each in a module of its own,
 * against the same in C (spirv_ops.inc). SPIR-V 1.4, assembled here. */
#include "e2e.h"

#include <math.h>
#include <spirv-tools/libspirv.h>

#define ITEMS 256
#define GROUP 64

struct in {
   uint64_t a, b;
   float fa, fb;
};

/* ---- in C ---- */

static int64_t
smod(int64_t x, int64_t y)
{
   int64_t r = y == -1 ? 0 : x % y;
   return r && (r < 0) != (y < 0) ? r + y : r;
}

static double
floor_mod(double x, double y)
{
   double r = fmod(x, y);
   return r && signbit(r) != signbit(y) ? r + y : r;
}

static uint64_t
reverse(uint64_t v, unsigned bits)
{
   uint64_t r = 0;
   for (unsigned i = 0; i < bits; i++)
      r |= (v >> i & 1) << (bits - 1 - i);
   return r;
}

static bool
logical(uint32_t ia, uint32_t ib)
{
   bool x = ia < ib, y = (int32_t)ia < (int32_t)ib;
   return ((x == y && y) || x) == y;
}

static uint32_t
loop(uint32_t s, uint32_t n)
{
   for (uint32_t i = 0; i < n; i++)
      s = s * 3 + i;
   return s;
}

static uint32_t
irreducible(uint32_t ia, uint32_t ib)
{
   uint32_t i = ib & 31, s = ia & 1 ? ib : ia;
   if (ia & 1)
      goto two;
one:
   s *= 3;
   if (!i)
      return s;
two:
   s += 7;
   if (!i)
      return s;
   i--;
   goto one;
}

static uint64_t
from_f(float v)
{
   uint32_t bits;
   memcpy(&bits, &v, 4);
   return bits;
}

static uint64_t
from_d(double v)
{
   uint64_t bits;
   memcpy(&bits, &v, 8);
   return bits;
}

#define RESULT_u(v) (uint32_t)(v)
#define RESULT_l(v) (uint64_t)(v)
#define RESULT_b(v) (uint64_t)((v) ? 1 : 0)
#define RESULT_f(v) from_f(v)
#define RESULT_d(v) from_d(v)

/* clang-format off */
#define OP(name, type, text, ...)                                              \
   static uint64_t name##_in_c(const struct in *in, uint32_t lid)              \
   {                                                                           \
      const uint64_t a = in->a, b = in->b;                                     \
      const uint32_t ia = a, ib = b, lane = lid % 32;                          \
      const uint16_t sa = a;                                                   \
      const uint8_t ca = a;                                                    \
      const float fa = in->fa, fb = in->fb, ha = fa;                           \
      const double da = fa, db = fb;                                           \
      (void)a, (void)b, (void)ia, (void)ib, (void)sa, (void)ca, (void)fa;      \
      (void)fb, (void)ha, (void)da, (void)db, (void)lane;                      \
      return RESULT_##type(__VA_ARGS__);                                       \
   }
#include "spirv_ops.inc"
#undef OP
/* clang-format on */

/* ---- in SPIR-V ---- */

static const char head[] =
   "OpCapability Addresses\nOpCapability Kernel\nOpCapability Linkage\n"
   "OpCapability Int64\nOpCapability Int16\nOpCapability Int8\n"
   "OpCapability Float64\nOpCapability Float16\n"
   "OpCapability GenericPointer\nOpCapability Groups\n"
   "OpCapability Vector16\nOpCapability BitInstructions\n"
   "OpExtension \"SPV_KHR_bit_instructions\"\n"
   "%cl = OpExtInstImport \"OpenCL.std\"\n"
   "OpMemoryModel Physical64 OpenCL\n"
   "OpEntryPoint Kernel %kernel \"k\" %gid_var %lid_var %null_array\n"
   "OpDecorateString %ulong_8 UserSemantic \"eight\"\n"
   "OpMemberDecorateString %pair 0 UserSemantic \"first\"\n"
   "OpDecorate %gid_var BuiltIn GlobalInvocationId\n"
   "OpDecorate %lid_var BuiltIn LocalInvocationIndex\n"
   "OpDecorate %null_array Constant\n"
   "%void = OpTypeVoid\n%bool = OpTypeBool\n%uchar = OpTypeInt 8 0\n"
   "%ushort = OpTypeInt 16 0\n%uint = OpTypeInt 32 0\n"
   "%ulong = OpTypeInt 64 0\n%half = OpTypeFloat 16\n"
   "%float = OpTypeFloat 32\n%double = OpTypeFloat 64\n"
   "%v2uint = OpTypeVector %uint 2\n%v4uint = OpTypeVector %uint 4\n"
   "%v4bool = OpTypeVector %bool 4\n%v3ulong = OpTypeVector %ulong 3\n"
   "%v4float = OpTypeVector %float 4\n%pair = OpTypeStruct %uint %uint\n"
   "%uint_0 = OpConstant %uint 0\n%uint_1 = OpConstant %uint 1\n"
   "%uint_2 = OpConstant %uint 2\n%uint_3 = OpConstant %uint 3\n"
   "%uint_4 = OpConstant %uint 4\n%uint_7 = OpConstant %uint 7\n"
   "%uint_8 = OpConstant %uint 8\n%uint_16 = OpConstant %uint 16\n"
   "%uint_31 = OpConstant %uint 31\n%uint_255 = OpConstant %uint 255\n"
   "%uint_272 = OpConstant %uint 272\n%uint_528 = OpConstant %uint 528\n"
   "%ulong_0 = OpConstant %ulong 0\n%ulong_1 = OpConstant %ulong 1\n"
   "%ulong_2 = OpConstant %ulong 2\n%ulong_3 = OpConstant %ulong 3\n"
   "%ulong_8 = OpConstant %ulong 8\n%ulong_63 = OpConstant %ulong 63\n"
   "%float_0 = OpConstant %float 0\n%float_1 = OpConstant %float 1\n"
   "%true = OpConstantTrue %bool\n%null = OpConstantNull %v4uint\n"
   "%farr = OpTypeArray %float %uint_3\n%farr2 = OpTypeArray %float %uint_3\n"
   "%farray = OpConstantNull %farr\n%nest = OpTypeStruct %uint %farr\n"
   "%nest2 = OpTypeStruct %uint %farr2\n"
   "%array4 = OpTypeArray %uint %uint_4\n%null4 = OpConstantNull %array4\n"
   "%aptr = OpTypePointer Function %array4\n"
   "%pptr = OpTypePointer Function %uint\n"
   "%pcptr = OpTypePointer Function %uchar\n"
   "%gptr = OpTypePointer Generic %uint\n"
   "%wptr = OpTypePointer Workgroup %uint\n"
   "%uptr = OpTypePointer UniformConstant %array4\n"
   "%null_array = OpVariable %uptr UniformConstant %null4\n"
   "%iv = OpTypePointer Input %v3ulong\n%il = OpTypePointer Input %ulong\n"
   "%gid_var = OpVariable %iv Input\n%lid_var = OpVariable %il Input\n"
   "%global = OpTypePointer CrossWorkgroup %ulong\n"
   "%gword = OpTypePointer CrossWorkgroup %uint\n"
   "%ftype = OpTypeFunction %void %global %global %gword\n"
   "%htype = OpTypeFunction %uint %uint %uint\n"
   "%helper = OpFunction %uint None %htype\n"
   "%h1 = OpFunctionParameter %uint\n%h2 = OpFunctionParameter %uint\n"
   "%hl = OpLabel\n%hx = OpIMul %uint %h1 %uint_3\n"
   "%hy = OpIAdd %uint %hx %h2\nOpReturnValue %hy\nOpFunctionEnd\n"
   "%kernel = OpFunction %void None %ftype\n"
   "%in = OpFunctionParameter %global\n%out = OpFunctionParameter %global\n"
   "%words = OpFunctionParameter %gword\n%top = OpLabel\n"
   "%v = OpVariable %aptr Function\n%pa = OpVariable %aptr Function\n"
   "%gid3 = OpLoad %v3ulong %gid_var\n%gid = OpCompositeExtract %ulong %gid3 0\n"
   "%lid = OpLoad %ulong %lid_var\n%at = OpIMul %ulong %gid %ulong_3\n"
   "%in0 = OpInBoundsPtrAccessChain %global %in %at\n"
   "%in1 = OpInBoundsPtrAccessChain %global %in0 %ulong_1\n"
   "%in2 = OpInBoundsPtrAccessChain %global %in0 %ulong_2\n"
   "%a = OpLoad %ulong %in0 Aligned 8\n%b = OpLoad %ulong %in1 Aligned 8\n"
   "%floats = OpLoad %ulong %in2 Aligned 8\n%ia = OpUConvert %uint %a\n"
   "%ib = OpUConvert %uint %b\n%sa = OpUConvert %ushort %a\n"
   "%ca = OpUConvert %uchar %a\n%fpair = OpBitcast %v2uint %floats\n"
   "%fau = OpCompositeExtract %uint %fpair 0\n"
   "%fbu = OpCompositeExtract %uint %fpair 1\n"
   "%fa = OpBitcast %float %fau\n%fb = OpBitcast %float %fbu\n"
   "%ha = OpFConvert %half %fa\n%da = OpFConvert %double %fa\n"
   "%db = OpFConvert %double %fb\n"
   "%pav = OpCompositeConstruct %array4 %ia %ib %uint_3 %uint_4\n"
   "OpStore %pa %pav\n%p = OpAccessChain %pptr %pa %uint_0\n"
   "%w = OpInBoundsPtrAccessChain %gword %words %gid\n"
   "OpStore %w %ia Aligned 4\n";

/* What makes a ulong of %r. */
static const char *
tail_of(char type)
{
   switch (type) {
   case 'u':
      return "%result = OpUConvert %ulong %r\n";
   case 'l':
      return "%result = OpCopyObject %ulong %r\n";
   case 'f':
      return "%ri = OpBitcast %uint %r\n%result = OpUConvert %ulong %ri\n";
   case 'd':
      return "%result = OpBitcast %ulong %r\n";
   default:
      return "%result = OpSelect %ulong %r %ulong_1 %ulong_0\n";
   }
}

static const char end[] =
   "%to = OpInBoundsPtrAccessChain %global %out %gid\n"
   "OpStore %to %result Aligned 8\nOpReturn\nOpFunctionEnd\n";

/* clang-format off */
static const struct op {
   const char *name, *text;
   uint64_t (*in_c)(const struct in *, uint32_t);
   char type;
} ops[] = {
#define OP(name, type, text, ...) {#name, text, name##_in_c, #type[0]},
#include "spirv_ops.inc"
#undef OP
};
/* clang-format on */

struct run {
   struct e2e *e;
   spv_context assembler;
   struct in in[ITEMS];
   cl_mem in_mem, out_mem, words;
   unsigned failed;
};

static cl_program
build(struct run *r, const struct op *op)
{
   char *text = malloc(sizeof(head) + 4096);
   spv_binary binary = NULL;
   spv_diagnostic why = NULL;
   cl_int err;
   sprintf(text, "%s%s\n%s%s", head, op->text, tail_of(op->type), end);
   if (spvTextToBinary(r->assembler, text, strlen(text), &binary, &why))
      fail_msg("%s: %s", op->name, why->error);
   cl_program p = clCreateProgramWithIL(r->e->context, binary->code,
                                        binary->wordCount * 4, &err);
   OK(err);
   spvBinaryDestroy(binary);
   free(text);
   if (clBuildProgram(p, 0, NULL, NULL, NULL, NULL) == CL_SUCCESS)
      return p;
   char log[2048] = "";
   clGetProgramBuildInfo(p, r->e->device, CL_PROGRAM_BUILD_LOG, sizeof(log),
                         log, NULL);
   print_error("%s: %s\n", op->name, log);
   r->failed++;
   clReleaseProgram(p);
   return NULL;
}

static bool
same(char type, uint64_t got, uint64_t want)
{
   /* either zero will do */
   if ((type == 'f' && !((got | want) & 0x7fffffff)) ||
       (type == 'd' && !((got | want) << 1)))
      return true;
   return got == want;
}

static void
check(struct run *r, const struct op *op, const uint64_t *out)
{
   for (unsigned i = 0; i < ITEMS; i++) {
      uint64_t want = op->in_c(&r->in[i], i % GROUP);
      if (same(op->type, out[i], want))
         continue;
      print_error("%s: item %u, a %llx, b %llx, fa %a, fb %a: %llx, want "
                  "%llx\n",
                  op->name, i, (unsigned long long)r->in[i].a,
                  (unsigned long long)r->in[i].b, r->in[i].fa, r->in[i].fb,
                  (unsigned long long)out[i], (unsigned long long)want);
      r->failed++;
      return;
   }
}

static void
try_op(struct run *r, const struct op *op)
{
   uint64_t out[ITEMS];
   cl_program p = build(r, op);
   cl_int err;
   if (!p)
      return;
   cl_kernel k = clCreateKernel(p, "k", &err);
   OK(err);
   e2e_arg(k, 0, sizeof(cl_mem), &r->in_mem);
   e2e_arg(k, 1, sizeof(cl_mem), &r->out_mem);
   e2e_arg(k, 2, sizeof(cl_mem), &r->words);
   OK(e2e_launch(r->e->queue, k, ITEMS, GROUP, NULL));
   OK(clEnqueueReadBuffer(r->e->queue, r->out_mem, CL_TRUE, 0, sizeof(out), out,
                          0, NULL, NULL));
   check(r, op, out);
   clReleaseKernel(k);
   clReleaseProgram(p);
}

/* Odd eighths up to 125: halves are exact, and so are sums and products. */
static float
eighths(uint32_t *seed)
{
   return ((int)(e2e_rand(seed) % 1000) * 2 - 999) / 8.0f;
}

static void
fill(struct run *r)
{
   uint32_t seed = e2e_seed();
   for (unsigned i = 0; i < ITEMS; i++) {
      struct in *in = &r->in[i];
      uint64_t a = e2e_rand(&seed), b = e2e_rand(&seed);
      in->a = a << 40 ^ (uint64_t)e2e_rand(&seed) << 16 ^ e2e_rand(&seed);
      in->b = b << 40 ^ (uint64_t)e2e_rand(&seed) << 16 ^ e2e_rand(&seed);
      in->fa = eighths(&seed);
      in->fb = eighths(&seed);
   }
   /* what switches look for */
   r->in[0].a = r->in[1].b = 0;
   r->in[2].a = 5;
   r->in[3].b = 1;
   r->in[4].b = 1311768467294899695ull;
   r->in[5].a = 255;
}

static void
test_ops(void **state)
{
   struct e2e *e = *state;
   struct run *r = calloc(1, sizeof(*r));
   cl_int err;
   r->e = e;
   r->assembler = spvContextCreate(SPV_ENV_UNIVERSAL_1_4);
   fill(r);
   r->in_mem = clCreateBuffer(e->context, CL_MEM_COPY_HOST_PTR, sizeof(r->in),
                              r->in, &err);
   OK(err);
   r->out_mem = clCreateBuffer(e->context, 0, ITEMS * 8, NULL, &err);
   OK(err);
   r->words = clCreateBuffer(e->context, 0, ITEMS * 4, NULL, &err);
   OK(err);
   for (unsigned i = 0; i < sizeof(ops) / sizeof(*ops); i++)
      try_op(r, &ops[i]);
   assert_int_equal(r->failed, 0);
   clReleaseMemObject(r->in_mem);
   clReleaseMemObject(r->out_mem);
   clReleaseMemObject(r->words);
   spvContextDestroy(r->assembler);
   free(r);
}

/* ---- programs of several parts ---- */

/* times(x) is x times what specialization constant 7 says, by default 2. */
static const char library[] =
   "OpCapability Addresses\nOpCapability Kernel\nOpCapability Linkage\n"
   "OpMemoryModel Physical64 OpenCL\n"
   "OpDecorate %times LinkageAttributes \"times\" Export\n"
   "OpDecorate %factor SpecId 7\n"
   "%uint = OpTypeInt 32 0\n%factor = OpSpecConstant %uint 2\n"
   "%type = OpTypeFunction %uint %uint\n"
   "%times = OpFunction %uint None %type\n%x = OpFunctionParameter %uint\n"
   "%l = OpLabel\n%r = OpIMul %uint %x %factor\nOpReturnValue %r\n"
   "OpFunctionEnd\n";

static cl_program
from_text(struct e2e *e, const char *text)
{
   spv_context assembler = spvContextCreate(SPV_ENV_UNIVERSAL_1_4);
   spv_binary binary = NULL;
   cl_int err;
   assert_int_equal(
      spvTextToBinary(assembler, text, strlen(text), &binary, NULL),
      SPV_SUCCESS);
   cl_program p = clCreateProgramWithIL(e->context, binary->code,
                                        binary->wordCount * 4, &err);
   OK(err);
   spvBinaryDestroy(binary);
   spvContextDestroy(assembler);
   return p;
}

/* A kernel in OpenCL C that calls a function in SPIR-V; returns its result. */
static uint32_t
run_mixed(struct e2e *e, const uint32_t *factor)
{
   static const char *source = "uint times(uint x);\n"
                               "kernel void k(global uint *p)\n"
                               "{ *p = times(*p) + 1; }\n";
   uint32_t v = 100;
   cl_int err;
   cl_program parts[2] = {
      from_text(e, library),
      clCreateProgramWithSource(e->context, 1, &source, NULL, &err)};
   OK(err);
   if (factor)
      OK(clSetProgramSpecializationConstant(parts[0], 7, 4, factor));
   for (unsigned i = 0; i < 2; i++)
      OK(clCompileProgram(parts[i], 0, NULL, NULL, 0, NULL, NULL, NULL, NULL));
   cl_program p =
      clLinkProgram(e->context, 0, NULL, NULL, 2, parts, NULL, NULL, &err);
   OK(err);
   cl_kernel k = clCreateKernel(p, "k", &err);
   OK(err);
   cl_mem m =
      clCreateBuffer(e->context, CL_MEM_COPY_HOST_PTR, sizeof(v), &v, &err);
   OK(err);
   e2e_arg(k, 0, sizeof(m), &m);
   OK(e2e_launch(e->queue, k, 1, 1, NULL));
   OK(clEnqueueReadBuffer(e->queue, m, CL_TRUE, 0, sizeof(v), &v, 0, NULL,
                          NULL));
   clReleaseMemObject(m);
   clReleaseKernel(k);
   clReleaseProgram(p);
   clReleaseProgram(parts[0]);
   clReleaseProgram(parts[1]);
   return v;
}

static void
test_mixed(void **state)
{
   static const uint32_t seven = 7;
   assert_int_equal(run_mixed(*state, NULL), 201);
   assert_int_equal(run_mixed(*state, &seven), 701);
}

/* What SPIRV-Tools says is in the log. */
static void
test_invalid(void **state)
{
   struct e2e *e = *state;
   char log[1024] = "";
   cl_program p = from_text(e, "OpCapability Addresses\nOpCapability Kernel\n"
                               "OpMemoryModel Physical64 OpenCL\n"
                               "%uint = OpTypeInt 32 0\n"
                               "%x = OpTypeVector %uint 5\n");
   assert_int_equal(clBuildProgram(p, 0, NULL, NULL, NULL, NULL),
                    CL_BUILD_PROGRAM_FAILURE);
   OK(clGetProgramBuildInfo(p, e->device, CL_PROGRAM_BUILD_LOG, sizeof(log),
                            log, NULL));
   if (!strstr(log, "invalid SPIR-V") || !strstr(log, "number of components"))
      fail_msg("%s", log);
   clReleaseProgram(p);
}

int
main(void)
{
   const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_ops),
      cmocka_unit_test(test_mixed),
      cmocka_unit_test(test_invalid),
   };
   return cmocka_run_group_tests(tests, e2e_setup, e2e_teardown);
}
