/* The load of the gateway's benches: many terminals in a closed loop.
 *
 *   fleet PORT FILE GROUP
 *
 * FILE holds the frames: the number of terminals, then for each the number of its frames and each
 * frame behind its length (all u32, little-endian); the first is its log-in. All connect, log in
 * and wait for the answer; then "ready" is printed and lines on the standard input are obeyed: a
 * line holds seconds. For so long each terminal sends GROUP frames in one send, waits until all of
 * them are answered (two flags each) and sends the next. When the last answer is there, one line
 * tells: frames, seconds, CPU seconds of this process. A silence of 20 s ends it with a sentence.
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
    unsigned wanted; /* flags that are still to come */
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

static double now(clockid_t clock) {
    struct timespec at;
    clock_gettime(clock, &at);
    return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

static uint32_t u32(FILE *file) {
    uint32_t value;
    if (fread(&value, sizeof value, 1, file) != 1)
        die("the file of frames is cut");
    return value;
}

static struct group joined(FILE *file, unsigned frames) {
    char *octets = NULL;
    size_t size = 0;
    while (frames--) {
        uint32_t length = u32(file);
        octets = realloc(octets, size + length);
        if (fread(octets + size, 1, length, file) != length)
            die("the file of frames is cut");
        size += length;
    }
    return (struct group){octets, size};
}

static void read_frames(const char *path) {
    FILE *file = fopen(path, "rb");
    if (!file)
        die(path);
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
    one->wanted = 2 * frames;
}

static void post_next(struct terminal *one) {
    post(one, one->groups[one->next], group_frames);
    one->next = (one->next + 1) % one->count;
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

/* Read what is there; whether everything that was sent is answered now. */
static int heard(struct terminal *one) {
    ssize_t size = recv(one->link, room, ROOM, MSG_DONTWAIT);
    unsigned flags = 0;
    if (size <= 0) {
        fprintf(stderr, "a link was closed by the server\n");
        exit(1);
    }
    for (ssize_t i = 0; i < size; i++)
        flags += room[i] == FLAG;
    if (flags > one->wanted) {
        fprintf(stderr, "more was answered than asked\n");
        exit(1);
    }
    one->wanted -= flags;
    return one->wanted == 0;
}

/* Until `end` whoever is answered sends again, then the rest is awaited; answered groups. */
static unsigned long turn(int poll, double end) {
    struct epoll_event events[EVENTS];
    unsigned long answered = 0;
    unsigned open_ = terminal_count;
    while (open_) {
        int ready = epoll_wait(poll, events, EVENTS, SILENCE_MS);
        if (ready <= 0) {
            fprintf(stderr, "nothing was answered for %d s; %u terminals wait\n",
                    SILENCE_MS / 1000, open_);
            exit(1);
        }
        int more = now(CLOCK_MONOTONIC) < end;
        for (int i = 0; i < ready; i++) {
            struct terminal *one = events[i].data.ptr;
            if (!heard(one))
                continue;
            answered++;
            if (more)
                post_next(one);
            else
                open_--;
        }
    }
    return answered;
}

int main(int count, char **words) {
    struct rlimit files;
    char line[64];
    if (count != 4)
        return 2;
    group_frames = (unsigned)atoi(words[3]);
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    read_frames(words[2]);
    int poll = epoll_create1(0);
    connect_all(poll, atoi(words[1]));
    for (unsigned i = 0; i < terminal_count; i++)
        post(&terminals[i], terminals[i].login, 1);
    turn(poll, 0);
    printf("ready\n");
    fflush(stdout);
    while (fgets(line, sizeof line, stdin)) {
        double began = now(CLOCK_MONOTONIC), used = now(CLOCK_PROCESS_CPUTIME_ID);
        for (unsigned i = 0; i < terminal_count; i++)
            post_next(&terminals[i]);
        unsigned long groups = turn(poll, began + atof(line));
        printf("%lu %.6f %.6f\n", groups * group_frames, now(CLOCK_MONOTONIC) - began,
               now(CLOCK_PROCESS_CPUTIME_ID) - used);
        fflush(stdout);
    }
    return 0;
}
