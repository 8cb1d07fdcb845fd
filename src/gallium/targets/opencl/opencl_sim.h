/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* The simulated machine behind the winsys' table of system calls. */
#ifndef OPENCL_SIM_H
#define OPENCL_SIM_H

struct kmd_machine;
struct nouveau_ws_os;

/* Creates a simulated card and its kernel (NVSIM_*, KMD_*, NOUVEAU_CHIPSET),
 * the machine's `index`-th. Released through the table. 0 or -errno. */
int opencl_sim_os(struct kmd_machine *machine, unsigned index,
                  const struct nouveau_ws_os **os_out);

#endif
