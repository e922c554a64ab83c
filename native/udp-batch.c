/*
 * The system calls of DNS over UDP that Node has not: many datagrams in one call, and word when a socket is readable.
 *
 * Decides nothing: when to read, what to answer and what to do about an error is in src/dns/transport/. Every function
 * that calls the system gives what it gave, or -errno. Datagrams stand in one block of memory that JavaScript made and that
 * both sides see; where what is in it says `layout`, so that nothing about structures of C is written down twice. What
 * JavaScript puts in is checked before the kernel is told to use it.
 *
 * Needs nothing but Node and the C library that Node has, whichever that is (glibc, musl): it is linked against neither.
 * `recvmmsg` and `sendmmsg` are called by number, because those of musl send one by one. To build: native/build.mjs.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <node_api.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <uv.h>

enum {
  SLOTS = 64,        /* datagrams in a call */
  IN_BYTES = 4096,   /* largest that is received whole */
  OUT_BYTES = 65535, /* largest that is sent */
  /* No multiples of 4 KB: slots would compete for the same places in the processor's cache. */
  IN_STRIDE = 4096 + 192,
  OUT_STRIDE = 65536 + 192,
  CONTROL_BYTES = 64, /* a pktinfo of either family needs 40 at most */
};

/* Who sent a datagram and to which of our addresses; to answer, both are handed back to the kernel. */
typedef struct {
  union {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
  } name;                  /* 28 octets */
  uint32_t control_length; /* 0: let the system choose where the answer leaves from */
  _Alignas(8) uint8_t control[CONTROL_BYTES];
} peer;

typedef struct {
  int32_t length; /* octets in `out` */
  int32_t to;     /* slot of the datagram that it answers */
} reply;

/* What both sides see. */
typedef struct {
  int32_t lengths[SLOTS]; /* octets of each received datagram; -1: it was longer than IN_BYTES */
  reply replies[SLOTS];
  peer peers[SLOTS];
  uint8_t scratch[IN_STRIDE]; /* for JavaScript alone: the datagram that is being answered */
  uint8_t in[SLOTS * IN_STRIDE];
  uint8_t out[SLOTS * OUT_STRIDE];
} memory;

typedef struct {
  uv_poll_t poll;
  napi_env env;
  napi_async_cleanup_hook_handle hook;
  napi_async_context context;
  napi_ref callback, buffer;
  memory *shared; /* NULL once it has ended */
  int holders;    /* the loop, and JavaScript */
  int fd, used;   /* headers that the last receive has changed */
  socklen_t name_length;
  struct mmsghdr rx[SLOTS], tx[SLOTS];
  struct iovec rx_data[SLOTS], tx_data[SLOTS];
} batch;

static napi_value number(napi_env env, int64_t value) {
  napi_value made;
  return napi_create_int64(env, value, &made) == napi_ok ? made : NULL;
}

static napi_value result(napi_env env, int64_t value) { return number(env, value < 0 ? -errno : value); }

/* Arguments as numbers; what is none counts as -1, which no system call takes. */
static void numbers(napi_env env, const napi_value *args, int64_t *values, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (napi_get_value_int64(env, args[i], &values[i]) != napi_ok) values[i] = -1;
}

static size_t arguments(napi_env env, napi_callback_info info, napi_value *args, size_t count) {
  return napi_get_cb_info(env, info, &count, args, NULL, NULL) == napi_ok ? count : 0;
}

static batch *batch_of(napi_env env, napi_value value) {
  void *found = NULL;
  return napi_get_value_external(env, value, &found) == napi_ok ? found : NULL;
}

static int receive_many(int fd, struct mmsghdr *messages, unsigned count) {
  return syscall(SYS_recvmmsg, fd, messages, count, MSG_DONTWAIT, NULL);
}

