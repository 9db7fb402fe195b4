/* Terminals in an open loop: frames at a fixed rate, whether they are answered or not.
 *
 *   rate PORT FILE
 *
 * FILE holds the frames as for fleet.c: the number of terminals, then for each the number of its
 * frames and each frame behind its length (all u32, little-endian); the first is its log-in. All
 * connect, log in and wait for the answer; then "ready" is printed and lines on the standard input
 * are obeyed: "RATE COUNT" sends the next COUNT frames, frame k of all being the next one of
 * terminal k modulo their number, due COUNTED / RATE seconds behind the beginning. One line tells
 * the beginning (UTC seconds), the seconds until the last was handed over, by how many seconds one
 * was late at worst, and the CPU seconds of this process. Answers are read and thrown away.
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

enum { EVENTS = 256, ROOM = 1 << 16, SILENCE_MS = 20000, FLAG = 0x7e };

struct frame {
    const char *octets;
    uint32_t size;
};

struct terminal {
    int link;
    unsigned flags;
    struct frame *frames;
    uint32_t count;
};

static char room[ROOM];
static struct terminal *terminals;
static uint32_t terminal_count;

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

static void read_frames(const char *path) {
    FILE *file = fopen(path, "rb");
    if (!file)
        die(path);
    terminal_count = u32(file);
    terminals = calloc(terminal_count, sizeof *terminals);
    for (uint32_t i = 0; i < terminal_count; i++) {
        struct terminal *one = &terminals[i];
        one->count = u32(file);
        one->frames = calloc(one->count, sizeof *one->frames);
        for (uint32_t k = 0; k < one->count; k++) {
            uint32_t size = u32(file);
            char *octets = malloc(size);
            if (fread(octets, 1, size, file) != size)
                die("the file of frames is cut");
            one->frames[k] = (struct frame){octets, size};
        }
    }
    fclose(file);
}

static void post(struct terminal *one, uint32_t number) {
    struct frame frame = one->frames[number];
    if (send(one->link, frame.octets, frame.size, MSG_NOSIGNAL) != (ssize_t)frame.size)
        die("send");
}

static void connect_all(int poll, int port) {
    struct sockaddr_in where = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int yes = 1;
    for (uint32_t i = 0; i < terminal_count; i++) {
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

/* Read what is there within `wait` ms; how many terminals have got their first answer by it. */
static uint32_t hear(int poll, int wait) {
    struct epoll_event events[EVENTS];
    uint32_t first = 0;
    int ready = epoll_wait(poll, events, EVENTS, wait);
    for (int i = 0; i < ready; i++) {
        struct terminal *one = events[i].data.ptr;
        ssize_t size = recv(one->link, room, ROOM, MSG_DONTWAIT);
        if (size <= 0) {
            fprintf(stderr, "a link was closed by the server\n");
            exit(1);
        }
        unsigned before = one->flags;
        for (ssize_t k = 0; k < size; k++)
            one->flags += room[k] == FLAG;
        first += before < 2 && one->flags >= 2;
    }
    if (ready == 0 && wait == SILENCE_MS) {
        fprintf(stderr, "nothing was answered for %d s\n", SILENCE_MS / 1000);
        exit(1);
    }
    return first;
}

int main(int count, char **words) {
    struct rlimit files;
    char line[64];
    if (count != 3)
        return 2;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    read_frames(words[2]);
    int poll = epoll_create1(0);
    connect_all(poll, atoi(words[1]));
    for (uint32_t i = 0; i < terminal_count; i++)
        post(&terminals[i], 0);
    for (uint32_t in = 0; in < terminal_count;)
        in += hear(poll, SILENCE_MS);
    printf("ready\n");
    fflush(stdout);
    unsigned long next = 0;
    while (fgets(line, sizeof line, stdin)) {
        double rate, worst = 0;
        unsigned long many;
        if (sscanf(line, "%lf %lu", &rate, &many) != 2)
            return 2;
        double utc = now(CLOCK_REALTIME), began = now(CLOCK_MONOTONIC);
        double used = now(CLOCK_PROCESS_CPUTIME_ID);
        for (unsigned long sent = 0; sent < many;) {
            double at = now(CLOCK_MONOTONIC) - began;
            while (sent < many && (double)sent / rate <= at) {
                struct terminal *one = &terminals[next % terminal_count];
                uint32_t number = 1 + (uint32_t)(next / terminal_count);
                if (number >= one->count) {
                    fprintf(stderr, "there are no more frames\n");
                    return 1;
                }
                post(one, number);
                double late = now(CLOCK_MONOTONIC) - began - (double)sent / rate;
                worst = late > worst ? late : worst;
                next++, sent++;
            }
            hear(poll, sent < many ? 1 : 0);
        }
        printf("%.6f %.6f %.6f %.6f\n", utc, now(CLOCK_MONOTONIC) - began, worst,
               now(CLOCK_PROCESS_CPUTIME_ID) - used);
        fflush(stdout);
        for (int quiet = 0; quiet < 5;) /* what is still to come is read, so that nothing blocks */
            quiet = hear(poll, 50) ? 0 : quiet + 1;
    }
    return 0;
}
