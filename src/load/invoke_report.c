/* invoke_report.c: the figures of a run, for machines and for people. */
#include <math.h>

#include "load/invoke.h"

static void json_text(FILE *f, const char *s)
{
    fputc('"', f);
    for (; *s; s++) {
        if (*s == '"' || *s == '\\')
            fputc('\\', f);
        if ((unsigned char)*s < 32)
            fprintf(f, "\\u%04x", (unsigned char)*s);
        else
            fputc(*s, f);
    }
    fputc('"', f);
}

static void json_number(FILE *f, const char *key, double x)
{
    fprintf(f, isfinite(x) ? "\"%s\":%.6g" : "\"%s\":null", key, x);
}

static void json_histogram(FILE *f, const char *key, const struct histogram *h)
{
    static const struct {
        const char *name;
        double q;
    } at[] = { { "p50", 0.5 }, { "p90", 0.9 }, { "p99", 0.99 }, { "p999", 0.999 } };
    fprintf(f, "\"%s\":{\"n\":%llu,", key, (unsigned long long)h->n);
    json_number(f, "mean", histogram_mean(h) / 1e3);
    for (size_t i = 0; i < sizeof at / sizeof *at; i++) {
        fputc(',', f);
        json_number(f, at[i].name, histogram_quantile(h, at[i].q) / 1e3);
    }
    fputc(',', f);
    json_number(f, "max", h->n ? (double)h->max / 1e3 : NAN);
    fputc('}', f);
}

static void json_counts(FILE *f, const struct tally *t)
{
    const char *comma = "";
    fprintf(f, "\"status\":{");
    for (size_t i = 0; i < GRPC_STATUSES; i++)
        if (t->status[i]) {
            fprintf(f, "%s\"%s\":%llu", comma, grpc_status_name(i),
                    (unsigned long long)t->status[i]);
            comma = ",";
        }
    fprintf(f, "},\"ending\":{");
    comma = "";
    for (size_t i = 0; i < ENDINGS; i++)
        if (t->ending[i]) {
            fprintf(f, "%s\"%s\":%llu", comma, ending_name(i), (unsigned long long)t->ending[i]);
            comma = ",";
        }
    fprintf(f, "},");
}

static void json_functions(FILE *f, const struct tally *t, const struct client *c)
{
    const char *comma = "";
    fprintf(f, ",\"functions\":{");
    for (size_t i = 0; i < t->n_functions; i++) {
        const struct tally_function *one = &t->function[i];
        if (!one->calls)
            continue;
        fputs(comma, f);
        json_text(f, client_function_name(c, (uint32_t)i));
        fprintf(f, ":{\"calls\":%llu,\"failed\":%llu,", (unsigned long long)one->calls,
                (unsigned long long)one->failed);
        json_histogram(f, "latency_us", &one->latency);
        fputc('}', f);
        comma = ",";
    }
    fputc('}', f);
}

static void json_troubles(FILE *f, const struct client *c)
{
    const char *comma = "";
    fprintf(f, ",\"troubles\":{");
    for (size_t i = 0; i < client_peers(c); i++)
        if (*client_peer_trouble(c, i)) {
            fputs(comma, f);
            json_text(f, client_peer_name(c, i));
            fputc(':', f);
            json_text(f, client_peer_trouble(c, i));
            comma = ",";
        }
    fputc('}', f);
}

static void json_graphs(FILE *f, const struct tally *t)
{
    if (!t->expected.n)
        return;
    fputs(",\"callgraphs\":{", f);
    json_histogram(f, "obtained_us", &t->obtained);
    fputc(',', f);
    json_histogram(f, "trace_us", &t->expected);
    fputc(',', f);
    json_number(f, "mean_gap_us", t->gap_sum / (double)t->expected.n / 1e3);
    fputc('}', f);
}

