/* Opens sockets that follow one subscription, publishes events, and times how long each takes to reach the last socket.
   Frames are counted, not read, so that the client is not what is measured.
   Usage: load PORT SOCKETS FIRST INIT SUBSCRIBE PUBLISH
   FIRST is how many messages each socket is told at once, before anything is published.
   INIT and SUBSCRIBE are files of a message each, PUBLISH one of a whole HTTP request. "########" in SUBSCRIBE is the number
   of the socket, in PUBLISH that of the event. It says "open" when all have subscribed; then each line that comes in is a
   number of events, and is answered with a line: deliveries a second, and in ms the medians of the time to the first
   socket and to the last, and the 99th hundredth of the latter. Sockets come from 127.0.0.2 and on, as from many homes. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MOST = 16384, ADDRESSES = 200 };
typedef struct { int fd, head; unsigned char header[10]; long left; } Conn;

static int port, sockets, events, poll_fd, publisher;
static Conn *all;
static char init[MOST], subscribe[MOST], publish[MOST];
static double now(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec + t.tv_nsec / 1e9; }
static void fail(const char *what) { perror(what); exit(1); }
static int order(const void *a, const void *b) { double d = *(double *)a - *(double *)b; return d < 0 ? -1 : d > 0; }

static void load(const char *path, char *into) {
    FILE *file = fopen(path, "r");
    if (!file) fail(path);
    into[fread(into, 1, MOST - 1, file)] = 0;
    fclose(file);
}

static void numbered(const char *text, int number, char *into) {
    char digits[16], *at = strcpy(into, text);
    snprintf(digits, sizeof digits, "%08d", number);
    while ((at = strstr(at, "########"))) memcpy(at, digits, 8);
}

static int dial(int number) {
    int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)}, from = {.sin_family = AF_INET};
    inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
    from.sin_addr.s_addr = htonl(0x7f000002 + number % ADDRESSES);
    if (fd < 0) fail("socket");
    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
    if (bind(fd, (struct sockaddr *)&from, sizeof from) || connect(fd, (struct sockaddr *)&to, sizeof to)) fail("connect");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return fd;
}

static void put(int fd, const void *data, size_t length) {
    if (send(fd, data, length, 0) != (ssize_t)length) fail("send");
}

static void tell(int fd, const char *text) {
    static unsigned char frame[MOST + 8] = {0x81}; size_t length = strlen(text), head = 2;
    if (length < 126) frame[1] = 0x80 | length;
    else { frame[1] = 0x80 | 126; frame[2] = length >> 8; frame[3] = length & 255; head = 4; }
    memset(frame + head, 0, 4); memcpy(frame + head + 4, text, length);
    put(fd, frame, head + 4 + length);
}

/* Read the head of an answer, and give its status; with `body`, read what follows it too. */
static int answered(int fd, int body) {
    static char text[MOST]; size_t length = 0; int status = 0; char *found;
    while (length < 4 || memcmp(text + length - 4, "\r\n\r\n", 4)) {
        if (length + 1 >= MOST || recv(fd, text + length++, 1, 0) != 1) fail("recv");
        text[length] = 0;
    }
    sscanf(text, "HTTP/1.1 %d", &status);
    found = strcasestr(text, "\r\ncontent-length:");
    long left = body && found ? atol(found + 17) : 0;
    if (left >= MOST) exit(1);
    if (left && recv(fd, text, left, MSG_WAITALL) != left) fail("recv");
    if (left) text[left] = 0;
    if (left && (strstr(text, "\"errors\":[{") || strstr(text, "\"userErrors\":[{"))) { fprintf(stderr, "refused: %s\n", text); exit(1); }
    return status;
}

