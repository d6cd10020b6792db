// gguf.mjs: `tracewright export --to gguf` as npm's @huggingface/gguf reads it: keys, token list,
// and every weight against the checkpoint's, rows of q and k in the order of neighbours.
import { gguf } from "@huggingface/gguf";
import { execFileSync } from "node:child_process";
import fs from "node:fs";

const dir = process.env.INTEROP;
const tracewright = process.env.BUILD + "/tracewright";
const run = (...args) => execFileSync(tracewright, args, { maxBuffer: 1 << 28 });
const fail = (...words) => {
    console.error(...words);
    process.exit(1);
};

const widen = {   // bytes at an offset to a number
    F32: [4, (v, o) => v.getFloat32(o, true)],
    BF16: [2, (v, o) => {
        const b = new DataView(new ArrayBuffer(4));
        b.setUint16(2, v.getUint16(o, true), true);
        return b.getFloat32(0, true);
    }],
    F16: [2, (v, o) => {
        const h = v.getUint16(o, true), e = (h >> 10) & 31, m = h & 1023, s = h & 0x8000 ? -1 : 1;
        return e === 31 ? (m ? NaN : s * Infinity)
            : s * (e ? (1 + m / 1024) * 2 ** (e - 15) : m * 2 ** -24);
    }],
};

function readSafetensors(path) {
    const file = fs.readFileSync(path), n = Number(file.readBigUInt64LE(0));
    const head = JSON.parse(file.subarray(8, 8 + n).toString());
    const tensors = {};
    for (const [name, t] of Object.entries(head)) {
        if (name === "__metadata__") continue;
        const [from, to] = t.data_offsets.map((x) => x + 8 + n);
        const view = new DataView(file.buffer, file.byteOffset + from, to - from);
        const [size, at] = widen[t.dtype];
        tensors[name] = { shape: t.shape,
                          data: Float64Array.from({ length: (to - from) / size },
                                                  (_, i) => at(view, i * size)) };
    }
    return tensors;
}

