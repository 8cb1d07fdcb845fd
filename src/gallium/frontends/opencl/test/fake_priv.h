/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Between fake_screen.c and fake_context.c. */
#ifndef FAKE_PRIV_H
#define FAKE_PRIV_H

#include "fake_screen.h"

static inline struct fake_screen *
fake_cast(struct pipe_screen *s)
{
   return container_of(s, struct fake_screen, base);
}

/* Where a range of a resource is. */
char *fake_place(struct pipe_resource *res, uint64_t offset_B, uint64_t size_B);
void *fake_screen_main(void *screen);
struct pipe_context *fake_context_create(struct pipe_screen *screen);
bool fake_fence_finish(struct pipe_screen *screen,
                       struct pipe_fence_handle *fence, uint64_t timeout);
void fake_fence_reference(struct pipe_screen *screen,
                          struct pipe_fence_handle **dst,
                          struct pipe_fence_handle *src);
bool fake_fence_times(struct pipe_screen *screen,
                      struct pipe_fence_handle *fence, uint64_t *start,
                      uint64_t *end);
int fake_fence_error(struct pipe_screen *screen,
                     struct pipe_fence_handle *fence,
                     struct pipe_device_fault *fault_out);

#endif
