/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Messages for people, one line each, to stderr: "partage: module: text". */
#ifndef UTIL_LOG_H
#define UTIL_LOG_H

#include "util/util_macros.h"

enum util_log_level {
   UTIL_LOG_ERROR,
   UTIL_LOG_WARN,
   UTIL_LOG_INFO,  /* shown with PARTAGE_LOG=info or debug */
   UTIL_LOG_DEBUG, /* shown with PARTAGE_LOG=debug */
};

void util_log(enum util_log_level level, const char *module, const char *fmt,
              ...) PRINTFLIKE(3, 4);

#define util_err(module, ...)  util_log(UTIL_LOG_ERROR, module, __VA_ARGS__)
#define util_warn(module, ...) util_log(UTIL_LOG_WARN, module, __VA_ARGS__)
#define util_info(module, ...) util_log(UTIL_LOG_INFO, module, __VA_ARGS__)
#define util_dbg(module, ...)  util_log(UTIL_LOG_DEBUG, module, __VA_ARGS__)

#endif
