/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* The simulated kernel behind the winsys' table of system calls. */
#ifndef OPENCL_SIM_H
#define OPENCL_SIM_H

struct nouveau_ws_os;

/* Creates the simulated kernel and card (NVSIM_*, KMD_*, NOUVEAU_CHIPSET).
 * Released through the table. 0 or -errno. */
int opencl_sim_os(const struct nouveau_ws_os **os_out);

#endif
