/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Runs the application's event callbacks in order of arrival on a thread of
 * their own: no callback runs under one of our locks or inside a call of the
 * application. One thread for the process, started with the first job; it lives
 * as long as the platform, which is for ever. */
#ifndef OCL_NOTIFY_H
#define OCL_NOTIFY_H

#include <pthread.h>

#include "util/util_list.h"

struct ocl_notify_job {
   struct util_list link;
   void (*run)(struct ocl_notify_job *job); /* owns the job from here on */
};

struct ocl_notifier {
   pthread_mutex_t lock;
   pthread_cond_t cond;
   struct util_list jobs;
   bool started;
};

void ocl_notifier_init(struct ocl_notifier *n);
/* Before the first submit. False: no thread to be had. */
bool ocl_notifier_start(struct ocl_notifier *n);
void ocl_notifier_submit(struct ocl_notifier *n, struct ocl_notify_job *job);

#endif
