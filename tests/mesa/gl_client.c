/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "gl_client.h"

#include <EGL/egl.h>
#include <EGL/eglext.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXIT_SKIP 77

void
gl_check(const char *what)
{
   GLenum error = glGetError();
   if (error)
      fail("%s: OpenGL error 0x%x", what, error);
}

bool
gl_has(const char *extension)
{
   GLint n = 0;
   glGetIntegerv(GL_NUM_EXTENSIONS, &n);
   for (GLint i = 0; i < n; i++)
      if (!strcmp((const char *)glGetStringi(GL_EXTENSIONS, (GLuint)i),
                  extension))
         return true;
   return false;
}

GLuint
gl_program3(const char *extensions, unsigned x, unsigned y, unsigned z,
            const char *body)
{
   char group[128];
   snprintf(
      group, sizeof(group),
      "layout(local_size_x = %u, local_size_y = %u, local_size_z = %u) in;\n",
      x, y, z);
   const char *text[] = {"#version 430\n", extensions, group, body};
   GLuint program = glCreateShaderProgramv(GL_COMPUTE_SHADER, 4, text);
   GLint linked = 0;
   glGetProgramiv(program, GL_LINK_STATUS, &linked);
   if (!linked) {
      char log[4096];
      glGetProgramInfoLog(program, sizeof(log), NULL, log);
      fail("program: %s", log);
   }
   glUseProgram(program);
   return program;
}

GLuint
gl_program(const char *extensions, unsigned group, const char *body)
{
   return gl_program3(extensions, group, 1, 1, body);
}

GLuint
gl_storage(GLuint binding, const void *data, size_t size_B)
{
   GLuint buffer;
   glGenBuffers(1, &buffer);
   glBindBufferBase(GL_SHADER_STORAGE_BUFFER, binding, buffer);
   glBufferData(GL_SHADER_STORAGE_BUFFER, (GLsizeiptr)size_B, data,
                GL_DYNAMIC_COPY);
   if (!data)
      glClearBufferData(GL_SHADER_STORAGE_BUFFER, GL_R8UI, GL_RED_INTEGER,
                        GL_UNSIGNED_BYTE, NULL);
   gl_check("buffer");
   return buffer;
}

void
gl_read(GLuint buffer, size_t offset_B, void *data, size_t size_B)
{
   glBindBuffer(GL_COPY_READ_BUFFER, buffer);
   glGetBufferSubData(GL_COPY_READ_BUFFER, (GLintptr)offset_B,
                      (GLsizeiptr)size_B, data);
   gl_check("glGetBufferSubData");
}

void
gl_take(GLuint buffer, void *data, size_t size_B)
{
   glMemoryBarrier(GL_ALL_BARRIER_BITS);
   gl_read(buffer, 0, data, size_B);
   glDeleteBuffers(1, &buffer);
}

void
gl_run(GLuint program, unsigned groups)
{
   glDispatchCompute(groups, 1, 1);
   gl_check("glDispatchCompute");
   glDeleteProgram(program);
}

/* ---- main ---- */

/* NULL, or why there is no context. */
static const char *
make_context(void)
{
   PFNEGLGETPLATFORMDISPLAYEXTPROC get_display =
      (PFNEGLGETPLATFORMDISPLAYEXTPROC)eglGetProcAddress(
         "eglGetPlatformDisplayEXT");
   if (!get_display)
      return "no EGL platforms";
   EGLDisplay display =
      get_display(EGL_PLATFORM_SURFACELESS_MESA, EGL_DEFAULT_DISPLAY, NULL);
   if (!display || !eglInitialize(display, NULL, NULL))
      return "no surfaceless display";
   static const EGLint config_wanted[] = {EGL_SURFACE_TYPE, EGL_PBUFFER_BIT,
                                          EGL_RENDERABLE_TYPE, EGL_OPENGL_BIT,
                                          EGL_NONE};
   static const EGLint version[] = {EGL_CONTEXT_MAJOR_VERSION,
                                    4,
                                    EGL_CONTEXT_MINOR_VERSION,
                                    3,
                                    EGL_CONTEXT_OPENGL_PROFILE_MASK,
                                    EGL_CONTEXT_OPENGL_CORE_PROFILE_BIT,
                                    EGL_NONE};
   EGLConfig config;
   EGLint n = 0;
   eglBindAPI(EGL_OPENGL_API);
   if (!eglChooseConfig(display, config_wanted, &config, 1, &n) || !n)
      return "no configuration";
   EGLContext context =
      eglCreateContext(display, config, EGL_NO_CONTEXT, version);
   if (!context ||
       !eglMakeCurrent(display, EGL_NO_SURFACE, EGL_NO_SURFACE, context))
      return "no context of OpenGL 4.3";
   return NULL;
}

int
main(int argc, char **argv)
{
   setvbuf(stdout, NULL, _IOLBF, 0);
   if (argc < 2)
      fail("usage: %s CASE... | all", argv[0]);
   const char *why = make_context();
   if (why) {
      printf("skipped: %s (Debian: libgl1-mesa-dri)\n", why);
      return EXIT_SKIP;
   }
   const char *renderer = (const char *)glGetString(GL_RENDERER);
   printf("%s, %s\n", renderer, (const char *)glGetString(GL_VERSION));
   if (strncmp(renderer, "NV13", 4))
      fail("this is not the simulated card");
   for (const struct gl_case *t = gl_cases; t->name; t++) {
      bool asked = !strcmp(argv[1], "all");
      for (int i = 1; i < argc; i++)
         asked |= !strcmp(argv[i], t->name);
      if (!asked)
         continue;
      if (t->extension && !gl_has(t->extension))
         fail("%s: no %s", t->name, t->extension);
      t->run();
      gl_check(t->name);
      printf("%s: ok\n", t->name);
   }
   return 0;
}
