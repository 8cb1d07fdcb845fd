/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <llvm-c/BitReader.h>
#include <llvm-c/BitWriter.h>

#include "compiler/clc/clc_blob.h"
#include "compiler/clc/clc_priv.h"

/* Without this LLVM would print link errors and exit. */
static void
on_diagnostic(LLVMDiagnosticInfoRef info, void *data)
{
   struct clc_job *job = data;
   if (LLVMGetDiagInfoSeverity(info) != LLVMDSError)
      return;
   char *text = LLVMGetDiagInfoDescription(info);
   clc_job_error(job, "%s", text);
   LLVMDisposeMessage(text);
}

void
clc_job_init(struct clc_job *job)
{
   *job = (struct clc_job){.context = LLVMContextCreate()};
   util_arena_init(&job->arena);
   util_buf_init(&job->log);
   /* Bitcode without any pointer would otherwise leave the context undecided. */
   LLVMContextSetOpaquePointers(job->context, true);
   LLVMContextSetDiagnosticHandler(job->context, on_diagnostic, job);
}

void
clc_job_finish(struct clc_job *job, char **log_out)
{
   if (log_out) {
      util_buf_puts(&job->log, "");
      *log_out = util_buf_steal(&job->log);
   }
   util_buf_finish(&job->log);
   util_arena_finish(&job->arena);
   LLVMContextDispose(job->context);
}

static void
append_error(struct clc_job *job, const char *fmt, va_list ap)
{
   char text[1024];
   vsnprintf(text, sizeof(text), fmt, ap);
   util_buf_printf(&job->log, "error: %s\n", text);
   job->failed = true;
}

void
clc_job_error(struct clc_job *job, const char *fmt, ...)
{
   va_list ap;
   va_start(ap, fmt);
   append_error(job, fmt, ap);
   va_end(ap);
}

void
clc_job_error_at(struct clc_job *job, LLVMValueRef instruction, const char *fmt,
                 ...)
{
   unsigned length = 0, line = LLVMGetDebugLocLine(instruction);
   const char *file = LLVMGetDebugLocFilename(instruction, &length);
   if (file && line)
      util_buf_printf(&job->log, "%.*s:%u:%u: ", (int)length, file, line,
                      LLVMGetDebugLocColumn(instruction));
   va_list ap;
   va_start(ap, fmt);
   append_error(job, fmt, ap);
   va_end(ap);
}

LLVMModuleRef
clc_job_read(struct clc_job *job, const void *data, size_t size_B)
{
   LLVMModuleRef module = NULL;
   const void *bitcode = clc_blob_unwrap(data, size_B, &size_B);
   if (bitcode) {
      LLVMMemoryBufferRef buffer = LLVMCreateMemoryBufferWithMemoryRange(
         bitcode, size_B, "object", false);
      if (LLVMParseBitcodeInContext2(job->context, buffer, &module))
         module = NULL;
      LLVMDisposeMemoryBuffer(buffer);
   }
   if (!module)
      clc_job_error(job, "damaged program object");
   return module;
}

int
clc_job_write(struct clc_job *job, LLVMModuleRef module, struct clc_blob *out)
{
   LLVMMemoryBufferRef buffer = LLVMWriteBitcodeToMemoryBuffer(module);
   int ret =
      clc_blob_wrap(LLVMGetBufferStart(buffer), LLVMGetBufferSize(buffer), out);
   LLVMDisposeMemoryBuffer(buffer);
   return ret;
}
