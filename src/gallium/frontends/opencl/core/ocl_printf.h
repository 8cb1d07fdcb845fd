/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Output of kernels. A queue has one buffer for it; a launch that prints is
 * alone on the device, and its text is on stdout when its event ends. Token
 * holder only. */
#ifndef OCL_PRINTF_H
#define OCL_PRINTF_H

#include "ocl_program.h"
#include "ocl_queue.h"

#define OCL_PRINTF_B (1u << 20) /* CL_DEVICE_PRINTF_BUFFER_SIZE */

/* Records the emptying of the buffer, before the launch. 0 or -errno. */
int ocl_printf_begin(struct ocl_queue *q, uint64_t *gpu_va_out);
/* Waits for the launch and prints. 0 or -errno. */
int ocl_printf_end(struct ocl_queue *q, const struct clc_program_info *info);

#endif
