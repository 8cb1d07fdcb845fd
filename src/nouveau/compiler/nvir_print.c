/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include <inttypes.h>
#include <string.h>

#include "nouveau/compiler/nvir_text_priv.h"

#define FIELD(type, member, kind_)                                             \
   {                                                                           \
      .name = #member, .offset = offsetof(struct type, member),                \
      .size_B = sizeof(((struct type *)0)->member), .kind = NVIR_TEXT_##kind_  \
   }

const struct nvir_text_field nvir_text_instr_fields[] = {
   FIELD(nvir_instr, src_type, TYPE),
   FIELD(nvir_instr, cond, NUMBER),
   FIELD(nvir_instr, rnd, NUMBER),
   FIELD(nvir_instr, atom, NUMBER),
   FIELD(nvir_instr, space, NUMBER),
   FIELD(nvir_instr, is_signed, NUMBER),
   FIELD(nvir_instr, ftz, NUMBER),
   FIELD(nvir_instr, fast, NUMBER),
   FIELD(nvir_instr, sat, NUMBER),
   FIELD(nvir_instr, is_volatile, NUMBER),
   FIELD(nvir_instr, is_invariant, NUMBER),
   FIELD(nvir_instr, is_divergent, NUMBER),
   FIELD(nvir_instr, align_B, NUMBER),
   FIELD(nvir_instr, offset_B, NUMBER),
   FIELD(nvir_instr, imm, NUMBER),
   FIELD(nvir_instr, line, NUMBER),
   {0},
};

const struct nvir_text_field nvir_text_shader_fields[] = {
   FIELD(nvir_shader, chipset, NUMBER),
   FIELD(nvir_shader, shared_B, NUMBER),
   FIELD(nvir_shader, local_B, NUMBER),
   FIELD(nvir_shader, args_B, NUMBER),
   FIELD(nvir_shader, crs_B, NUMBER),
   FIELD(nvir_shader, num_gprs, NUMBER),
   FIELD(nvir_shader, num_barriers, NUMBER),
   FIELD(nvir_shader, is_legal, NUMBER),
   FIELD(nvir_shader, has_regs, NUMBER),
   FIELD(nvir_shader, has_control, NUMBER),
   {0},
};

const char *const nvir_text_slots[NVIR_NUM_SLOTS] = {
   [NVIR_SLOT_NONE] = "none",   [NVIR_SLOT_RD] = "rd",
   [NVIR_SLOT_RA] = "ra",       [NVIR_SLOT_RB] = "rb",
   [NVIR_SLOT_RC] = "rc",       [NVIR_SLOT_PD] = "pd",
   [NVIR_SLOT_PD2] = "pd2",     [NVIR_SLOT_PA] = "pa",
   [NVIR_SLOT_PB] = "pb",       [NVIR_SLOT_PC] = "pc",
   [NVIR_SLOT_GUARD] = "guard", [NVIR_SLOT_CC] = "cc",
};

int64_t
nvir_text_get(const void *object, const struct nvir_text_field *f)
{
   const char *p = (const char *)object + f->offset;
   switch (f->size_B) {
   case 1:
      return *(const uint8_t *)p;
   case 2:
      return *(const uint16_t *)p;
   case 4:
      return *(const int32_t *)p;
   default:
      return *(const int64_t *)p;
   }
}

void
nvir_text_set(void *object, const struct nvir_text_field *f, int64_t v)
{
   memcpy((char *)object + f->offset, &v, f->size_B); /* little endian */
}

static void
print_fields(const void *object, const struct nvir_text_field *fields,
             const char *open, const char *close, struct util_buf *out)
{
   bool any = false;
   for (const struct nvir_text_field *f = fields; f->name; f++) {
      int64_t v = nvir_text_get(object, f);
      if (!v)
         continue;
      util_buf_printf(out, "%s%s=", any ? " " : open, f->name);
      if (f->kind == NVIR_TEXT_TYPE)
         util_buf_puts(out, nvir_type_name(v));
      else if (v > -4096 && v < 4096)
         util_buf_printf(out, "%" PRId64, v);
      else
         util_buf_printf(out, "0x%" PRIx64, (uint64_t)v);
      any = true;
   }
   if (any)
      util_buf_puts(out, close);
}

