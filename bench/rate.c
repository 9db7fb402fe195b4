/* Terminals in an open loop: frames at a fixed rate, whether they are answered or not.
 *
 *   rate PORT FILE
 *
 * All log in (terminals.h); then lines on the standard input are obeyed: "RATE COUNT" sends the
 * next COUNT frames, frame k of all being the next one of terminal k modulo their number, due
 * COUNTED / RATE seconds behind the beginning. One line tells the beginning (UTC seconds), the
 * seconds until the last was handed over, by how many seconds one was late at worst, and the CPU
 * seconds of this process. Answers are only counted.
 */
#include "terminals.h"

/* Read what comes within `wait` ms; how many links had something. */
static int hear(int poll, int wait) {
    struct epoll_event events[EVENTS];
    int ready = ready_links(poll, events, wait);
    for (int i = 0; i < ready; i++)
        heard(events[i].data.ptr);
    return ready;
}

int main(int count, char **words) {
    char line[64];
    if (count != 3)
        return 2;
    int poll = logged_in(atoi(words[1]), words[2], 1);
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
                if (one->next == one->count)
                    end("there are no more frames");
                post(one, one->groups[one->next++], 1);
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