static int send_many(int fd, struct mmsghdr *messages, unsigned count) {
  return syscall(SYS_sendmmsg, fd, messages, count, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* probe(): whether this system lets us make the two calls, tried on two datagrams; 0 or -errno. */
static napi_value probe(napi_env env, napi_callback_info info) {
  int ends[2];
  char text[4] = "abc";
  struct iovec data[2] = {{text, 1}, {text + 1, 1}};
  struct mmsghdr messages[2] = {{{.msg_iov = data, .msg_iovlen = 1}}, {{.msg_iov = data + 1, .msg_iovlen = 1}}};
  if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, ends) < 0) return result(env, -1);
  int done = send_many(ends[0], messages, 2);
  if (done >= 0) done = receive_many(ends[1], messages, 2);
  int failure = done == 2 ? 0 : done < 0 ? errno : EIO;
  close(ends[0]);
  close(ends[1]);
  return number(env, -failure);
}

static int set_option(int fd, int level, int name, int value) {
  return setsockopt(fd, level, name, &value, sizeof value);
}

static int is_any(const uint8_t *octets, size_t length) {
  for (size_t i = 0; i < length; i++)
    if (octets[i] != 0) return 0;
  return 1;
}

/* Options that every socket has, and those of one that takes what is sent to any address. */
static int prepare(int fd, int is_v6, int is_wildcard, int is_shared, int receive_bytes) {
  set_option(fd, SOL_SOCKET, SO_RCVBUF, receive_bytes); /* as much as the system allows */
  if (is_shared && set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1) < 0) return -1;
  if (is_v6 && set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1) < 0) return -1;
  if (!is_wildcard) return 0;
  return is_v6 ? set_option(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1) : set_option(fd, IPPROTO_IP, IP_PKTINFO, 1);
}

/* open(octets, scope, port, isShared, receiveBytes): a bound socket's descriptor. */
static napi_value open_socket(napi_env env, napi_callback_info info) {
  napi_value args[5];
  int64_t v[4];
  void *octets;
  size_t length;
  napi_typedarray_type type;
  if (arguments(env, info, args, 5) != 5) return number(env, -EINVAL);
  if (napi_get_typedarray_info(env, args[0], &type, &length, &octets, NULL, NULL) != napi_ok) return number(env, -EINVAL);
  if (type != napi_uint8_array || (length != 4 && length != 16)) return number(env, -EINVAL);
  numbers(env, args + 1, v, 4);
  int is_v6 = length == 16;
  peer to = {0};
  if (is_v6) {
    to.name.v6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons(v[1]), .sin6_scope_id = v[0]};
    memcpy(&to.name.v6.sin6_addr, octets, 16);
  } else {
    to.name.v4 = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(v[1])};
    memcpy(&to.name.v4.sin_addr, octets, 4);
  }
  int fd = socket(to.name.any.sa_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return result(env, -1);
  socklen_t size = is_v6 ? sizeof to.name.v6 : sizeof to.name.v4;
  if (prepare(fd, is_v6, is_any(octets, length), v[2] == 1, v[3]) == 0 && bind(fd, &to.name.any, size) == 0) return number(env, fd);
  int failure = errno;
  close(fd);
  return number(env, -failure);
}

/* port(fd): the port that the socket is bound to. */
static napi_value port_of(napi_env env, napi_callback_info info) {
  napi_value args[1];
  int64_t fd = -1;
  peer own;
  socklen_t size = sizeof own.name;
  if (arguments(env, info, args, 1) == 1) numbers(env, args, &fd, 1);
  if (getsockname(fd, &own.name.any, &size) < 0) return result(env, -1);
  return number(env, ntohs(own.name.v4.sin_port)); /* at the same place in both families */
}

static napi_value close_socket(napi_env env, napi_callback_info info) {
  napi_value args[1];
  int64_t fd = -1;
  if (arguments(env, info, args, 1) == 1) numbers(env, args, &fd, 1);
  return result(env, close(fd));
}

static void arm(batch *b, int count) {
  for (int i = 0; i < count; i++) {
    struct msghdr *header = &b->rx[i].msg_hdr;
    header->msg_namelen = b->name_length;
    header->msg_controllen = CONTROL_BYTES;
    header->msg_flags = 0;
  }
}

