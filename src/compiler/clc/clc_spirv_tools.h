/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* SPIRV-Tools' C header, whose one variable is a definition in every C file
 * that includes it. */
#ifndef CLC_SPIRV_TOOLS_H
#define CLC_SPIRV_TOOLS_H

#define kDefaultMaxIdBound __attribute__((weak)) kDefaultMaxIdBound
#include <spirv-tools/libspirv.h>
#undef kDefaultMaxIdBound

#endif
