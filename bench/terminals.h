/* What the load generators share: terminals with their frames, connected and logged in.
 *
 * A file of frames holds the number of terminals, then for each the number of its frames and each
 * frame behind its length (all u32, little-endian); the first is its log-in. The others are sent in
 * groups, each group in one send. An answer has two flags, so flags are counted and nothing is read.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { EVENTS = 1024, ROOM = 1 << 16, SILENCE_MS = 20000, FLAG = 0x7e };

struct group {
    const char *octets;
    size_t size;
};

struct terminal {
    int link;
    unsigned flags; /* of answers: those that are still to come */
    struct group login;
    struct group *groups;
    unsigned count, next;
};

static unsigned char room[ROOM];
static struct terminal *terminals;
static unsigned terminal_count, group_frames;

static void die(const char *what) {
    perror(what);
    exit(1);
}

static void end(const char *sentence) {
    fprintf(stderr, "%s\n", sentence);
    exit(1);
}

static double now(clockid_t clock) {
    struct timespec at;
    clock_gettime(clock, &at);
    return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

static uint32_t u32(FILE *file) {
    uint32_t value;
    if (fread(&value, sizeof value, 1, file) != 1)
        end("the file of frames is cut");
    return value;
}

static struct group joined(FILE *file, unsigned frames) {
    char *octets = NULL;
    size_t size = 0;
    while (frames--) {
        uint32_t length = u32(file);
        octets = realloc(octets, size + length);
        if (!octets || fread(octets + size, 1, length, file) != length)
            end("the file of frames is cut");
        size += length;
    }
    return (struct group){octets, size};
}

static void read_frames(const char *path, unsigned frames) {
    FILE *file = fopen(path, "rb");
    if (!file)
        die(path);
    group_frames = frames;
    terminal_count = u32(file);
    terminals = calloc(terminal_count, sizeof *terminals);
    for (unsigned i = 0; i < terminal_count; i++) {
        struct terminal *one = &terminals[i];
        one->count = (u32(file) - 1) / group_frames;
        one->login = joined(file, 1);
        one->groups = calloc(one->count, sizeof *one->groups);
        for (unsigned k = 0; k < one->count; k++)
            one->groups[k] = joined(file, group_frames);
    }
    fclose(file);
}

static void post(struct terminal *one, struct group group, unsigned frames) {
    if (send(one->link, group.octets, group.size, MSG_NOSIGNAL) != (ssize_t)group.size)
        die("send");
    one->flags += 2 * frames;
}

/* Read what is there; how many flags of this terminal's answers are still to come. */
static unsigned heard(struct terminal *one) {
    ssize_t size = recv(one->link, room, ROOM, MSG_DONTWAIT);
    unsigned flags = 0;
    if (size <= 0)
        end("a link was closed by the server");
    for (ssize_t i = 0; i < size; i++)
        flags += room[i] == FLAG;
    if (flags > one->flags)
        end("more was answered than asked");
    return one->flags -= flags;
}

static int ready_links(int poll, struct epoll_event *events, int wait) {
    int ready = epoll_wait(poll, events, EVENTS, wait);
    if (ready <= 0 && wait == SILENCE_MS)
        end("nothing was answered for 20 s");
    return ready;
}

static void connect_all(int poll, int port) {
    struct sockaddr_in where = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int yes = 1;
    for (unsigned i = 0; i < terminal_count; i++) {
        struct terminal *one = &terminals[i];
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = one};
        one->link = socket(AF_INET, SOCK_STREAM, 0);
        if (one->link < 0 || connect(one->link, (struct sockaddr *)&where, sizeof where))
            die("connect");
        setsockopt(one->link, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        if (epoll_ctl(poll, EPOLL_CTL_ADD, one->link, &event))
            die("epoll_ctl");
    }
}

/* Read the file, connect all, log all in, print "ready"; the epoll that they stand in. */
static int logged_in(int port, const char *path, unsigned frames) {
    struct epoll_event events[EVENTS];
    struct rlimit files;
    int poll = epoll_create1(0);
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    read_frames(path, frames);
    connect_all(poll, port);
    for (unsigned i = 0; i < terminal_count; i++)
        post(&terminals[i], terminals[i].login, 1);
    for (unsigned waiting = terminal_count; waiting;) {
        int ready = ready_links(poll, events, SILENCE_MS);
        for (int i = 0; i < ready; i++)
            waiting -= heard(events[i].data.ptr) == 0;
    }
    printf("ready\n");
    fflush(stdout);
    return poll;
}
