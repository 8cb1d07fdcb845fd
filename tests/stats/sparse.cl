/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Loops whose length differs between lanes, pointers, search. */
// run spmv global 256 local 64 args u257 u4096 f4096 f256 F256
kernel void
spmv(global const uint *rows, global const uint *cols, global const float *values,
     global const float *x, global float *y)
{
   int r = get_global_id(0);
   uint first = rows[r] & 2047, last = first + (rows[r + 1] & 31);
   float sum = 0;
   for (uint k = first; k < last; k++)
      sum += values[k] * x[cols[k] & 255];
   y[r] = sum;
}

// run find global 512 local 128 args u4096 u512 U512 i4096
kernel void
find(global const uint *sorted, global const uint *keys, global uint *at, uint n)
{
   uint key = keys[get_global_id(0)], lo = 0, hi = n;
   while (lo < hi) {
      uint mid = (lo + hi) / 2;
      if (sorted[mid] < key)
         lo = mid + 1;
      else
         hi = mid;
   }
   at[get_global_id(0)] = lo;
}

struct cell {
   uint next, weight;
   float value;
};

// run chase global 256 local 64 args u4096 F256 i40
kernel void
chase(global const struct cell *cells, global float *out, int steps)
{
   uint at = get_global_id(0), weight = 0;
   for (int k = 0; k < steps; k++) {
      global const struct cell *c = &cells[at];
      weight += c->weight & 15;
      at = c->next % 1024;
      if (weight > 200)
         break;
   }
   out[get_global_id(0)] = weight + at;
}

/* A state machine. */
// run words global 256 local 64 args u4096 U256
kernel void
words(global const uchar *text, global uint *count)
{
   int id = get_global_id(0), state = 0;
   uint n = 0;
   for (int i = 0; i < 64; i++) {
      uchar c = text[id * 64 + i] & 63;
      switch (state) {
      case 0:
         if (c > 20) {
            state = 1;
            n++;
         }
         break;
      case 1:
         if (c < 8)
            state = 0;
         else if (c == 33)
            state = 2;
         break;
      default:
         state = c & 1;
      }
   }
   count[id] = n;
}
