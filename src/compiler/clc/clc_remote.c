/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "compiler/clc/clc_remote.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/util_buf.h"
#include "util/util_macros.h"

#define PROGRAM "partage-clc"
/* Of the log's end, where a process that stopped says why. */
#define MAX_LAST_WORDS_B 1000

extern char **environ;

/* Both directions: a count of strings, then each with its length before it. */

/* ---- sending ---- */

static void
put(struct util_buf *out, const void *data, size_t size_B)
{
   uint64_t length = size_B;
   util_buf_append(out, &length, sizeof(length));
   util_buf_append(out, data, size_B);
}

static void
put_text(struct util_buf *out, const char *text)
{
   put(out, text ? text : "", text ? strlen(text) : 0);
}

static void
write_request(struct util_buf *out, const struct clc_remote_request *r)
{
   uint32_t words[3] = {r->compile.chipset, r->compile.num_headers, !!r->spirv};
   put(out, words, sizeof(words));
   put_text(out, r->compile.options);
   put_text(out, r->compile.source);
   put(out, r->spirv ? r->spirv : "", r->spirv_size_B);
   for (unsigned i = 0; i < r->compile.num_headers; i++) {
      put_text(out, r->compile.headers[i].name);
      put_text(out, r->compile.headers[i].source);
   }
}

/* ---- receiving ---- */

struct reader {
   const char *at, *end;
   bool broken;
};

/* NUL follows, as everything has been copied into a buffer that ends in one or
 * is followed by the next length's bytes; so texts are copied. */
static const char *
get(struct reader *in, size_t *size_B)
{
   uint64_t length;
   *size_B = 0;
   if (in->broken || (size_t)(in->end - in->at) < sizeof(length)) {
      in->broken = true;
      return "";
   }
   memcpy(&length, in->at, sizeof(length));
   in->at += sizeof(length);
   if (length > (uint64_t)(in->end - in->at)) {
      in->broken = true;
      return "";
   }
   const char *data = in->at;
   in->at += length;
   *size_B = length;
   return data;
}

static char *
get_text(struct reader *in)
{
   size_t size_B;
   const char *data = get(in, &size_B);
   return strndup(data, size_B);
}

/* Everything until the other side closes or shuts its end. */
static int
read_all(int fd, struct util_buf *out)
{
   char block[65536];
   for (;;) {
      ssize_t n = recv(fd, block, sizeof(block), 0);
      if (n == 0)
         return 0;
      if (n < 0 && errno != EINTR)
         return -errno;
      if (n > 0)
         util_buf_append(out, block, n);
   }
}

static int
write_all(int fd, const char *data, size_t size_B)
{
   while (size_B) {
      ssize_t n = send(fd, data, size_B, MSG_NOSIGNAL);
      if (n < 0 && errno != EINTR)
         return -errno;
      if (n > 0) {
         data += n;
         size_B -= n;
      }
   }
   return 0;
}

/* ---- the helper's side ---- */

static int
answer(int fd, int ret, const struct clc_blob *object, const char *log)
{
   struct util_buf out;
   int32_t word = ret;
   util_buf_init(&out);
   put(&out, &word, sizeof(word));
   put(&out, object->data ? object->data : "", object->size_B);
   put_text(&out, log);
   int err = write_all(fd, out.data, out.size_B);
   util_buf_finish(&out);
   return err;
}

static bool
read_request(struct reader *in, struct clc_remote_request *r)
{
   size_t size_B;
   uint32_t words[3] = {0};
   const char *head = get(in, &size_B);
   if (size_B != sizeof(words))
      return false;
   memcpy(words, head, sizeof(words));
   r->compile.chipset = words[0];
   r->compile.options = get_text(in);
   r->compile.source = get_text(in);
   const void *spirv = get(in, &r->spirv_size_B);
   r->spirv = words[2] ? spirv : NULL;
   struct clc_header *headers = calloc(words[1] + 1, sizeof(*headers));
   if (!headers)
      return false;
   for (uint32_t i = 0; i < words[1] && !in->broken; i++) {
      headers[i].name = get_text(in);
      headers[i].source = get_text(in);
   }
   r->compile.headers = headers;
   r->compile.num_headers = words[1];
   return !in->broken;
}

int
clc_remote_serve(int fd,
                 int (*run)(const struct clc_remote_request *request,
                            struct clc_blob *object_out, char **log_out))
{
   struct util_buf text;
   struct clc_remote_request request = {0};
   struct clc_blob object = {0};
   char *log = NULL;

   util_buf_init(&text);
   int ret = read_all(fd, &text);
   if (ret)
      return ret;
   struct reader in = {text.data, (const char *)text.data + text.size_B};
   if (!read_request(&in, &request))
      return -EINVAL;
   /* What was asked for goes with the process. */
   ret = run(&request, &object, &log);
   return answer(fd, ret, &object, log);
}

/* ---- our side ---- */

