/* recognise.h: which of our sources is this file? Told by its content, never by its name. */
#ifndef TRACE_RECOGNISE_H
#define TRACE_RECOGNISE_H

/* "alibaba-2021", "alibaba-2022", "jaeger", "otlp", "otlp-proto", "zipkin", "spans",
 * "tracellm-tabular", "tracellm-recursive", "tracellm-instruction" or "dgg", the names that
 * `import --from` takes; NULL for anything else, for what cannot be read or only once (a pipe), and
 * for graphs that a program made (DGG's own synthetic output has no "num"). Looks at the first
 * 64 KiB of a plain or compressed file; of an archive, at those of its members until one is known.
 */
const char *recognise(const char *path);

#endif