static void lay_out(batch *b) {
  memory *m = b->shared;
  for (int i = 0; i < SLOTS; i++) {
    b->rx_data[i] = (struct iovec){m->in + i * IN_STRIDE, IN_BYTES};
    b->tx_data[i] = (struct iovec){m->out + i * OUT_STRIDE, 0};
    b->rx[i].msg_hdr.msg_iov = &b->rx_data[i];
    b->tx[i].msg_hdr.msg_iov = &b->tx_data[i];
    b->rx[i].msg_hdr.msg_iovlen = b->tx[i].msg_hdr.msg_iovlen = 1;
    b->rx[i].msg_hdr.msg_name = &m->peers[i].name;
    b->rx[i].msg_hdr.msg_control = m->peers[i].control;
  }
  arm(b, SLOTS);
}

/*
 * Turn what came with a datagram around for its answer: which interface it came in by is not where the answer has to go
 * out, except for link-local addresses, and nothing leaves from a group.
 */
static uint32_t turn_around(struct msghdr *header) {
  struct cmsghdr *control = header->msg_controllen >= sizeof *control ? header->msg_control : NULL;
  if (control == NULL || (header->msg_flags & MSG_CTRUNC)) return 0;
  if (control->cmsg_level == IPPROTO_IP && control->cmsg_type == IP_PKTINFO) {
    struct in_pktinfo *to = (struct in_pktinfo *)CMSG_DATA(control);
    to->ipi_ifindex = 0;
    return header->msg_controllen;
  }
  if (control->cmsg_level != IPPROTO_IPV6 || control->cmsg_type != IPV6_PKTINFO) return 0;
  struct in6_pktinfo *to = (struct in6_pktinfo *)CMSG_DATA(control);
  if (IN6_IS_ADDR_MULTICAST(&to->ipi6_addr)) return 0;
  if (!IN6_IS_ADDR_LINKLOCAL(&to->ipi6_addr)) to->ipi6_ifindex = 0;
  return header->msg_controllen;
}

/* receive(batch): how many datagrams came; they stand in the first slots. */
static napi_value receive(napi_env env, napi_callback_info info) {
  napi_value args[1];
  batch *b = arguments(env, info, args, 1) == 1 ? batch_of(env, args[0]) : NULL;
  if (b == NULL || b->shared == NULL) return number(env, -EBADF);
  arm(b, b->used);
  int count = receive_many(b->fd, b->rx, SLOTS);
  b->used = count > 0 ? count : 0;
  for (int i = 0; i < count; i++) {
    struct msghdr *header = &b->rx[i].msg_hdr;
    b->shared->lengths[i] = header->msg_flags & MSG_TRUNC ? -1 : (int32_t)b->rx[i].msg_len;
    b->shared->peers[i].control_length = turn_around(header);
  }
  return result(env, count);
}

static void address(batch *b, struct msghdr *header, peer *to) {
  header->msg_name = &to->name;
  header->msg_namelen = b->name_length;
  header->msg_control = to->control;
  header->msg_controllen = to->control_length <= CONTROL_BYTES ? to->control_length : 0;
}

/* send(batch, first, count): how many of these replies went; an error is that of the first one. */
static napi_value send_replies(napi_env env, napi_callback_info info) {
  napi_value args[3];
  int64_t v[2];
  batch *b = arguments(env, info, args, 3) == 3 ? batch_of(env, args[0]) : NULL;
  if (b == NULL || b->shared == NULL) return number(env, -EBADF);
  numbers(env, args + 1, v, 2);
  if (v[0] < 0 || v[1] < 1 || v[0] >= SLOTS || v[1] > SLOTS - v[0]) return number(env, -EINVAL);
  for (int k = v[0]; k < v[0] + v[1]; k++) {
    const reply *what = &b->shared->replies[k];
    if (what->length < 0 || what->length > OUT_BYTES || what->to < 0 || what->to >= SLOTS) return number(env, -EINVAL);
    b->tx_data[k].iov_len = what->length;
    address(b, &b->tx[k].msg_hdr, &b->shared->peers[what->to]);
  }
  return result(env, send_many(b->fd, b->tx + v[0], v[1]));
}

