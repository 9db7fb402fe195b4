/* The load of the gateway's benches: many terminals in a closed loop.
 *
 *   fleet PORT FILE GROUP
 *
 * All log in (terminals.h); then lines on the standard input are obeyed: a line holds seconds. For
 * so long each terminal sends GROUP frames in one send, waits until all of them are answered (two
 * flags each) and sends the next. When the last answer is there, one line tells: frames, seconds,
 * CPU seconds of this process. A silence of 20 s ends it with a sentence.
 */
#include "terminals.h"

static void post_next(struct terminal *one) {
    post(one, one->groups[one->next], group_frames);
    one->next = (one->next + 1) % one->count;
}

/* Until `until` whoever is answered sends again, then the rest is awaited; answered groups. */
static unsigned long turn(int poll, double until) {
    struct epoll_event events[EVENTS];
    unsigned long answered = 0;
    unsigned open_ = terminal_count;
    while (open_) {
        int ready = ready_links(poll, events, SILENCE_MS);
        int more = now(CLOCK_MONOTONIC) < until;
        for (int i = 0; i < ready; i++) {
            struct terminal *one = events[i].data.ptr;
            if (heard(one))
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
    char line[64];
    if (count != 4)
        return 2;
    int poll = logged_in(atoi(words[1]), words[2], (unsigned)atoi(words[3]));
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
