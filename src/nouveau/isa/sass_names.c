/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Names of special registers (isa.md 2.12, S2R and CS2R).  Graphics registers
 * have numbers only. */
#include "nouveau/isa/sass_priv.h"

static const char *const sreg_names[] = {
   [0x00] = "LANEID",
   [0x01] = "CLOCK",
   [0x02] = "VIRTCFG",
   [0x03] = "VIRTID",
   [0x04] = "PM0",
   [0x05] = "PM1",
   [0x06] = "PM2",
   [0x07] = "PM3",
   [0x08] = "PM4",
   [0x09] = "PM5",
   [0x0a] = "PM6",
   [0x0b] = "PM7",
   [0x0f] = "ORDERING_TICKET",
   [0x20] = "TID",
   [0x21] = "TID.X",
   [0x22] = "TID.Y",
   [0x23] = "TID.Z",
   [0x25] = "CTAID.X",
   [0x26] = "CTAID.Y",
   [0x27] = "CTAID.Z",
   [0x28] = "NTID",
   [0x2c] = "SM_SPA_VERSION",
   [0x2e] = "LWINHI",
   [0x2f] = "SWINHI",
   [0x30] = "SWINLO",
   [0x31] = "SWINSZ",
   [0x32] = "SMEMSZ",
   [0x33] = "SMEMBANKS",
   [0x34] = "LWINLO",
   [0x35] = "LWINSZ",
   [0x36] = "LMEMLOSZ",
   [0x37] = "LMEMHIOFF",
   [0x38] = "EQMASK",
   [0x39] = "LTMASK",
   [0x3a] = "LEMASK",
   [0x3b] = "GTMASK",
   [0x3c] = "GEMASK",
   [0x3d] = "REGALLOC",
   [0x3e] = "BARRIERALLOC",
   [0x40] = "GLOBALERRORSTATUS",
   [0x42] = "WARPERRORSTATUS",
   [0x43] = "WARPERRORSTATUSCLEAR",
   [0x48] = "PM_HI0",
   [0x49] = "PM_HI1",
   [0x4a] = "PM_HI2",
   [0x4b] = "PM_HI3",
   [0x4c] = "PM_HI4",
   [0x4d] = "PM_HI5",
   [0x4e] = "PM_HI6",
   [0x4f] = "PM_HI7",
   [0x50] = "CLOCKLO",
   [0x51] = "CLOCKHI",
   [0x52] = "GLOBALTIMERLO",
   [0x53] = "GLOBALTIMERHI",
   [0x60] = "HWTASKID",
};

const char *
sass_sreg_name(unsigned sreg)
{
   return sreg < ARRAY_SIZE(sreg_names) ? sreg_names[sreg] : NULL;
}

const char *const sass_cond_names[32] = {
   "F",      "LT",     "EQ",     "LE",      "GT",      "NE",      "GE",  "NUM",
   "NAN",    "LTU",    "EQU",    "LEU",     "GTU",     "NEU",     "GEU", "T",
   "OFF",    "LO",     "SFF",    "LS",      "HI",      "SFT",     "HS",  "OFT",
   "CSM_TA", "CSM_TR", "CSM_MX", "FCSM_TA", "FCSM_TR", "FCSM_MX", "RLE", "RGT",
};

const char *const sass_tex_dim_names[8] = {
   "1D", "ARRAY_1D", "2D", "ARRAY_2D", "3D", "ARRAY_3D", "CUBE", "ARRAY_CUBE",
};

const char *const sass_txq_names[64] = {
   [SASS_TXQ_DIMENSION] = "TEX_HEADER_DIMENSION",
   [SASS_TXQ_TYPE] = "TEX_HEADER_TEXTURE_TYPE",
   [SASS_TXQ_SAMPLEPOS] = "TEX_HEADER_SAMPLER_POS",
   [SASS_TXQ_FILTER] = "TEX_SAMPLER_FILTER",
   [SASS_TXQ_LOD] = "TEX_SAMPLER_LOD",
   [SASS_TXQ_WRAP] = "TEX_SAMPLER_WRAP",
   [SASS_TXQ_BORDER] = "TEX_SAMPLER_BORDER_COLOR",
};

const char *const sass_swizzle_names[4] = {"PP", "PN", "NP", "ZP"};

const char *const sass_vpart_names[SASS_VPART_COUNT] = {
   "", ".B0", ".B1", ".B2", ".B3", ".H0", ".H1"};

const char *const sass_vsel_a_names[SASS_VSEL_COUNT] = {
   "",      ".0000", ".1111", ".2222", ".3333", ".4321", ".5432",
   ".6543", ".3201", ".3012", ".0213", ".3120", ".1230", ".2310",
};

const char *const sass_vsel_b_names[SASS_VSEL_COUNT] = {
   "",      ".4444", ".5555", ".6666", ".7777", ".6543",
   ".5432", ".4321", ".4567", ".6745", ".5467",
};
