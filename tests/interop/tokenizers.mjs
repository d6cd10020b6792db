// tokenizers.mjs: token ids of `tracewright tokenize` against npm's @huggingface/tokenizers.
//
// Texts: real ones from tests/fixtures, names and numbers, whitespace runs, and random characters of
// many scripts. One line each, since the command works by lines.
import { Tokenizer } from "@huggingface/tokenizers";
import { execFileSync } from "node:child_process";
import fs from "node:fs";

const dir = process.env.INTEROP;
const tracewright = process.env.BUILD + "/tracewright";
const run = (args, input) =>
    execFileSync(tracewright, args, { input, maxBuffer: 1 << 28, stdio: ["pipe", "pipe", "pipe"] });

// A generator of our own (xorshift), so that a failure repeats.
let state = 2463534242;
const below = (n) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % n;
};
const pick = (list) => list[below(list.length)];

const words = ["MS_00001", "S_000000012", "USER", "rpc", "http", "mc", "db", "12", "1024", "0.1.2",
    "<edges>", "edge_id is", "communication starts at", "don't", "WE'LL", "x-2", "_ab.cd.", "a/b"];
const blanks = [" ", "  ", "   ", "\t", " \t ", "\u00a0", "\u3000", "\r", "    "];
const scripts = [[0x20, 0x7f], [0xa1, 0x17f], [0x370, 0x3ff], [0x400, 0x4ff], [0x5d0, 0x5ea],
    [0x621, 0x64a], [0x660, 0x669], [0x905, 0x939], [0xe01, 0xe3a], [0x300, 0x36f],
    [0x2150, 0x218b], [0x2460, 0x249b], [0x2010, 0x2027], [0x3041, 0x3096], [0x4e00, 0x9fa5],
    [0xac00, 0xd7a3], [0x1f300, 0x1f5ff], [0x10400, 0x1044f], [0x1d7ce, 0x1d7ff]];
const randomText = () => {
    let s = "";
    for (let n = 1 + below(12); n > 0; n--) {
        const [lo, hi] = pick(scripts);
        for (let k = below(4); k >= 0; k--)
            s += String.fromCodePoint(lo + below(hi - lo + 1));
        if (below(2)) s += pick(blanks);
        if (below(3) === 0) s += pick(words);
    }
    return s;
};

function texts() {
    const list = [""];
    for (const name of fs.readdirSync("tests/fixtures", { recursive: true })) {
        const path = "tests/fixtures/" + name;
        if (!/\.(txt|csv|md)$/.test(name) || fs.statSync(path).size > 300000) continue;
        for (const line of fs.readFileSync(path, "utf8").split("\n").slice(0, 200))
            if (!line.includes("\ufffd") && line.length < 4000) list.push(line);
    }
    for (let i = 0; i < 2000; i++) {
        let s = "";
        for (let n = 1 + below(10); n > 0; n--) s += pick(words) + pick(blanks);
        list.push(i % 2 ? s : pick(blanks) + s);
        list.push(randomText());
    }
    return list.map((s) => s.replaceAll("\n", " "));
}

function compare(name, checkpoint, lines) {
    const json = JSON.parse(fs.readFileSync(checkpoint + "/tokenizer.json", "utf8"));
    const theirs = new Tokenizer(json, { clean_up_tokenization_spaces: false });
    const input = lines.join("\n") + "\n";
    const ours = run(["tokenize", "--checkpoint", checkpoint], input);
    const ids = ours.toString().split("\n");
    let tokens = 0;
    lines.forEach((line, i) => {
        const want = theirs.encode(line).ids.join(" ");
        tokens += want ? want.split(" ").length : 0;
        if (ids[i] !== want) {
            console.error(`${name}: ${JSON.stringify(line)}\n  ours   ${ids[i]}\n  theirs ${want}`);
            process.exit(1);
        }
    });
    const back = run(["tokenize", "--checkpoint", checkpoint, "--decode"], ours).toString();
    if (back !== input) {
        console.error(`${name}: the lines do not come back`);
        process.exit(1);
    }
    console.log(`${name}: ${lines.length} lines, ${tokens} ids, all the same`);
}

