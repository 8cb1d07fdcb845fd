/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Format strings, and the host's half of printf. */
#include "compiler/clc/clc_printf.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "util/util_buf.h"
#include "util/util_macros.h"

uint32_t
clc_printf_place(uint32_t arg, uint32_t *end_B)
{
   /* Three elements take the room of four. */
   uint32_t count = util_next_pow2(CLC_PRINTF_ARG_COUNT(arg));
   uint32_t size_B = CLC_PRINTF_ARG_ELEMENT_B(arg) * count;
   uint32_t offset_B = util_align(*end_B, CLAMP(size_B, 1, 8));
   *end_B = offset_B + size_B;
   return offset_B;
}

/* ---- format strings ---- */

struct cursor {
   const char *at, *end;
};

static char
peek(const struct cursor *c)
{
   return c->at < c->end ? *c->at : 0;
}

static bool
accept(struct cursor *c, const char *word)
{
   size_t n = strlen(word);
   if ((size_t)(c->end - c->at) < n || memcmp(c->at, word, n) != 0)
      return false;
   c->at += n;
   return true;
}

/* Large numbers are cut: nobody wants a line of 2^31 blanks. */
static int
parse_number(struct cursor *c)
{
   int v = 0;
   while (isdigit((unsigned char)peek(c))) {
      v = v * 10 + (*c->at++ - '0');
      v = MIN2(v, 4096);
   }
   return v;
}

static void
parse_flags(struct cursor *c, char flags[8])
{
   unsigned n = 0;
   while (peek(c) && strchr("-+ #0", peek(c))) {
      if (!memchr(flags, peek(c), n))
         flags[n++] = peek(c);
      c->at++;
   }
   flags[n] = 0;
}

static unsigned
parse_vector(struct cursor *c)
{
   if (!accept(c, "v"))
      return 1;
   unsigned n = parse_number(c);
   return n == 2 || n == 3 || n == 4 || n == 8 || n == 16 ? n : 0;
}

static void
parse_modifier(struct cursor *c, char modifier[3])
{
   static const char *const modifiers[] = {"hh", "hl", "h", "ll", "l"};
   modifier[0] = 0;
   for (unsigned i = 0; i < ARRAY_SIZE(modifiers); i++) {
      if (accept(c, modifiers[i])) {
         strcpy(modifier, modifiers[i]);
         return;
      }
   }
}

bool
clc_printf_next(const char *text, size_t length, struct clc_printf_spec *spec)
{
   const char *percent = memchr(text, '%', length);
   if (!percent)
      return false;
   struct cursor c = {percent + 1, text + length};
   *spec =
      (struct clc_printf_spec){.text = percent, .width = -1, .precision = -1};

   parse_flags(&c, spec->flags);
   if (isdigit((unsigned char)peek(&c)))
      spec->width = parse_number(&c);
   if (accept(&c, "."))
      spec->precision = parse_number(&c);
   spec->vector = parse_vector(&c);
   parse_modifier(&c, spec->modifier);
   char conversion = peek(&c);
   if (conversion && strchr("diouxXfFeEgGaAcsp%", conversion)) {
      spec->conversion = spec->vector ? conversion : 0;
      c.at++;
   }
   spec->length = c.at - percent;
   return true;
}

/* ---- printing ---- */

/* One record being printed. */
struct record {
   const struct clc_program_info *info;
   const struct clc_printf *format;
   const unsigned char *args;
   uint32_t args_B;
   uint32_t next_arg, end_B;
   struct util_buf out;
};

/* The value of an element, extended as its conversion wants. */
static int64_t
read_integer(const unsigned char *p, unsigned size_B, bool is_signed)
{
   uint64_t v = 0;
   memcpy(&v, p, size_B);
   if (is_signed && size_B < 8)
      return util_sign_extend(v, 8 * size_B);
   return v;
}

static double
half_to_double(uint16_t h)
{
   int exponent = h >> 10 & 31, mantissa = h & 1023;
   double v = exponent == 31  ? (mantissa ? NAN : INFINITY)
              : exponent == 0 ? ldexp(mantissa, -24)
                              : ldexp(mantissa + 1024, exponent - 25);
   return h & 0x8000 ? -v : v;
}

static double
read_float(const unsigned char *p, unsigned size_B)
{
   if (size_B == 2) {
      uint16_t h;
      memcpy(&h, p, 2);
      return half_to_double(h);
   }
   if (size_B == 4) {
      float f;
      memcpy(&f, p, 4);
      return f;
   }
   double d;
   memcpy(&d, p, 8);
   return d;
}

/* The same specification for the host's printf, with `*` for width and
 * precision. */
static void
host_format(const struct clc_printf_spec *spec, const char *modifier,
            char out[32])
{
   snprintf(out, 32, "%%%s%s%s%s%c", spec->flags, spec->width >= 0 ? "*" : "",
            spec->precision >= 0 ? ".*" : "", modifier, spec->conversion);
}