/* sendLate(batch, octets, peer): one reply to somebody whose slot has been used again. */
static napi_value send_late(napi_env env, napi_callback_info info) {
  napi_value args[3];
  void *octets, *kept;
  size_t length, size;
  batch *b = arguments(env, info, args, 3) == 3 ? batch_of(env, args[0]) : NULL;
  if (b == NULL || b->shared == NULL) return number(env, -EBADF);
  if (napi_get_typedarray_info(env, args[1], NULL, &length, &octets, NULL, NULL) != napi_ok) return number(env, -EINVAL);
  if (napi_get_typedarray_info(env, args[2], NULL, &size, &kept, NULL, NULL) != napi_ok || size != sizeof(peer)) return number(env, -EINVAL);
  peer to;
  memcpy(&to, kept, sizeof to);
  struct iovec data = {octets, length};
  struct msghdr header = {.msg_iov = &data, .msg_iovlen = 1};
  address(b, &header, &to);
  return result(env, sendmsg(b->fd, &header, MSG_DONTWAIT | MSG_NOSIGNAL));
}

static void let_go(batch *b) {
  if (--b->holders == 0) free(b);
}

static void collected(napi_env env, void *data, void *hint) { let_go(data); }

static void closed(uv_handle_t *handle) {
  batch *b = handle->data;
  if (b->hook != NULL) napi_remove_async_cleanup_hook(b->hook);
  let_go(b);
}

/* Ends the watch at once; what is called with this batch from now on finds it ended. */
static void end(batch *b) {
  if (b->shared == NULL) return;
  b->shared = NULL;
  napi_delete_reference(b->env, b->callback);
  napi_delete_reference(b->env, b->buffer);
  napi_async_destroy(b->env, b->context);
  uv_close((uv_handle_t *)&b->poll, closed);
}

/* The thread ends, however it came to that: nothing may call into it any more. */
static void thread_ends(napi_async_cleanup_hook_handle hook, void *data) { end(data); }

static void ready(uv_poll_t *poll, int status, int events) {
  batch *b = poll->data;
  napi_env env = b->env;
  napi_handle_scope scope;
  napi_value callback, global, argument, nothing, exception;
  bool is_pending = false;
  if (b->shared == NULL || napi_open_handle_scope(env, &scope) != napi_ok) return;
  if (napi_get_reference_value(env, b->callback, &callback) == napi_ok && napi_get_global(env, &global) == napi_ok) {
    argument = number(env, status < 0 ? status : events);
    napi_make_callback(env, b->context, global, callback, 1, &argument, &nothing);
    /* An exception is one like in any other callback of Node. */
    napi_is_exception_pending(env, &is_pending);
    if (is_pending && napi_get_and_clear_last_exception(env, &exception) == napi_ok) napi_fatal_exception(env, exception);
  }
  napi_close_handle_scope(env, scope);
}

/* watch(batch, events): be told of these from now on; 0 for none, 1 readable, 2 writable. */
static napi_value watch(napi_env env, napi_callback_info info) {
  napi_value args[2];
  int64_t events;
  batch *b = arguments(env, info, args, 2) == 2 ? batch_of(env, args[0]) : NULL;
  if (b == NULL || b->shared == NULL) return number(env, -EBADF);
  numbers(env, args + 1, &events, 1);
  if (events != 0 && events != UV_READABLE && events != UV_WRITABLE) return number(env, -EINVAL);
  return number(env, events == 0 ? uv_poll_stop(&b->poll) : uv_poll_start(&b->poll, events, ready));
}

static napi_value detach(napi_env env, napi_callback_info info) {
  napi_value args[1];
  batch *b = arguments(env, info, args, 1) == 1 ? batch_of(env, args[0]) : NULL;
  if (b != NULL) end(b);
  return number(env, 0);
}