/* Beside the module that holds this code. */
static bool
find_program(char *path, size_t size_B)
{
   Dl_info self;
   const char *named = getenv("PARTAGE_CLC");
   if (named) {
      snprintf(path, size_B, "%s", named);
      return !access(path, X_OK);
   }
   if (!dladdr((void *)find_program, &self) || !self.dli_fname)
      return false;
   const char *slash = strrchr(self.dli_fname, '/');
   int dir = slash ? slash + 1 - self.dli_fname : 0;
   snprintf(path, size_B, "%.*s" PROGRAM, dir, self.dli_fname);
   return !access(path, X_OK);
}

struct helper {
   pid_t pid;
   int socket, errors; /* our ends */
};

static int
start(struct helper *h)
{
   char path[1024];
   int request[2], errors[2];
   if (!find_program(path, sizeof(path)))
      return -ENOENT;
   if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, request))
      return -errno;
   if (pipe2(errors, O_CLOEXEC)) {
      int err = -errno;
      close(request[0]);
      close(request[1]);
      return err;
   }

   posix_spawn_file_actions_t actions;
   posix_spawnattr_t attr;
   sigset_t none;
   sigemptyset(&none);
   posix_spawn_file_actions_init(&actions);
   posix_spawn_file_actions_adddup2(&actions, request[1], 0);
   posix_spawn_file_actions_adddup2(&actions, errors[1], 1);
   posix_spawn_file_actions_adddup2(&actions, errors[1], 2);
   posix_spawnattr_init(&attr);
   posix_spawnattr_setsigmask(&attr, &none);
   posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK);
   char *argv[] = {(char *)PROGRAM, NULL};
   int err = -posix_spawn(&h->pid, path, &actions, &attr, argv, environ);
   posix_spawnattr_destroy(&attr);
   posix_spawn_file_actions_destroy(&actions);
   close(request[1]);
   close(errors[1]);
   h->socket = request[0];
   h->errors = errors[0];
   if (err) {
      close(h->socket);
      close(h->errors);
   }
   return err;
}

/* Both ends are drained together, or the helper would stop on a full pipe.
 * Returns when the helper has closed both, which it does at its end at the
 * latest. */
static void
collect(struct helper *h, struct util_buf *reply, struct util_buf *words)
{
   struct pollfd fds[2] = {{h->socket, POLLIN}, {h->errors, POLLIN}};
   struct util_buf *bufs[2] = {reply, words};
   char block[65536];
   while (fds[0].fd >= 0 || fds[1].fd >= 0) {
      if (poll(fds, 2, -1) < 0 && errno != EINTR)
         return;
      for (unsigned i = 0; i < 2; i++) {
         if (fds[i].fd < 0 || !fds[i].revents)
            continue;
         ssize_t n = read(fds[i].fd, block, sizeof(block));
         if (n > 0)
            util_buf_append(bufs[i], block, n);
         else if (n == 0 || errno != EINTR)
            fds[i].fd = -1;
      }
   }
}

/* Why there is no answer, as a build log. */
static char *
explain(int status, struct util_buf *words)
{
   struct util_buf log;
   size_t from =
      words->size_B > MAX_LAST_WORDS_B ? words->size_B - MAX_LAST_WORDS_B : 0;
   util_buf_init(&log);
   if (WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU)
      util_buf_puts(&log, "error: the program takes too long to compile\n");
   else if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV)
      util_buf_puts(&log, "error: the program is nested too deeply\n");
   else
      util_buf_puts(&log, "error: the compiler cannot handle this program\n");
   util_buf_append(&log, (const char *)words->data + from,
                   words->size_B - from);
   util_buf_append(&log, "", 1);
   return util_buf_steal(&log);
}

static int
read_answer(const struct util_buf *reply, struct clc_blob *object_out,
            char **log_out)
{
   struct reader in = {reply->data, (const char *)reply->data + reply->size_B};
   size_t word_B, size_B;
   int32_t ret = 0;
   const char *word = get(&in, &word_B), *object = get(&in, &size_B);
   char *log = get_text(&in);
   if (in.broken || word_B != sizeof(ret)) {
      free(log);
      return -EPIPE;
   }
   memcpy(&ret, word, sizeof(ret));
   *log_out = log;
   if (ret || !size_B)
      return ret;
   object_out->data = malloc(size_B);
   if (!object_out->data)
      return -ENOMEM;
   memcpy(object_out->data, object, size_B);
   object_out->size_B = size_B;
   return 0;
}

int
clc_remote_call(const struct clc_remote_request *request,
                struct clc_blob *object_out, char **log_out)
{
   struct helper h;
   struct util_buf out, reply, words;
   int status = 0, ret = start(&h);
   if (ret)
      return ret;

   util_buf_init(&out);
   util_buf_init(&reply);
   util_buf_init(&words);
   write_request(&out, request);
   /* If it does not even read, what it says of that is in `words`. */
   write_all(h.socket, out.data, out.size_B);
   shutdown(h.socket, SHUT_WR);
   collect(&h, &reply, &words);
   close(h.socket);
   close(h.errors);
   while (waitpid(h.pid, &status, 0) < 0 && errno == EINTR)
      ;
   ret = read_answer(&reply, object_out, log_out);
   if (ret == -EPIPE) {
      *log_out = explain(status, &words);
      ret = -EINVAL;
   }
   util_buf_finish(&out);
   util_buf_finish(&reply);
   util_buf_finish(&words);
   return ret;
}
