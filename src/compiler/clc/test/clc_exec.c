/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "clc_exec.h"

struct clc_host_program *
clc_exec_build(const char *source, const char *options)
{
   struct clc_test_result r = clc_test_build(source, options);
   if (r.ret)
      fail_msg("%s", r.log);
   struct clc_host_program *p = clc_host_create(&r.blob);
   assert_non_null(p);
   clc_test_free(&r);
   return p;
}

struct clc_host_fences
clc_exec_run(struct clc_host_program *p, const char *kernel, unsigned groups,
             unsigned local, const void *args, size_t args_size_B)
{
   struct clc_host_launch l = {
      .kernel = kernel,
      .groups = {groups},
      .local = {local},
      .args = args,
      .args_size_B = args_size_B,
   };
   return clc_host_run(p, &l);
}