static void open_one(Conn *c, int number) {
    char text[MOST]; unsigned char head[2], body[128];
    c->fd = dial(number);
    int n = snprintf(text, sizeof text, "GET /graphql HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        "Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n", port);
    put(c->fd, text, n);
    if (answered(c->fd, 0) != 101) { fprintf(stderr, "no socket\n"); exit(1); }
    tell(c->fd, init);
    if (recv(c->fd, head, 2, MSG_WAITALL) != 2 || recv(c->fd, body, head[1], MSG_WAITALL) != head[1]) fail("ack");
    numbered(subscribe, number, text);
    tell(c->fd, text);
    fcntl(c->fd, F_SETFL, O_NONBLOCK);
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = c};
    epoll_ctl(poll_fd, EPOLL_CTL_ADD, c->fd, &e);
}

/* Count the frames that end within these bytes. */
static int count(Conn *c, unsigned char *p, long n) {
    int frames = 0;
    while (n > 0) {
        if (c->left) { long take = n < c->left ? n : c->left; c->left -= take; p += take; n -= take; frames += !c->left; continue; }
        c->header[c->head++] = *p++; n--;
        int kind = c->head > 1 ? c->header[1] & 127 : 0, need = kind == 126 ? 4 : kind == 127 ? 10 : 2;
        if (c->head < 2 || c->head < need) continue;
        if (c->header[0] != 0x81 && c->header[0] != 0x89) { fprintf(stderr, "another frame: %02x\n", c->header[0]); exit(1); }
        c->left = kind < 126 ? kind : c->header[need - 2] << 8 | c->header[need - 1];
        if (c->header[0] == 0x89) frames--;
        c->head = 0;
    }
    return frames;
}

/* Read until so many frames came; when the first did. */
static double take(long left) {
    static unsigned char buffer[65536]; struct epoll_event ready[1024]; double first = 0;
    while (left > 0) {
        int found = epoll_wait(poll_fd, ready, 1024, 20000);
        if (found == 0) { fprintf(stderr, "%ld never came\n", left); if (publisher) fprintf(stderr, "said: %d\n", answered(publisher, 1)); exit(1); }
        if (!first) first = now();
        for (int i = 0; i < found; i++) {
            Conn *c = ready[i].data.ptr; ssize_t got = recv(c->fd, buffer, sizeof buffer, 0);
            if (got == 0 || (got < 0 && errno != EAGAIN)) { fprintf(stderr, "a socket was closed\n"); exit(1); }
            if (got > 0) left -= count(c, buffer, got);
        }
    }
    return first;
}

/* Servers hang up on whoever is silent for some seconds, so each burst has a connection of its own to publish by. */
static void burst(int number) {
    int say = publisher = dial(0);
    double *first = calloc(number, sizeof *first), *last = calloc(number, sizeof *last), total = 0;
    char text[MOST];
    for (int n = 0; n < number; n++) {
        numbered(publish, events++, text);
        double start = now();
        put(say, text, strlen(text));
        first[n] = take(sockets) - start;
        last[n] = now() - start;
        total += last[n];
        int status = answered(say, 1);
        if (status / 100 != 2) { fprintf(stderr, "publishing: %d\n", status); exit(1); }
    }
    qsort(first, number, sizeof *first, order);
    qsort(last, number, sizeof *last, order);
    printf("%.0f %.3f %.3f %.3f\n", sockets * (double)number / total, first[number / 2] * 1e3, last[number / 2] * 1e3,
           last[(int)(number * 0.99)] * 1e3);
    fflush(stdout);
    free(first); free(last); close(say);
}

int main(int argc, char **argv) {
    char line[32];
    if (argc != 7) return 2;
    port = atoi(argv[1]); sockets = atoi(argv[2]); poll_fd = epoll_create1(0);
    load(argv[4], init); load(argv[5], subscribe); load(argv[6], publish);
    struct rlimit most; getrlimit(RLIMIT_NOFILE, &most); most.rlim_cur = most.rlim_max; setrlimit(RLIMIT_NOFILE, &most);
    all = calloc(sockets, sizeof *all);
    for (int i = 0; i < sockets; i++) open_one(&all[i], i);
    take((long)sockets * atoi(argv[3]));
    printf("open\n"); fflush(stdout);
    while (fgets(line, sizeof line, stdin)) burst(atoi(line));
    return 0;
}
