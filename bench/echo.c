/* The yardstick of the gateway's benches: one epoll loop that answers each frame and knows nothing.
 *
 *   echo ACK-FILE          listens on a free port of 127.0.0.1 and prints it
 *
 * Octets are received into one large buffer and only their flags (0x7e) are counted; for every
 * second flag the same acknowledgement goes out, all that one receive has earned in one send. No
 * call is made that is not needed: level-triggered, one receive for each event, no timer.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { EVENTS = 1024, ROOM = 1 << 18, MOST_ACKS = 4096, MOST_LINKS = 1 << 16, FLAG = 0x7e };

static unsigned char room[ROOM];
static char *acks;                     /* MOST_ACKS times the same one */
static size_t ack_octets;
static unsigned char open_[MOST_LINKS]; /* by descriptor: inside a frame */

static void die(const char *what) {
    perror(what);
    exit(1);
}

static size_t flags_in(const unsigned char *at, size_t size) {
    size_t found = 0;
    for (size_t i = 0; i < size; i++)
        found += at[i] == FLAG;
    return found;
}

static void read_ack(const char *path) {
    char one[256];
    FILE *file = fopen(path, "rb");
    if (!file)
        die(path);
    ack_octets = fread(one, 1, sizeof one, file);
    fclose(file);
    acks = malloc(ack_octets * MOST_ACKS);
    for (size_t i = 0; i < MOST_ACKS; i++)
        memcpy(acks + i * ack_octets, one, ack_octets);
}

static int listening(void) {
    struct sockaddr_in where = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof where;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *)&where, size) || listen(listener, 1024) ||
        getsockname(listener, (struct sockaddr *)&where, &size))
        die("listen");
    printf("%d\n", ntohs(where.sin_port));
    fflush(stdout);
    return listener;
}

static void take(int poll, int listener) {
    int link;
    while ((link = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        struct epoll_event event = {.events = EPOLLIN, .data.fd = link};
        if (link >= MOST_LINKS || epoll_ctl(poll, EPOLL_CTL_ADD, link, &event))
            die("epoll_ctl");
        open_[link] = 0;
    }
}

static void answer(int link) {
    ssize_t size = recv(link, room, ROOM, 0);
    if (size <= 0) {
        if (size == 0 || errno != EAGAIN)
            close(link);
        return;
    }
    size_t flags = flags_in(room, (size_t)size) + open_[link];
    open_[link] = flags & 1;
    for (size_t left = flags / 2; left;) {
        size_t now = left < MOST_ACKS ? left : MOST_ACKS;
        if (send(link, acks, now * ack_octets, MSG_NOSIGNAL) != (ssize_t)(now * ack_octets)) {
            close(link); /* it does not read what it asked for */
            return;
        }
        left -= now;
    }
}

int main(int count, char **words) {
    struct rlimit files;
    struct epoll_event events[EVENTS];
    if (count != 2)
        return 2;
    read_ack(words[1]);
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    int listener = listening(), poll = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = listener};
    if (poll < 0 || epoll_ctl(poll, EPOLL_CTL_ADD, listener, &event))
        die("epoll");
    for (;;) {
        int ready = epoll_wait(poll, events, EVENTS, -1);
        for (int i = 0; i < ready; i++) {
            if (events[i].data.fd == listener)
                take(poll, listener);
            else
                answer(events[i].data.fd);
        }
    }
}
