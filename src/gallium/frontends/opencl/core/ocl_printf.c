/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "ocl_printf.h"

#include "ocl_platform.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pipe/p_context.h"

#define BUFFER_B (sizeof(struct clc_printf_buffer) + OCL_PRINTF_B)

int
ocl_printf_begin(struct ocl_queue *q, uint64_t *gpu_va_out)
{
   const struct clc_printf_buffer header = {0, OCL_PRINTF_B};
   struct pipe_screen *screen = q->dev->screen;
   struct pipe_context *pipe = ocl_queue_pipe(q);

   if (!q->printf_buffer)
      q->printf_buffer =
         screen->resource_create(screen, BUFFER_B, PIPE_USAGE_DEFAULT, 0);
   if (!q->printf_buffer)
      return -ENOMEM;
   *gpu_va_out = screen->resource_get_address(screen, q->printf_buffer);
   return pipe->buffer_subdata(pipe, q->printf_buffer, 0, sizeof(header),
                               &header);
}

static void
emit(void *data, const char *text, size_t length)
{
   fwrite(text, 1, length, stdout);
}

static int
print(struct ocl_queue *q, const struct clc_program_info *info, size_t used_B)
{
   struct pipe_context *pipe = ocl_queue_pipe(q);
   size_t size_B =
      sizeof(struct clc_printf_buffer) + MIN2(used_B, OCL_PRINTF_B);
   void *copy = malloc(size_B);
   const char *why;

   if (!copy)
      return -ENOMEM;
   int ret = pipe->buffer_read(pipe, q->printf_buffer, 0, size_B, copy);
   const struct clc_ops *clc = ocl_platform_clc(&why);
   if (!ret && clc) {
      clc->print(info, copy, size_B, emit, NULL);
      fflush(stdout);
   }
   free(copy);
   return ret;
}

int
ocl_printf_end(struct ocl_queue *q, const struct clc_program_info *info)
{
   struct pipe_context *pipe = ocl_queue_pipe(q);
   struct clc_printf_buffer header;
   int ret =
      pipe->buffer_read(pipe, q->printf_buffer, 0, sizeof(header), &header);

   if (ret || !header.used_B)
      return ret;
   return print(q, info, header.used_B);
}
