/* lateness.h: how late do senders send? Ours beside others, at one server under one load.
 *
 * The server is the emulator (load/serve.h) in a process of its own, which answers at once; it has
 * the second processor and the sender the first, where there are two. Calls are vSwarm's
 * Greeter/SayHello at Poisson moments (h2load's are even), on one connection.
 *
 * Lateness is the moment after the system call that sent a call, less the moment it was due.
 * Arrival is the moment the server had the call, less the same; h2load tells nobody when its calls
 * were due, so for it due moments are the even ones that put none of its arrivals before its time:
 * the most favourable reading.
 */
#ifndef CLI_LATENESS_H
#define CLI_LATENESS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

enum lateness_sender {
    LATENESS_OURS,
    LATENESS_BARE,        /* clock_nanosleep to the moment, one send: nothing else */
    LATENESS_ORIGINAL,    /* vSwarm's rule: sleep the gap, never corrected; one send */
    LATENESS_H2LOAD,      /* h2load --rps */
    LATENESS_SENDERS
};
extern const char *const lateness_names[LATENESS_SENDERS];

struct lateness {
    uint64_t planned, sent, arrived, answered;    /* answered: known of ours alone, else 0 */
    double p50_us, p99_us, p999_us, max_us;       /* lateness; NaN: not known */
    double arrival_p50_us, arrival_p99_us;
    double last_us;                               /* lateness of the last call: drift */
};

/* h2load may be absent: then false with EXIT_NOINPUT. */
bool lateness_measure(enum lateness_sender who, double rate, double seconds, uint64_t seed,
                      struct lateness *r, struct err *err);

#endif