const part = { input_layernorm: "attn_norm", "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output",
    post_attention_layernorm: "ffn_norm", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down" };
const top = { "model.embed_tokens": "token_embd", "model.norm": "output_norm", lm_head: "output" };
const ggufName = (name) => {
    const base = name.replace(/\.weight$/, "");
    const m = /^model\.layers\.(\d+)\.(.*)$/.exec(base);
    return (m ? `blk.${m[1]}.${part[m[2]]}` : top[base]) + ".weight";
};

const near = (got, want, type) =>
    got === want || Math.abs(got - want) <= Math.max(2 ** -25, Math.abs(want) * (type === 30 ? 2 ** -8 : 2 ** -11));

function checkTensor(name, t, want, file, start, config) {
    const type = t.dtype;
    const [size, at] = widen[{ 0: "F32", 1: "F16", 30: "BF16" }[type]];
    const shape = t.shape.map(Number).reverse();
    if (shape.join() !== want.shape.join()) fail(name, "shape", shape, want.shape);
    const cols = shape.length === 2 ? shape[1] : 1, D = config.head_dim;
    const turns = /self_attn\.[qk]_proj/.test(name);
    const view = new DataView(file.buffer, file.byteOffset + start + Number(t.offset));
    for (let i = 0; i < want.data.length; i++) {
        const row = Math.floor(i / cols), r = row % D;
        const from = turns ? row - r + (r % 2) * (D / 2) + Math.floor(r / 2) : row;
        const w = want.data[from * cols + (i % cols)], got = at(view, i * size);
        if (type === 0 ? got !== w : !near(got, w, type)) fail(name, i, got, w);
    }
    return want.data.length;
}

async function compare(checkpoint, dtype) {
    const path = `${dir}/${dtype}.gguf`;
    run("export", "--checkpoint", checkpoint, "--to", "gguf", "--dtype", dtype, "-o", path);
    const { metadata, tensorInfos, tensorDataOffset } =
        await gguf(path, { allowLocalFile: true });
    const config = JSON.parse(fs.readFileSync(checkpoint + "/config.json"));
    const tokens = JSON.parse(fs.readFileSync(checkpoint + "/tokenizer.json"));
    const want = {
        "general.architecture": "llama", "general.alignment": 32,
        "general.file_type": { f32: 0, f16: 1, bf16: 32 }[dtype],
        "llama.vocab_size": config.vocab_size, "llama.block_count": config.num_hidden_layers,
        "llama.embedding_length": config.hidden_size,
        "llama.feed_forward_length": config.intermediate_size,
        "llama.attention.head_count": config.num_attention_heads,
        "llama.attention.head_count_kv": config.num_key_value_heads,
        "llama.rope.dimension_count": config.head_dim,
        "llama.context_length": config.max_position_embeddings,
        "llama.rope.freq_base": Math.fround(config.rope_theta),
        "llama.attention.layer_norm_rms_epsilon": Math.fround(config.rms_norm_eps),
        "tokenizer.ggml.model": "gpt2", "tokenizer.ggml.bos_token_id": config.bos_token_id,
        "tokenizer.ggml.eos_token_id": config.eos_token_id,
        "tokenizer.ggml.padding_token_id": config.pad_token_id,
    };
    for (const [key, value] of Object.entries(want))
        if (metadata[key] !== value) fail(key, metadata[key], "want", value);
    const text = [];
    for (const [token, id] of Object.entries(tokens.model.vocab)) text[id] = token;
    for (const t of tokens.added_tokens) text[t.id] = t.content;
    if (metadata["tokenizer.ggml.tokens"].join("\n") !== text.join("\n")) fail("tokens differ");
    const merges = tokens.model.merges.map((m) => (Array.isArray(m) ? m.join(" ") : m));
    if (metadata["tokenizer.ggml.merges"].join("\n") !== merges.join("\n")) fail("merges differ");
    const theirs = readSafetensors(checkpoint + "/model.safetensors");
    const byName = Object.fromEntries(tensorInfos.map((t) => [t.name, t]));
    if (tensorInfos.length !== Object.keys(theirs).length) fail("number of tensors");
    const file = fs.readFileSync(path);
    let n = 0;
    for (const [name, t] of Object.entries(theirs))
        n += checkTensor(name, byName[ggufName(name)], t, file, Number(tensorDataOffset), config);
    console.log(`${dtype}: ${Object.keys(want).length} keys, ${text.length} tokens, ` +
                `${tensorInfos.length} tensors, ${n} weights, all the same`);
}

// An adapter as GGUF: alpha / rank times B A, added to the base's GGUF, is the merged model's.
async function compareAdapter(model) {
    const adapter = dir + "/adapter", rank = 3;
    run("train", "-q", "--data", graphs, "--base", model, "--lora", String(rank), "--lora-targets",
        "q,k,v,o,gate,up,down", "--lr", "0.01", "--epochs", "1", "-o", adapter);
    const open = async (name, ...args) => {
        const path = `${dir}/${name}.gguf`;
        run("export", "--checkpoint", model, ...args, "-o", path);
        const { metadata, tensorInfos, tensorDataOffset } =
            await gguf(path, { allowLocalFile: true });
        const file = fs.readFileSync(path);
        const tensors = Object.fromEntries(tensorInfos.map((t) => {
            const at = file.byteOffset + Number(tensorDataOffset) + Number(t.offset);
            const [cols, rows] = [...t.shape.map(Number), 1];
            return [t.name, { cols, rows, data: new DataView(file.buffer, at, 4 * cols * rows) }];
        }));
        return { metadata, tensors };
    };
    const base = await open("base", "--to", "gguf", "--dtype", "f32");
    const low = await open("low", "--adapter", adapter, "--to", "gguf-lora");
    const merged = await open("merged", "--adapter", adapter, "--to", "gguf", "--dtype", "f32");
    const want = { "general.architecture": "llama", "general.type": "adapter",
                   "adapter.type": "lora" };
    for (const [key, value] of Object.entries(want))
        if (low.metadata[key] !== value) fail(key, low.metadata[key], "want", value);
    const scale = low.metadata["adapter.lora.alpha"] / rank;
    let n = 0, moved = 0;
    for (const [name, a] of Object.entries(low.tensors).filter(([k]) => k.endsWith(".lora_a"))) {
        const at = name.replace(/\.lora_a$/, ""), b = low.tensors[at + ".lora_b"];
        const from = base.tensors[at], to = merged.tensors[at];
        if (a.rows !== rank || b.cols !== rank || a.cols !== from.cols || b.rows !== from.rows)
            fail(name, "shape");
        for (let i = 0; i < from.rows; i++)
            for (let j = 0; j < from.cols; j++, n++) {
                let sum = 0;
                for (let k = 0; k < rank; k++)
                    sum += b.data.getFloat32(4 * (i * rank + k), true) *
                           a.data.getFloat32(4 * (k * a.cols + j), true);
                const o = 4 * (i * from.cols + j);
                const w = from.data.getFloat32(o, true) + scale * sum;
                moved = Math.max(moved, Math.abs(scale * sum));
                if (Math.abs(to.data.getFloat32(o, true) - w) > 1e-6) fail(at, i, j);
            }
    }
    if (!(moved > 1e-4)) fail("the adapter does nothing");
    console.log(`adapter: ${Object.keys(low.tensors).length} tensors; base and adapter are merged, ` +
                `${n} weights`);
}

const graphs = dir + "/graphs.csv", model = dir + "/model";
run("reference", "callgraphs", "--traces", "300", "-o", graphs);
run("train", "-q", "--data", graphs, "--preset", "tiny", "--epochs", "1", "-o", model);
for (const dtype of ["f32", "bf16", "f16"]) await compare(model, dtype);
await compareAdapter(model);
