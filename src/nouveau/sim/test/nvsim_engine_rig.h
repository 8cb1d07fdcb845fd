/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* For tests of a channel's engines: what was put into the push buffer runs, or
 * ends in an error. */
#ifndef NVSIM_ENGINE_RIG_H
#define NVSIM_ENGINE_RIG_H

#include "nvsim_rig.h"

/* A rig with one more class, on its subchannel (0: none). */
void engine_rig_init(struct rig *r, unsigned subch, uint32_t class);
/* Kicks and waits; an error fails the test with its text. */
void engine_rig_run(struct rig *r);
/* Kicks; the channel ends with this text in its error, and is bound anew, with
 * the class as in engine_rig_init. */
void engine_rig_expect_error(struct rig *r, const char *text, unsigned subch,
                             uint32_t class);

#endif