void invoke_report_json(const struct invoke_report *r, const struct client *c, FILE *f)
{
    const struct tally *t = &r->tally;
    fprintf(f, "{\"planned\":%llu,\"issued\":%llu,\"completed\":%llu,\"ok\":%llu,\"failed\":%llu,"
            "\"timed_out\":%llu,\"never_sent\":%llu,\"warmup\":%llu,",
            (unsigned long long)r->planned, (unsigned long long)r->fire.issued,
            (unsigned long long)t->done, (unsigned long long)(t->done - t->failed),
            (unsigned long long)t->failed, (unsigned long long)t->ending[END_DEADLINE],
            (unsigned long long)(t->never_sent + r->planned - r->fire.issued),
            (unsigned long long)t->warmup);
    json_counts(f, t);
    json_histogram(f, "latency_us", &t->latency);
    fputc(',', f);
    json_histogram(f, "latency_from_sent_us", &t->from_sent);
    fputc(',', f);
    json_histogram(f, "lateness_us", &t->lateness);
    fprintf(f, ",\"valid\":%s,\"stopped\":%s,", r->valid ? "true" : "false",
            r->fire.stopped ? "true" : "false");
    json_number(f, "lateness_bound_us", r->bound_us);
    fputc(',', f);
    json_number(f, "seconds", r->seconds);
    fputc(',', f);
    json_number(f, "rate", r->seconds > 0 ? (double)t->done / r->seconds : NAN);
    fprintf(f, ",\"peers\":%zu,\"peers_up\":%zu,\"connections\":{\"opened\":%llu,\"failed\":%llu,"
            "\"lost\":%llu},\"queued\":%llu,\"plan_waits\":%llu,\"spans_lost\":%llu",
            client_peers(c), r->peers_up, (unsigned long long)r->connections.opened,
            (unsigned long long)r->connections.failed, (unsigned long long)r->connections.lost,
            (unsigned long long)r->connections.queued, (unsigned long long)r->fire.starved,
            (unsigned long long)r->unposted);
    json_troubles(f, c);
    json_graphs(f, t);
    json_functions(f, t, c);
    fputs("}\n", f);
}

static void words_histogram(FILE *f, const char *label, const struct histogram *h)
{
    if (!h->n) {
        fprintf(f, "%-22s n/a\n", label);
        return;
    }
    fprintf(f, "%-22s p50 %10.1f   p90 %10.1f   p99 %10.1f   p99.9 %10.1f   max %10.1f us\n",
            label, histogram_quantile(h, 0.5) / 1e3, histogram_quantile(h, 0.9) / 1e3,
            histogram_quantile(h, 0.99) / 1e3, histogram_quantile(h, 0.999) / 1e3,
            (double)h->max / 1e3);
}

static void words_troubles(FILE *f, const struct client *c)
{
    enum { MOST = 10 };
    size_t n = 0;
    for (size_t i = 0; i < client_peers(c); i++)
        if (*client_peer_trouble(c, i) && n++ < MOST)
            fprintf(f, "  %s: %s\n", client_peer_name(c, i), client_peer_trouble(c, i));
    if (n > MOST)
        fprintf(f, "  and %zu other addresses with trouble\n", n - MOST);
}

void invoke_report_words(const struct invoke_report *r, const struct client *c, FILE *f)
{
    const struct tally *t = &r->tally;
    fprintf(f, "%llu calls planned, %llu issued, %llu completed: %llu OK, %llu failed, %llu never "
            "sent; %llu of the warm-up\n", (unsigned long long)r->planned,
            (unsigned long long)r->fire.issued, (unsigned long long)t->done,
            (unsigned long long)(t->done - t->failed), (unsigned long long)t->failed,
            (unsigned long long)(t->never_sent + r->planned - r->fire.issued),
            (unsigned long long)t->warmup);
    for (size_t i = 1; i < GRPC_STATUSES; i++)
        if (t->status[i])
            fprintf(f, "  %-20s %llu\n", grpc_status_name(i), (unsigned long long)t->status[i]);
    words_troubles(f, c);
    words_histogram(f, "latency from planned", &t->latency);
    words_histogram(f, "latency from sent", &t->from_sent);
    words_histogram(f, "lateness", &t->lateness);
    if (t->expected.n) {
        words_histogram(f, "call graphs took", &t->obtained);
        words_histogram(f, "their traces say", &t->expected);
        fprintf(f, "%-22s %.1f us\n", "mean difference", t->gap_sum / (double)t->expected.n / 1e3);
    }
    if (r->unposted)
        fprintf(f, "%llu spans were not taken by the collector\n", (unsigned long long)r->unposted);
    if (r->fire.stopped)
        fprintf(f, "INVALID: the run was interrupted\n");
    else if (!r->valid)
        fprintf(f, "INVALID: p99 of lateness is %.1f us, over the bound of %.1f us, or calls were "
                "not issued\n", r->lateness_p99_us, r->bound_us);
}