static void
print_def(const struct nvir_value *v, struct util_buf *out)
{
   static const char cls[] = {'g', 'p', 'c'};
   util_buf_printf(out, "%%%u.%c", v->index, cls[v->cls]);
   if (v->cls == NVIR_CLASS_GPR)
      util_buf_printf(out, "%u", v->words);
   if (v->reg >= 0)
      util_buf_printf(out, "=%c%d", v->cls == NVIR_CLASS_GPR ? 'R' : 'P',
                      v->reg);
}

static void
print_slot(unsigned slot, struct util_buf *out)
{
   if (slot != NVIR_SLOT_NONE)
      util_buf_printf(out, "@%s", nvir_text_slots[slot]);
}

static void
print_dsts(const struct nvir_instr *i, struct util_buf *out)
{
   for (unsigned n = 0; n < i->num_dsts; n++) {
      if (n)
         util_buf_puts(out, ", ");
      if (i->dsts[n].val)
         print_def(i->dsts[n].val, out);
      else
         util_buf_puts(out, "_");
      print_slot(i->dsts[n].slot, out);
   }
   if (i->num_dsts)
      util_buf_puts(out, " = ");
}

static void
print_src(const struct nvir_src *src, struct util_buf *out)
{
   switch (src->kind) {
   case NVIR_SRC_VALUE:
      util_buf_printf(out, "%%%u", src->val->index);
      break;
   case NVIR_SRC_IMM:
      util_buf_printf(out, "#0x%" PRIx64, src->imm);
      break;
   case NVIR_SRC_CBANK:
      util_buf_printf(out, "c[0x%" PRIx64 "]", src->imm);
      break;
   case NVIR_SRC_UNDEF:
      util_buf_puts(out, "undef");
      break;
   }
   print_slot(src->slot, out);
}

void
nvir_print_instr(const struct nvir_instr *i, struct util_buf *out)
{
   print_dsts(i, out);
   util_buf_puts(out, nvir_op_infos[i->op].name);
   if (i->type != NVIR_TYPE_NONE)
      util_buf_printf(out, " %s", nvir_type_name(i->type));
   if (i->op == NVIR_OP_MACH) {
      util_buf_puts(out, " \"");
      sass_print(&i->mi, 0, out);
      util_buf_puts(out, "\"");
   }
   for (unsigned n = 0; n < i->num_srcs; n++) {
      util_buf_puts(out, n ? ", " : " ");
      print_src(&i->srcs[n], out);
   }
   if (i->target)
      util_buf_printf(out, " ->%u", i->target->index);
   print_fields(i, nvir_text_instr_fields, " {", "}", out);
}

static void
print_block_header(const struct nvir_block *b, struct util_buf *out)
{
   util_buf_printf(out, "block %u preds [", b->index);
   for (unsigned n = 0; n < b->num_preds; n++)
      util_buf_printf(out, "%s%u", n ? " " : "", b->preds[n]->index);
   util_buf_puts(out, "] succs [");
   for (unsigned n = 0; n < 2 && b->succs[n]; n++)
      util_buf_printf(out, "%s%u", n ? " " : "", b->succs[n]->index);
   util_buf_puts(out, "]:\n");
}

void
nvir_print(const struct nvir_shader *s, struct util_buf *out)
{
   util_buf_printf(out, "kernel \"%s\"", s->name);
   print_fields(s, nvir_text_shader_fields, " ", "", out);
   util_buf_puts(out, "\n");
   nvir_foreach_block(b, s) {
      print_block_header(b, out);
      nvir_foreach_instr(i, b) {
         util_buf_puts(out, "   ");
         nvir_print_instr(i, out);
         util_buf_puts(out, "\n");
      }
   }
}