#define PRINT(r, spec, format, value)                                          \
   do {                                                                        \
      if ((spec)->width >= 0 && (spec)->precision >= 0)                        \
         util_buf_printf(&(r)->out, format, (spec)->width, (spec)->precision,  \
                         value);                                               \
      else if ((spec)->width >= 0)                                             \
         util_buf_printf(&(r)->out, format, (spec)->width, value);             \
      else if ((spec)->precision >= 0)                                         \
         util_buf_printf(&(r)->out, format, (spec)->precision, value);         \
      else                                                                     \
         util_buf_printf(&(r)->out, format, value);                            \
   } while (0)

#pragma GCC diagnostic ignored "-Wformat-nonliteral"

/* hh and h look at the low bytes of what was promoted to int. */
static unsigned
integer_size(const struct clc_printf_spec *spec, unsigned element_B)
{
   unsigned size_B = strcmp(spec->modifier, "hh") == 0  ? 1
                     : strcmp(spec->modifier, "h") == 0 ? 2
                                                        : element_B;
   return MIN2(size_B, element_B);
}

static void
print_element(struct record *r, const struct clc_printf_spec *spec,
              const unsigned char *p, unsigned element_B)
{
   char format[32];
   switch (spec->conversion) {
   case 'd':
   case 'i':
      host_format(spec, "ll", format);
      PRINT(r, spec, format,
            (long long)read_integer(p, integer_size(spec, element_B), true));
      break;
   case 'o':
   case 'u':
   case 'x':
   case 'X':
      host_format(spec, "ll", format);
      PRINT(r, spec, format,
            (long long)read_integer(p, integer_size(spec, element_B), false));
      break;
   case 'c':
      host_format(spec, "", format);
      PRINT(r, spec, format, (int)read_integer(p, element_B, false));
      break;
   case 'p':
      host_format(spec, "", format);
      PRINT(r, spec, format,
            (void *)(uintptr_t)read_integer(p, element_B, false));
      break;
   default:
      host_format(spec, "", format);
      PRINT(r, spec, format, read_float(p, element_B));
      break;
   }
}

static void
print_string(struct record *r, const struct clc_printf_spec *spec,
             const unsigned char *p)
{
   uint32_t index = read_integer(p, 4, false);
   if (index >= r->info->num_printfs)
      return;
   char format[32];
   host_format(spec, "", format);
   PRINT(r, spec, format, r->info->printfs[index].text);
}

static void
print_argument(struct record *r, const struct clc_printf_spec *spec)
{
   if (r->next_arg >= r->format->num_args)
      return;
   uint32_t arg = r->format->args[r->next_arg++];
   uint32_t offset_B = clc_printf_place(arg, &r->end_B);
   if (r->end_B > r->args_B)
      return;
   const unsigned char *p = r->args + offset_B;
   if (spec->conversion == 's') {
      if (CLC_PRINTF_ARG_IS_STRING(arg))
         print_string(r, spec, p);
      return;
   }
   unsigned element_B = CLC_PRINTF_ARG_ELEMENT_B(arg);
   for (unsigned i = 0; i < CLC_PRINTF_ARG_COUNT(arg); i++) {
      if (i)
         util_buf_puts(&r->out, ",");
      print_element(r, spec, p + i * element_B, element_B);
   }
}

static void
print_record(struct record *r)
{
   const char *text = r->format->text, *end = text + r->format->length;
   struct clc_printf_spec spec;
   while (clc_printf_next(text, end - text, &spec)) {
      util_buf_append(&r->out, text, spec.text - text);
      if (spec.conversion == '%')
         util_buf_puts(&r->out, "%");
      else if (!spec.conversion)
         util_buf_append(&r->out, spec.text, spec.length);
      else
         print_argument(r, &spec);
      text = spec.text + spec.length;
   }
   util_buf_append(&r->out, text, end - text);
}

void
clc_printf_print(const struct clc_program_info *info, const void *buffer,
                 size_t size_B,
                 void (*emit)(void *data, const char *text, size_t length),
                 void *data)
{
   struct clc_printf_buffer header;
   if (size_B < sizeof(header))
      return;
   memcpy(&header, buffer, sizeof(header));
   const unsigned char *records =
      (const unsigned char *)buffer + sizeof(header);
   size_t end_B = MIN2(header.used_B, header.capacity_B);
   end_B = MIN2(end_B, size_B - sizeof(header));

   for (size_t at_B = 0; at_B + CLC_PRINTF_RECORD_B <= end_B;) {
      uint32_t size, index;
      memcpy(&size, records + at_B, 4);
      memcpy(&index, records + at_B + 4, 4);
      if (size < CLC_PRINTF_RECORD_B || size > end_B - at_B ||
          index >= info->num_printfs)
         return;
      struct record r = {
         .info = info,
         .format = &info->printfs[index],
         .args = records + at_B + CLC_PRINTF_RECORD_B,
         .args_B = size - CLC_PRINTF_RECORD_B,
      };
      util_buf_init(&r.out);
      print_record(&r);
      emit(data, r.out.data ? r.out.data : "", r.out.size_B);
      util_buf_finish(&r.out);
      at_B += size;
   }
}
