/* Asks the same thing again and again on connections that stay open, and tells how many answers came and how late.
   Answers are counted, not read, so that the client is not what is measured; each must be 200 and as long as the first.
   Usage: load PORT CONNECTIONS SECONDS < request; it says "answers seconds p50 p99", the latter in ms. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { HEAD = 16384, MOST = 4000000 };

/* `left`: bytes of the body still to come; -1 while the head does, -2 when it comes in chunks. */
typedef struct { int fd; long left, body; double sent; int length; char head[HEAD + 1], tail[5]; } Line;

static char request[65536];
static long request_length, expected = -1, answers;
static float *took;

static double now(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec + t.tv_nsec / 1e9; }
static void fail(const char *what) { fprintf(stderr, "%.2000s\n", what); exit(1); }
static int order(const void *a, const void *b) { float d = *(float *)a - *(float *)b; return d < 0 ? -1 : d > 0; }

static void ask(Line *line) {
    line->left = -1; line->length = 0; line->body = 0; line->sent = now();
    if (send(line->fd, request, request_length, MSG_NOSIGNAL) != request_length) fail("the request could not be sent");
}

static void open_line(Line *line, int port, int poll) {
    int one = 1;
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = line};
    inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
    line->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (line->fd < 0 || connect(line->fd, (struct sockaddr *)&to, sizeof to)) fail("the server takes no connection");
    setsockopt(line->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    epoll_ctl(poll, EPOLL_CTL_ADD, line->fd, &event);
}

/* Take bytes of a body; whether it is complete. A body in chunks ends with an empty one. */
static int take_body(Line *line, const char *bytes, long n) {
    line->body += n;
    if (line->left >= 0) { line->left -= n; return line->left <= 0; }
    for (long i = n < 5 ? 0 : n - 5; i < n; i++) { memmove(line->tail, line->tail + 1, 4); line->tail[4] = bytes[i]; }
    return line->body >= 5 && !memcmp(line->tail, "0\r\n\r\n", 5);
}

/* Take what came; whether the answer is complete. */
static int take(Line *line, const char *bytes, long n) {
    if (line->left != -1) return take_body(line, bytes, n);
    memcpy(line->head + line->length, bytes, n);
    line->head[line->length += n] = 0;
    char *end = strstr(line->head, "\r\n\r\n");
    if (!end) return 0;
    if (strncmp(line->head, "HTTP/1.1 200", 12)) fail(line->head);
    char *length = strcasestr(line->head, "\r\ncontent-length:");
    line->left = length && length < end ? atol(length + 17) : -2;
    return take_body(line, end + 4, line->head + line->length - end - 4);
}

static void count(Line *line) {
    if (expected < 0) expected = line->body;
    if (line->body != expected) fail("an answer is not as long as the first was");
    if (answers < MOST) took[answers] = (now() - line->sent) * 1e3;
    answers++;
}

int main(int argc, char **argv) {
    if (argc != 4) return 2;
    int connections = atoi(argv[2]), poll = epoll_create1(0), open = connections;
    double seconds = atof(argv[3]);
    static char buffer[65536]; struct epoll_event ready[256];
    Line *lines = calloc(connections, sizeof *lines);
    took = malloc(MOST * sizeof *took);
    request_length = fread(request, 1, sizeof request, stdin);
    for (int i = 0; i < connections; i++) open_line(&lines[i], atoi(argv[1]), poll);
    double start = now(), until = start + seconds;
    for (int i = 0; i < connections; i++) ask(&lines[i]);
    while (open) {
        int found = epoll_wait(poll, ready, 256, 20000);
        if (found <= 0) fail("no answer came for 20 seconds");
        for (int i = 0; i < found; i++) {
            Line *line = ready[i].data.ptr;
            long n = recv(line->fd, buffer, line->left == -1 ? HEAD - line->length : (long)sizeof buffer, 0);
            if (n <= 0) fail("the server closed a connection");
            if (!take(line, buffer, n)) continue;
            count(line);
            if (now() < until) ask(line); else open--;
        }
    }
    double needed = now() - start;
    long kept = answers < MOST ? answers : MOST;
    qsort(took, kept, sizeof *took, order);
    printf("%ld %.6f %.3f %.3f\n", answers, needed, took[kept / 2], took[(long)(kept * 0.99)]);
    return 0;
}
