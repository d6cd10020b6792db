// otlp.mjs: `emit --otlp` into a receiver that decodes with OpenTelemetry's own generated protobuf
// code (npm's @opentelemetry/otlp-transformer), and the same code on the frames of a file.
import { createRequire } from "node:module";
import { execFile, execFileSync } from "node:child_process";
import fs from "node:fs";
import http from "node:http";

const root = createRequire(import.meta.url)(
    "@opentelemetry/otlp-transformer/build/src/generated/root");
const Request = root.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
const dir = process.env.INTEROP, tracewright = process.env.BUILD + "/tracewright";
const fail = (...words) => {
    console.error(...words);
    process.exit(1);
};
const spansOf = (request) => request.resourceSpans.flatMap(
    (r) => r.scopeSpans.flatMap((s) => s.spans.map((span) => ({ span, service: r.resource.attributes
        .find((a) => a.key === "service.name").value.stringValue }))));
const hex = (bytes) => Buffer.from(bytes).toString("hex");

execFileSync(tracewright, ["reference", "callgraphs", "--traces", "40", "-o", `${dir}/g.csv`],
             { stdio: "ignore" });

// The file: frames of a length and a message, as many spans as the JSON form has.
for (const to of ["otlp-proto", "otlp"])
    execFileSync(tracewright, ["export", "--from-csv", `${dir}/g.csv`, "--to", to, "-o",
                               `${dir}/g.${to}`], { stdio: "ignore" });
const file = fs.readFileSync(`${dir}/g.otlp-proto`);
const lines = fs.readFileSync(`${dir}/g.otlp`, "utf8").trim().split("\n").map((l) => JSON.parse(l));
let at = 0, traces = 0;
for (; at < file.length; traces++) {
    const n = file.readUInt32BE(at);
    const got = spansOf(Request.decode(file.subarray(at + 4, at + 4 + n)));
    const want = spansOf(lines[traces]);
    if (got.length !== want.length) fail("trace", traces, got.length, "spans,", want.length, "in JSON");
    got.forEach(({ span, service }, i) => {
        const w = want[i].span;
        if (hex(span.traceId) !== w.traceId || hex(span.spanId) !== w.spanId ||
            hex(span.parentSpanId ?? []) !== (w.parentSpanId ?? "") || span.name !== w.name ||
            span.kind !== w.kind || service !== want[i].service ||
            String(span.startTimeUnixNano) !== w.startTimeUnixNano ||
            String(span.endTimeUnixNano) !== w.endTimeUnixNano ||
            span.attributes.length !== w.attributes.length)
            fail("trace", traces, "span", i, "differs", JSON.stringify(span), JSON.stringify(w));
    });
    at += 4 + n;
}
if (traces !== 40 || lines.length !== 40) fail(traces, "traces of 40");

// Live: every post is one message whose spans lie in the present.
let posts = 0, spans = 0;
const began = Date.now();
const server = http.createServer((request, response) => {
    const parts = [];
    request.on("data", (p) => parts.push(p));
    request.on("end", () => {
        if (request.url !== "/v1/traces" ||
            request.headers["content-type"] !== "application/x-protobuf") fail(request.url);
        for (const { span } of spansOf(Request.decode(Buffer.concat(parts)))) {
            const start = Number(String(span.startTimeUnixNano)) / 1e6;
            const end = Number(String(span.endTimeUnixNano)) / 1e6;
            if (start < began - 5 || end > Date.now() + 5) fail("a span from", start, "to", end);
            spans++;
        }
        posts++;
        response.writeHead(200, { "content-type": "application/x-protobuf" }).end();
    });
});
server.listen(0, "127.0.0.1", () => {
    execFile(tracewright, ["emit", `${dir}/g.csv`, "--otlp",
                           `http://127.0.0.1:${server.address().port}`, "--rate", "100", "--json"],
             (error, stdout) => {
                 server.close();
                 const report = JSON.parse(stdout);
                 if (error || report.accepted !== 40 || posts !== 40 || report.spans !== spans)
                     fail("emitted", stdout, "received", posts, "posts of", spans, "spans");
                 console.log(`OpenTelemetry's decoder: 40 traces of a file, and ${spans} live spans`);
             });
});
