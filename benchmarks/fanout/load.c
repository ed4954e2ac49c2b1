/* Opens sockets that follow one subscription, publishes events, and times how long each takes to reach the last socket.
   Frames are counted, not read, so that the client is not what is measured.
   Usage: load PORT SOCKETS EVENTS WARM; it says "open" when all follow, and goes on when a line comes in. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

typedef struct { int fd, head; unsigned char header[10]; long left; } Conn;

static int port;
static double now(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec + t.tv_nsec / 1e9; }
static void fail(const char *what) { perror(what); exit(1); }
static int order(const void *a, const void *b) { double d = *(double *)a - *(double *)b; return d < 0 ? -1 : d > 0; }

static int dial(void) {
    int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
    inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
    if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to)) fail("connect");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return fd;
}

static void put(int fd, const void *data, size_t length) {
    if (send(fd, data, length, 0) != (ssize_t)length) fail("send");
}

static void tell(int fd, const char *text) {
    unsigned char frame[512] = {0x81}; size_t length = strlen(text), head = 2;
    if (length < 126) frame[1] = 0x80 | length;
    else { frame[1] = 0x80 | 126; frame[2] = length >> 8; frame[3] = length & 255; head = 4; }
    memset(frame + head, 0, 4); memcpy(frame + head + 4, text, length);
    put(fd, frame, head + 4 + length);
}

static void until_blank(int fd) {
    int seen = 0; char c;
    while (seen < 4) { if (recv(fd, &c, 1, 0) != 1) fail("recv"); seen = c == "\r\n\r\n"[seen] ? seen + 1 : c == '\r'; }
}

static void open_one(Conn *c, int number) {
    char text[256]; unsigned char head[2], body[128];
    c->fd = dial();
    int n = snprintf(text, sizeof text, "GET /graphql HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        "Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n", port);
    put(c->fd, text, n);
    until_blank(c->fd);
    tell(c->fd, "{\"type\":\"connection_init\"}");
    if (recv(c->fd, head, 2, MSG_WAITALL) != 2 || recv(c->fd, body, head[1], MSG_WAITALL) != head[1]) fail("ack");
    snprintf(text, sizeof text, "{\"type\":\"subscribe\",\"id\":\"0190a4c2-%08d\",\"payload\":{\"query\":"
        "\"subscription{messageSent{id text sentAt room author{id username displayName}}}\"}}", number);
    tell(c->fd, text);
    fcntl(c->fd, F_SETFL, O_NONBLOCK);
}

/* Count the frames that end within these bytes. */
static int count(Conn *c, unsigned char *p, long n) {
    int frames = 0;
    while (n > 0) {
        if (c->left) { long take = n < c->left ? n : c->left; c->left -= take; p += take; n -= take; frames += !c->left; continue; }
        c->header[c->head++] = *p++; n--;
        int kind = c->head > 1 ? c->header[1] & 127 : 0, need = kind == 126 ? 4 : kind == 127 ? 10 : 2;
        if (c->head < 2 || c->head < need) continue;
        if (c->header[0] != 0x81) { fprintf(stderr, "another frame: %02x\n", c->header[0]); exit(1); }
        c->left = kind < 126 ? kind : c->header[need - 2] << 8 | c->header[need - 1];
        c->head = 0;
    }
    return frames;
}

int main(int argc, char **argv) {
    if (argc < 5) return 2;
    port = atoi(argv[1]);
    int sockets = atoi(argv[2]), events = atoi(argv[3]), warm = atoi(argv[4]), poll = epoll_create1(0);
    struct rlimit most; getrlimit(RLIMIT_NOFILE, &most); most.rlim_cur = most.rlim_max; setrlimit(RLIMIT_NOFILE, &most);
    Conn *all = calloc(sockets, sizeof *all); double *took = calloc(events, sizeof *took), total = 0;
    static unsigned char buffer[65536]; struct epoll_event ready[1024]; char line[8];
    for (int i = 0; i < sockets; i++) {
        open_one(&all[i], i);
        struct epoll_event e = {.events = EPOLLIN, .data.ptr = &all[i]};
        epoll_ctl(poll, EPOLL_CTL_ADD, all[i].fd, &e);
    }
    printf("open\n"); fflush(stdout);
    if (!fgets(line, sizeof line, stdin)) return 1;
    int say = dial();
    for (int n = -warm; n < events; n++) {
        const char *post = "POST /publish HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n";
        double start = now(); long left = sockets;
        put(say, post, strlen(post));
        while (left > 0) {
            int found = epoll_wait(poll, ready, 1024, 10000);
            if (found == 0) { fprintf(stderr, "%ld never came\n", left); return 1; }
            for (int i = 0; i < found; i++) {
                Conn *c = ready[i].data.ptr; ssize_t got = recv(c->fd, buffer, sizeof buffer, 0);
                if (got <= 0 && errno != EAGAIN) { fprintf(stderr, "a socket was closed\n"); return 1; }
                if (got > 0) left -= count(c, buffer, got);
            }
        }
        if (n >= 0) { took[n] = now() - start; total += took[n]; }
        until_blank(say);
    }
    qsort(took, events, sizeof *took, order);
    printf("%.0f %.2f %.2f\n", sockets * (double)events / total, took[events / 2] * 1e3, took[(int)(events * 0.99)] * 1e3);
    return 0;
}
