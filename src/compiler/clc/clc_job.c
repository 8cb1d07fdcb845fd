/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <llvm-c/BitReader.h>
#include <llvm-c/BitWriter.h>

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

/* LLVM's reader trusts its input in places; the magic keeps out what is plainly
 * something else. */
static bool
looks_like_bitcode(const void *data, size_t size_B)
{
   static const unsigned char magic[4] = {'B', 'C', 0xc0, 0xde};
   return size_B >= sizeof(magic) && size_B % 4 == 0 &&
          memcmp(data, magic, sizeof(magic)) == 0;
}

LLVMModuleRef
clc_job_read(struct clc_job *job, const void *data, size_t size_B)
{
   LLVMModuleRef module = NULL;
   if (looks_like_bitcode(data, size_B)) {
      LLVMMemoryBufferRef buffer =
         LLVMCreateMemoryBufferWithMemoryRange(data, size_B, "object", false);
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
   size_t size_B = LLVMGetBufferSize(buffer);
   out->data = malloc(size_B);
   if (out->data) {
      memcpy(out->data, LLVMGetBufferStart(buffer), size_B);
      out->size_B = size_B;
   }
   LLVMDisposeMemoryBuffer(buffer);
   return out->data ? 0 : -ENOMEM;
}
