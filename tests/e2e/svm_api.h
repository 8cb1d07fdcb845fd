/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Both halves of svm_api_test. */
#ifndef SVM_API_H
#define SVM_API_H

#include "e2e.h"

enum {
   PAGE = 4096,
   SIZE = 4 * PAGE
};

struct api {
   struct e2e *e;
   cl_program program;
   cl_kernel kernel;
   char *svm;                   /* SIZE bytes */
   cl_context other_context;    /* with the same device */
   cl_event other_event, event; /* of the other and of our context */
   cl_event failed;             /* ended with an error */
   bool system;
};

/* svm_api_calls.c; *state is a struct api. */
void test_free_with_callback(void **state);
void test_free_without_callback(void **state);
void test_buffers(void **state);
void test_indirect(void **state);
void test_system_pointer(void **state);
void test_migrate(void **state);

#endif
