/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "nvsim_engine_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* clang-format off */
#include <cmocka.h>
/* clang-format on */

static void
set_class(struct rig *r, unsigned subch, uint32_t class)
{
   if (class)
      rig_method(r, subch, NV_HOST_SET_OBJECT, class);
}

void
engine_rig_init(struct rig *r, unsigned subch, uint32_t class)
{
   static const struct rig_config config = {0};
   rig_init(r, &config);
   set_class(r, subch, class);
}

void
engine_rig_run(struct rig *r)
{
   rig_kick(r);
   if (rig_wait(r))
      return;
   struct nvsim_error e = {0};
   nvsim_next_error(r->sim, &e);
   fail_msg("%s", e.text);
}

void
engine_rig_expect_error(struct rig *r, const char *text, unsigned subch,
                        uint32_t class)
{
   struct nvsim_error e = {0};
   rig_kick(r);
   assert_false(rig_wait(r));
   assert_true(rig_wait_interrupt(r, NVSIM_INTR_ERROR));
   assert_true(nvsim_next_error(r->sim, &e));
   if (!strstr(e.text, text))
      fail_msg("%s, not: %s", e.text, text);
   r->pending = 0;
   rig_bind(r);
   set_class(r, subch, class);
}
