/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Gallium compute driver for NVIDIA Pascal over the nouveau kernel interface. */
#ifndef NOUVEAU_H
#define NOUVEAU_H

#include "nouveau/compiler/nvir.h"
#include "pipe/p_screen.h"

struct nouveau_ws_device;

struct nouveau_screen_config {
   /* Back-end compiler, loaded on first call; NULL with *why_out if it is
    * missing. */
   const struct nvir_ops *(*compiler)(const char **why_out);
   unsigned number;       /* of the card: in its name, from the second on */
   bool migrate_prefetch; /* NOUVEAU_SVM_MIGRATE=prefetch */
   bool migrate_never;    /* =never: hints move nothing */
};

/* Takes over `ws`; it is destroyed with the screen, or on failure. NULL: out of
 * memory. */
struct pipe_screen *
nouveau_screen_create(struct nouveau_ws_device *ws,
                      const struct nouveau_screen_config *config);

#endif
