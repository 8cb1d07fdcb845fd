/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "clc_test_util.h"

#include <stdlib.h>
#include <string.h>

struct clc_test_result
clc_test_compile(const char *source, const char *options)
{
   struct clc_test_result r = {0};
   struct clc_compile_args args = {.source = source,
                                   .options = options,
                                   .chipset = CLC_TEST_CHIPSET};
   r.ret = clc_get_ops()->compile(&args, &r.blob, &r.log);
   assert_non_null(r.log);
   return r;
}

struct clc_test_result
clc_test_link(const struct clc_blob *const *objects, unsigned num,
              const char *options, bool library)
{
   struct clc_test_result r = {0};
   r.ret = clc_get_ops()->link(objects, num, options, library, &r.blob, &r.log);
   assert_non_null(r.log);
   return r;
}

struct clc_test_result
clc_test_build(const char *source, const char *options)
{
   struct clc_test_result object = clc_test_compile(source, options);
   if (object.ret)
      return object;
   const struct clc_blob *objects[] = {&object.blob};
   struct clc_test_result program = clc_test_link(objects, 1, options, false);
   clc_test_free(&object);
   return program;
}

void
clc_test_free(struct clc_test_result *r)
{
   free(r->blob.data);
   free(r->log);
}

void
clc_test_must_build(const char *source, const char *options)
{
   struct clc_test_result r = clc_test_build(source, options);
   if (r.ret)
      fail_msg("%d for [%s]\n%s\n%s", r.ret, options ? options : "", source,
               r.log);
   clc_test_free(&r);
}

void
clc_test_contains(const char *text, const char *part)
{
   if (!strstr(text, part))
      fail_msg("\"%s\" is not in:\n%s", part, text);
}
