/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* What this code is compiled with: 0 or 1, for #if and if. gcc and clang say it
 * in different ways. */
#ifndef UTIL_SANITIZE_H
#define UTIL_SANITIZE_H

#if defined(__has_feature)
#define UTIL_HAS_ASAN __has_feature(address_sanitizer)
#define UTIL_HAS_TSAN __has_feature(thread_sanitizer)
#else
#ifdef __SANITIZE_ADDRESS__
#define UTIL_HAS_ASAN 1
#else
#define UTIL_HAS_ASAN 0
#endif
#ifdef __SANITIZE_THREAD__
#define UTIL_HAS_TSAN 1
#else
#define UTIL_HAS_TSAN 0
#endif
#endif

#endif
