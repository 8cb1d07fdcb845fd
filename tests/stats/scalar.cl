/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Long chains on few values. */
// run black_scholes global 512 local 128 args f512 f512 f512 F512
kernel void
black_scholes(global const float *price, global const float *strike, global const float *years,
              global float *call)
{
   int i = get_global_id(0);
   float s = price[i] + 0.5f, x = strike[i] + 0.5f, t = years[i] + 0.1f;
   float root = native_sqrt(t);
   float d1 = (native_log(s / x) + (0.02f + 0.5f * 0.3f * 0.3f) * t) / (0.3f * root);
   float d2 = d1 - 0.3f * root;
   float k1 = 1 / (1 + 0.2316419f * fabs(d1)), k2 = 1 / (1 + 0.2316419f * fabs(d2));
   float c1 = 0.39894228f * native_exp(-0.5f * d1 * d1) * k1 * (0.31938153f + k1 * -0.3565638f);
   float c2 = 0.39894228f * native_exp(-0.5f * d2 * d2) * k2 * (0.31938153f + k2 * -0.3565638f);
   c1 = d1 > 0 ? 1 - c1 : c1;
   c2 = d2 > 0 ? 1 - c2 : c2;
   call[i] = s * c1 - x * native_exp(-0.02f * t) * c2;
}

// run xorshift global 512 local 128 args u512 U512 i64
kernel void
xorshift(global const uint *seed, global uint *out, int rounds)
{
   uint x = seed[get_global_id(0)] | 1, sum = 0;
   for (int k = 0; k < rounds; k++) {
      x ^= x << 13;
      x ^= x >> 17;
      x ^= x << 5;
      sum += x * 2654435761u;
   }
   out[get_global_id(0)] = sum;
}

/* Rotations and three-input logic. */
// run sha1_round global 256 local 64 args u4096 U1280
kernel void
sha1_round(global const uint *in, global uint *out)
{
   int id = get_global_id(0);
   uint w[16];
   for (int i = 0; i < 16; i++)
      w[i] = in[id * 16 + i];
   uint a = 0x67452301, b = 0xefcdab89, c = 0x98badcfe, d = 0x10325476, e = 0xc3d2e1f0;
   for (int i = 0; i < 20; i++) {
      if (i >= 16)
         w[i & 15] = rotate(w[(i + 13) & 15] ^ w[(i + 8) & 15] ^ w[(i + 2) & 15] ^ w[i & 15], 1u);
      uint t = rotate(a, 5u) + ((b & c) | (~b & d)) + e + 0x5a827999 + w[i & 15];
      e = d;
      d = c;
      c = rotate(b, 30u);
      b = a;
      a = t;
   }
   out[id * 5] = a;
   out[id * 5 + 1] = b;
   out[id * 5 + 2] = c;
   out[id * 5 + 3] = d;
   out[id * 5 + 4] = e;
}

// run crc32 global 256 local 64 args u4096 U256
kernel void
crc32(global const uchar *in, global uint *out)
{
   int id = get_global_id(0);
   uint crc = ~0u;
   for (int i = 0; i < 64; i++) {
      crc ^= in[id * 64 + i];
      for (int k = 0; k < 8; k++)
         crc = crc >> 1 ^ (0xedb88320u & -(crc & 1));
   }
   out[id] = ~crc;
}

/* Division and remainder of 32-bit integers. */
// run gcd global 256 local 64 args u256 u256 U256
kernel void
gcd(global const uint *a, global const uint *b, global uint *out)
{
   uint x = a[get_global_id(0)], y = b[get_global_id(0)] | 1;
   while (y) {
      uint t = x % y;
      x = y;
      y = t;
   }
   out[get_global_id(0)] = x;
}

// run horner_double global 256 local 64 args f512 D512 i32
kernel void
horner_double(global const float *in, global double *out, int n)
{
   double x = in[get_global_id(0)], sum = 0;
   for (int k = 0; k < n; k++)
      sum = sum * x + 1.0 / (k + 1);
   out[get_global_id(0)] = sum;
}