// The same tokenizer as others write it: merges as pairs, other ways to say the same, added tokens.
function variants(kind, own) {
    const read = () => JSON.parse(fs.readFileSync(own + "/tokenizer.json", "utf8"));
    const write = (name, json, texts) => {
        fs.mkdirSync(own + name, { recursive: true });
        fs.writeFileSync(own + name + "/tokenizer.json", JSON.stringify(json));
        compare(kind + " " + name, own + name, texts);
    };
    const pairs = read();
    pairs.model.merges = pairs.model.merges.map((m) => m.split(" "));
    write("pairs", pairs, lines);

    const added = read();
    let n = Object.keys(added.model.vocab).length;
    for (const [content, special, normalized] of [["<|c4ll|>", true, false], ["rpc http", false,
        false], ["%%MS_", false, true], ["%%MS_0", false, true], ["<|c4ll|>s", false, false]])
        added.added_tokens.push({ id: n++, content, single_word: false, lstrip: false,
            rstrip: false, normalized, special });
    const marked = lines.slice(0, 1500).map((s, i) => i % 3 ? s + "<|c4ll|>" + s : s + " <|c4ll|>s"
        + pick(words) + pick(blanks) + "rpc http%%MS_00 %%MS_1 x %%MS_01" + s);
    write("added", added, marked);

    if (kind === "gpt2") {
        const split = read();
        split.pre_tokenizer = { type: "Sequence", pretokenizers: [{ type: "Split", pattern: {
            Regex: "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|" +
                "\\s+(?!\\S)|\\s+" }, behavior: "Isolated", invert: false },
            { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: false }] };
        split.post_processor = { type: "ByteLevel", add_prefix_space: false, trim_offsets: false,
            use_regex: true };
        write("split", split, lines.concat("a\u0085b\ufeffc \u0085 d"));
    } else {
        for (const prepend_scheme of ["first", "always"]) {
            const newer = read();
            newer.normalizer = null;
            newer.pre_tokenizer = { type: "Metaspace", replacement: "\u2581", prepend_scheme,
                split: false };
            newer.added_tokens.push({ id: n, content: "<|x|>", single_word: false, lstrip: false,
                rstrip: false, normalized: false, special: false });
            newer.added_tokens = newer.added_tokens.map((a) => a.id === n ? { ...a, id:
                Object.keys(newer.model.vocab).length } : a);
            // What this form loses, a blank where a part begins, is left out.
            write(prepend_scheme, newer, marked.map((s) =>
                s.replace(/(<s>|<\/s>|<unk>) +/g, "$1").trimStart() + "<|x|>a b"));
        }
    }
}

// What make test holds without npm: ids recorded in tests/fixtures/tokenizers. RECORD=1 writes them.
function recorded() {
    const at = "tests/fixtures/tokenizers/";
    const own = fs.readFileSync(at + "texts.txt", "utf8").split("\n").slice(0, -1);
    for (const name of fs.readdirSync(at).filter((n) => n !== "texts.txt")) {
        const json = JSON.parse(fs.readFileSync(at + name + "/tokenizer.json", "utf8"));
        const theirs = new Tokenizer(json, { clean_up_tokenization_spaces: false });
        const ids = own.map((s) => theirs.encode(s).ids.join(" ") + "\n").join("");
        if (process.env.RECORD) fs.writeFileSync(at + name + "/ids.txt", ids);
        if (fs.readFileSync(at + name + "/ids.txt", "utf8") !== ids) {
            console.error(`${at}${name}/ids.txt is not what they say`);
            process.exit(1);
        }
    }
    console.log("the recorded ids are theirs");
}

recorded();
const lines = texts();
const graphs = dir + "/graphs.csv", model = dir + "/model";
run(["reference", "callgraphs", "--traces", "300", "-o", graphs]);
run(["train", "-q", "--data", graphs, "--preset", "tiny", "--epochs", "1", "-o", model]);
const stream = run(["encode", graphs]).toString().split("\n");
compare("words", model, lines.concat(stream));

// Byte pairs, learnt here from half the lines.
const half = lines.filter((_, i) => i % 2).join("\n");
const layers = run(["encode", "--to", "recursive", graphs]).toString().split("\n");
for (const kind of ["gpt2", "llama"]) {
    const own = dir + "/" + kind;
    run(["tokenize", "--learn", kind, "--vocab", "3000", "-o", own], half);
    compare(kind, own, lines.concat(layers));
    variants(kind, own);
}
