/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Faces of a cube: +x -x +y -y +z -z, each with s to the right and t down as
 * the OpenGL specification, 8.13, has them. */
#ifndef NVSIM_CUBE_H
#define NVSIM_CUBE_H

#include <math.h>
#include <stdint.h>

/* Axis of s and t and their signs; the major axis is face / 2. */
static const struct {
   uint8_t s_axis, t_axis;
   int8_t s_sign, t_sign;
} nvsim_cube_face_axes[6] = {
   {2, 1, -1, -1}, {2, 1, 1, -1}, {0, 2, 1, 1},
   {0, 2, 1, -1},  {0, 1, 1, -1}, {0, 1, -1, -1},
};

/* Of equal ones x goes before y, and y before z [guess]. */
static inline unsigned
nvsim_cube_face(const double d[3])
{
   double x = fabs(d[0]), y = fabs(d[1]), z = fabs(d[2]);
   unsigned axis = x >= y && x >= z ? 0 : y >= z ? 1 : 2;
   return axis * 2 + (signbit(d[axis]) != 0);
}

/* Where the direction meets the plane of `face`: 0..1 inside of it. */
static inline void
nvsim_cube_project(const double d[3], unsigned face, double st[2])
{
   double major = fabs(d[face / 2]);
   if (major == 0)
      major = 1;
   st[0] = (nvsim_cube_face_axes[face].s_sign *
               d[nvsim_cube_face_axes[face].s_axis] / major +
            1) /
           2;
   st[1] = (nvsim_cube_face_axes[face].t_sign *
               d[nvsim_cube_face_axes[face].t_axis] / major +
            1) /
           2;
}

static inline void
nvsim_cube_direction(unsigned face, const double st[2], double d[3])
{
   d[face / 2] = face & 1 ? -1 : 1;
   d[nvsim_cube_face_axes[face].s_axis] =
      nvsim_cube_face_axes[face].s_sign * (st[0] * 2 - 1);
   d[nvsim_cube_face_axes[face].t_axis] =
      nvsim_cube_face_axes[face].t_sign * (st[1] * 2 - 1);
}

#endif
