/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Words and numbers of the text. */
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nouveau/isa/sass_parse_priv.h"

/* --- Characters --- */

bool
sass_parse_fail(struct sass_parser *p, const char *what)
{
   sass_fail(&p->err, p->at - p->text + 1, "%s", what);
   return false;
}

void
sass_parse_skip_space(struct sass_parser *p)
{
   while (isspace((unsigned char)*p->at))
      p->at++;
}

bool
sass_parse_take(struct sass_parser *p, const char *word)
{
   size_t n = strlen(word);
   if (strncmp(p->at, word, n) != 0)
      return false;
   p->at += n;
   return true;
}

bool
sass_parse_expect(struct sass_parser *p, const char *word)
{
   sass_parse_skip_space(p);
   if (sass_parse_take(p, word))
      return true;
   char what[32];
   snprintf(what, sizeof(what), "expected `%s`", word);
   return sass_parse_fail(p, what);
}

bool
sass_parse_is_word_char(char c)
{
   return isalnum((unsigned char)c) || c == '_' || c == '.';
}

/* Takes `word` only if no longer word begins with it. */
bool
sass_parse_word(struct sass_parser *p, const char *word)
{
   const char *start = p->at;
   if (sass_parse_take(p, word) && !sass_parse_is_word_char(*p->at))
      return true;
   p->at = start;
   return false;
}

/* --- Members --- */

bool
sass_parse_set(struct sass_parser *p, enum sass_member m, int64_t value)
{
   const struct sass_field *f = sass_row_field(p->row, m);
   uint64_t raw;
   if (!f && value)
      return sass_parse_fail(p, "this form has no such field");
   if (f && !sass_field_to_raw(f, value, &raw))
      return sass_parse_fail(p, "out of range or not aligned");
   if (f)
      sass_member_set(&p->i, m, value);
   return true;
}

bool
sass_parse_has(struct sass_parser *p, enum sass_member m)
{
   return sass_row_field(p->row, m) != NULL;
}

/* --- Numbers --- */

/* Signed 32 bits or unsigned 32 bits. */
bool
sass_parse_int(struct sass_parser *p, int64_t *out)
{
   sass_parse_skip_space(p);
   const char *digits = p->at + (*p->at == '-' || *p->at == '+');
   if (!isdigit((unsigned char)*digits))
      return sass_parse_fail(p, "expected a number");
   char *end;
   errno = 0;
   long long v = strtoll(p->at, &end, 0);
   if (errno || v < INT32_MIN || v > UINT32_MAX)
      return sass_parse_fail(p, "number past 32 bits");
   if (sass_parse_is_word_char(*end))
      return sass_parse_fail(p, "bad number");
   p->at = end;
   *out = v;
   return true;
}

bool
sass_parse_int_into(struct sass_parser *p, enum sass_member m)
{
   const char *start = p->at;
   int64_t v;
   if (!sass_parse_int(p, &v))
      return false;
   const char *end = p->at;
   const struct sass_field *f = sass_row_field(p->row, m);
   if (f && f->sext == 32)
      v = (int32_t)v; /* 0xffffffff is -1 */
   p->at = start;
   if (!sass_parse_set(p, m, v))
      return false;
   p->at = end;
   return true;
}

/* Bits by prefix ("0f", "0d", "0h"), or a decimal number, INF or QNAN. */
static bool
take_float(struct sass_parser *p, const char *bits_prefix, bool *is_bits_out,
           uint64_t *bits_out, double *value_out)
{
   char *end;
   sass_parse_skip_space(p);
   *is_bits_out = sass_parse_take(p, bits_prefix);
   if (*is_bits_out) {
      *bits_out = strtoull(p->at, &end, 16);
      if (end == p->at)
         return sass_parse_fail(p, "expected hexadecimal digits");
      p->at = end;
      return true;
   }
   const char *sign = p->at + (*p->at == '-' || *p->at == '+');
   if (strncmp(sign, "QNAN", 4) == 0) {
      *value_out = *p->at == '-' ? -NAN : NAN;
      p->at = sign + 4;
      return true;
   }
   if (strncmp(sign, "INF", 3) == 0) {
      *value_out = *p->at == '-' ? -INFINITY : INFINITY;
      p->at = sign + 3;
      return true;
   }
   if (!isdigit((unsigned char)*sign) && *sign != '.')
      return sass_parse_fail(p, "expected a number");
   *value_out = strtod(p->at, &end);
   p->at = end;
   return true;
}

static bool
take_f32(struct sass_parser *p, int32_t *imm_out)
{
   bool is_bits;
   uint64_t bits;
   double d;
   if (!take_float(p, "0f", &is_bits, &bits, &d))
      return false;
   float f = is_bits ? 0 : (float)d;
   if (is_bits)
      *imm_out = (int32_t)bits;
   else
      memcpy(imm_out, &f, sizeof(f));
   return true;
}

static bool
take_f64(struct sass_parser *p, int32_t *imm_out)
{
   bool is_bits;
   uint64_t bits;
   double d;
   if (!take_float(p, "0d", &is_bits, &bits, &d))
      return false;
   if (is_bits) {
      *imm_out = (int32_t)bits;
      return true;
   }
   memcpy(&bits, &d, sizeof(bits));
   *imm_out = (int32_t)(bits >> 32);
   return (uint32_t)bits == 0 ||
          sass_parse_fail(p, "double has no place in an immediate");
}

static bool
take_f16(struct sass_parser *p, uint32_t *half_out)
{
   bool is_bits;
   uint64_t bits;
   double d;
   if (!take_float(p, "0h", &is_bits, &bits, &d))
      return false;
   if (is_bits) {
      *half_out = bits & 0xffff;
      return true;
   }
   uint32_t sign = signbit(d) ? 0x8000 : 0;
   double a = fabs(d);
   if (isnan(d) || isinf(d)) {
      *half_out = sign | (isnan(d) ? 0x7e00 : 0x7c00);
      return true;
   }
   int exp;
   frexp(a, &exp);
   int e = MAX2(exp - 1, -14);
   double mant = ldexp(a, 10 - e); /* 1024..2047, or less for subnormals */
   if (mant != floor(mant) || e > 15)
      return sass_parse_fail(p, "not a half");
   *half_out =
      sign | ((uint32_t)mant + (mant >= 1024 ? (uint32_t)(e + 14) << 10 : 0));
   return true;
}

bool
sass_parse_imm(struct sass_parser *p)
{
   const char *start = p->at;
   int32_t imm = 0;
   int64_t v;
   uint32_t high, low;
   switch (p->row->imm_kind) {
   case IMM_UINT:
   case IMM_SINT:
      return sass_parse_int_into(p, M_imm);
   case IMM_UINT20:
      if (!sass_parse_int(p, &v))
         return false;
      imm = v >> 19 == 1 ? v - 0x100000 : v;
      break;
   case IMM_F32:
      if (!take_f32(p, &imm))
         return false;
      break;
   case IMM_F64:
      if (!take_f64(p, &imm))
         return false;
      break;
   case IMM_F16X2:
      if (!take_f16(p, &high) || !sass_parse_expect(p, ",") ||
          !take_f16(p, &low))
         return false;
      imm = high << 16 | low;
      break;
   }
   const char *end = p->at;
   p->at = start;
   bool is_float = p->row->imm_kind == IMM_F32 || p->row->imm_kind == IMM_F64;
   if (!sass_parse_set(p, M_imm, imm))
      return is_float ? sass_parse_fail(p, "more bits than the immediate has")
                      : false;
   p->at = end;
   return true;
}
