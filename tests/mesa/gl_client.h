/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* A plain OpenGL program without a window (EGL surfaceless), for Mesa's driver
 * on the simulated card. Whatever fails ends the process with one line. */
#ifndef MESA_GL_CLIENT_H
#define MESA_GL_CLIENT_H

#include <stdbool.h>

#define GL_GLEXT_PROTOTYPES
#include "compare.h"

#include <GL/glcorearb.h>

/* No error so far; else names it. */
void gl_check(const char *what);
bool gl_has(const char *extension);

/* A compute program: `body` behind the version, `extensions` (may be "") and
 * the group's size; current. */
GLuint gl_program(const char *extensions, unsigned group, const char *body);
/* Also with one, two or three dimensions of a group. */
GLuint gl_program3(const char *extensions, unsigned x, unsigned y, unsigned z,
                   const char *body);
/* A buffer bound to storage binding `binding`; contents may be NULL (zeros). */
GLuint gl_storage(GLuint binding, const void *data, size_t size_B);
void gl_read(GLuint buffer, size_t offset_B, void *data, size_t size_B);
/* Reads the rest of the buffer's life. */
void gl_take(GLuint buffer, void *data, size_t size_B);
/* Dispatches and deletes the program. */
void gl_run(GLuint program, unsigned groups);

/* gl_buffers.c */
void gl_clear_buffers(void);
void gl_copy_buffers(void);
void gl_persistent_map(void);
void gl_timestamps(void);
void gl_query_buffers(void);
void gl_invocations(void);
void gl_texture_copies(void);
void gl_read_pixels(void);
void gl_blits(void);

/* gl_textures.c */
void gl_samplers(void);
void gl_gathers(void);
void gl_texture_kinds(void);
void gl_quads(void);
void gl_shadows(void);
void gl_images(void);
void gl_image_atomics(void);
void gl_buffer_textures(void);

struct gl_case {
   const char *name;
   void (*run)(void);
   const char *extension; /* needed, or NULL */
};
extern const struct gl_case gl_cases[]; /* ends with a NULL name */

#endif