/* attach(fd, isV6, buffer, callback): use a socket in this thread; the batch, or -errno. The descriptor stays the caller's. */
static napi_value attach(napi_env env, napi_callback_info info) {
  napi_value args[4], name, made;
  int64_t v[2];
  void *data;
  size_t size;
  uv_loop_t *loop;
  if (arguments(env, info, args, 4) != 4) return number(env, -EINVAL);
  numbers(env, args, v, 2);
  if (napi_get_arraybuffer_info(env, args[2], &data, &size) != napi_ok || size != sizeof(memory)) return number(env, -EINVAL);
  batch *b = calloc(1, sizeof *b);
  if (b == NULL) return number(env, -ENOMEM);
  b->env = env;
  b->fd = v[0];
  b->name_length = v[1] == 1 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
  b->poll.data = b;
  int failure = napi_get_uv_event_loop(env, &loop) == napi_ok ? uv_poll_init(loop, &b->poll, b->fd) : UV_EINVAL;
  if (failure != 0) {
    free(b);
    return number(env, failure);
  }
  b->shared = data;
  b->holders = 2;
  lay_out(b);
  napi_create_reference(env, args[2], 1, &b->buffer);
  napi_create_reference(env, args[3], 1, &b->callback);
  napi_create_string_utf8(env, "dns", NAPI_AUTO_LENGTH, &name);
  napi_async_init(env, NULL, name, &b->context);
  napi_add_async_cleanup_hook(env, thread_ends, b, &b->hook);
  if (napi_create_external(env, b, collected, NULL, &made) == napi_ok) return made;
  let_go(b);
  end(b);
  return number(env, -ENOMEM);
}

static void set_number(napi_env env, napi_value object, const char *name, int64_t value) {
  napi_set_named_property(env, object, name, number(env, value));
}

static napi_value layout(napi_env env) {
  napi_value made;
  if (napi_create_object(env, &made) != napi_ok) return NULL;
  set_number(env, made, "slots", SLOTS);
  set_number(env, made, "bytes", sizeof(memory));
  set_number(env, made, "lengthsAt", offsetof(memory, lengths));
  set_number(env, made, "repliesAt", offsetof(memory, replies));
  set_number(env, made, "peersAt", offsetof(memory, peers));
  set_number(env, made, "peerBytes", sizeof(peer));
  set_number(env, made, "portAt", offsetof(struct sockaddr_in, sin_port));
  set_number(env, made, "ipv4At", offsetof(struct sockaddr_in, sin_addr));
  set_number(env, made, "ipv6At", offsetof(struct sockaddr_in6, sin6_addr));
  set_number(env, made, "scratchAt", offsetof(memory, scratch));
  set_number(env, made, "inAt", offsetof(memory, in));
  set_number(env, made, "inBytes", IN_BYTES);
  set_number(env, made, "inStride", IN_STRIDE);
  set_number(env, made, "outAt", offsetof(memory, out));
  set_number(env, made, "outBytes", OUT_BYTES);
  set_number(env, made, "outStride", OUT_STRIDE);
  return made;
}

/* memory.c; the library is one file, which a process loads once. */
napi_value give_back_memory(napi_env env, napi_callback_info info);

NAPI_MODULE_INIT() {
  const struct {
    const char *name;
    napi_callback call;
  } functions[] = {
      {"probe", probe},     {"open", open_socket}, {"port", port_of},          {"close", close_socket}, {"attach", attach},
      {"receive", receive}, {"send", send_replies}, {"sendLate", send_late}, {"watch", watch},        {"detach", detach},
      {"giveBackMemory", give_back_memory},
  };
  napi_value value;
  for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
    if (napi_create_function(env, functions[i].name, NAPI_AUTO_LENGTH, functions[i].call, NULL, &value) != napi_ok) return NULL;
    napi_set_named_property(env, exports, functions[i].name, value);
  }
  napi_set_named_property(env, exports, "layout", layout(env));
  /* Which source and compiler this was made of: test/architecture/native.test.ts looks. */
  if (napi_create_string_utf8(env, MADE_OF, NAPI_AUTO_LENGTH, &value) == napi_ok) napi_set_named_property(env, exports, "madeOf", value);
  return exports;
}
