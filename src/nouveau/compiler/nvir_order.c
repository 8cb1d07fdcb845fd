/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "nouveau/compiler/nvir_order_priv.h"

/* Typical values: isa.md §5.4. */
unsigned
nvir_variable_latency(const struct nvir_instr *i)
{
   switch (sass_op_info(i->mi.op)->class_) {
   case SASS_CLASS_DOUBLE:
      return 48;
   case SASS_CLASS_QUARTER:
      return 14;
   case SASS_CLASS_LEGACY:
      return 86;
   case SASS_CLASS_LOAD:
      return i->mi.op == SASS_OP_LDS || i->mi.op == SASS_OP_LDC ? 24
             : i->mi.op == SASS_OP_LDL                          ? 82
                                                                : 200;
   case SASS_CLASS_ATOMIC:
      return i->mi.op == SASS_OP_ATOMS ? 60 : 200;
   case SASS_CLASS_TEX:
      return 200;
   case SASS_CLASS_STORE:
   case SASS_CLASS_MISC:
   case SASS_CLASS_CONTROL:
      return 25;
   default:
      return 0;
   }
}

bool
nvir_is_fixed(const struct nvir_instr *i)
{
   bool reads_clock =
      i->mi.op == SASS_OP_CS2R ||
      (i->mi.op == SASS_OP_S2R &&
       (i->mi.sreg == SASS_SR_CLOCK || i->mi.sreg >= SASS_SR_CLOCKLO));
   return sass_op_info(i->mi.op)->class_ == SASS_CLASS_CONTROL || reads_clock;
}

enum memory {
   NOT_MEMORY,
   CONSTANT,
   LOCAL,
   SHARED,
   OTHER
};

static enum memory
memory_of(const struct nvir_instr *i)
{
   switch (i->mi.op) {
   case SASS_OP_LDC:
      return CONSTANT;
   case SASS_OP_LDL:
   case SASS_OP_STL:
      return LOCAL;
   case SASS_OP_LDS:
   case SASS_OP_STS:
   case SASS_OP_ATOMS:
      return SHARED;
   default:
      break;
   }
   enum sass_class c = sass_op_info(i->mi.op)->class_;
   bool is_memory = c == SASS_CLASS_LOAD || c == SASS_CLASS_STORE ||
                    c == SASS_CLASS_ATOMIC || c == SASS_CLASS_TEX;
   return is_memory ? OTHER : NOT_MEMORY;
}

/* Loads that may pass each other. Past L1 they may be atomic or volatile: two
 * of one place must not change order. */
static bool
only_loads(const struct nvir_instr *i)
{
   return sass_op_info(i->mi.op)->class_ == SASS_CLASS_LOAD &&
          !i->is_volatile && i->mi.cache == SASS_CACHE_CA;
}

/* Absolute local addresses, as spilling uses, that do not overlap. */
static bool
are_apart(const struct nvir_instr *a, const struct nvir_instr *b)
{
   if (memory_of(a) != LOCAL || memory_of(b) != LOCAL)
      return false;
   nvir_foreach_src(src, a)
      if (src->slot == NVIR_SLOT_RA)
         return false;
   nvir_foreach_src(src, b)
      if (src->slot == NVIR_SLOT_RA)
         return false;
   return a->mi.off + (int)sass_size_B(a->mi.size) <= b->mi.off ||
          b->mi.off + (int)sass_size_B(b->mi.size) <= a->mi.off;
}

bool
nvir_must_keep_order(const struct nvir_instr *a, const struct nvir_instr *b)
{
   enum memory x = memory_of(a), y = memory_of(b);
   if (x <= CONSTANT || y <= CONSTANT || (only_loads(a) && only_loads(b)))
      return false;
   if (x != y && x != OTHER && y != OTHER)
      return false;
   return !are_apart(a, b);
}
