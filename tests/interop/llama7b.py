"""llama7b.py: a Llama-2-7B-shaped directory of random bf16 weights generates, takes a LoRA step, and
generates with that adapter on it.

    make interop T=llama7b LLAMA7B=1             13.5 GB of disk in $INTEROP, removed afterwards
    LLAMA7B=8 ...                                the same with 8 layers instead of 32
    LLAMA7B_DIR=/somewhere ...                   where there is room
    LLAMA7B_SHARDS=1 ...                         one file instead of three

Weights are 16 bits of a seeded generator each: sign, last bit of the exponent and fraction are
random, so that a weight is between 2^-7 and 2^-5 in size; norms are 1. What is reported are wall
seconds and the largest resident set (mapped pages that are in memory count) of each command.
"""
import json
import os
import shutil
import subprocess
import sys
import time
import traceback

V, C, F, HEADS = 32000, 4096, 11008, 32
LIMIT_GB = 20.0
ROOT = os.environ.get("LLAMA7B_DIR") or os.environ["INTEROP"]
DIR = os.path.join(ROOT, "llama7b")
PROGRAM = os.path.join(os.environ["BUILD"], "tracewright")
KEPT, SIZE = 0x80FF80FF80FF80FF - 2 ** 64, 0x3C003C003C003C00   # four weights at a time


def shapes(layers):
    yield "model.embed_tokens.weight", (V, C)
    for i in range(layers):
        at = "model.layers.%d." % i
        yield at + "input_layernorm.weight", (C,)
        for p in "qkvo":
            yield at + "self_attn.%s_proj.weight" % p, (C, C)
        yield at + "post_attention_layernorm.weight", (C,)
        yield at + "mlp.gate_proj.weight", (F, C)
        yield at + "mlp.up_proj.weight", (F, C)
        yield at + "mlp.down_proj.weight", (C, F)
    yield "model.norm.weight", (C,)
    yield "lm_head.weight", (V, C)


def write_tensor(f, shape, torch):
    if len(shape) == 1:
        f.write(b"\x80\x3f" * shape[0])
        return
    bits = torch.empty(shape[0] * shape[1] // 4, dtype=torch.int64).random_(-2 ** 63, None)
    f.write(bits.bitwise_and_(KEPT).bitwise_or_(SIZE).numpy().tobytes())


def size(shape):
    return 2 * shape[0] * (shape[1] if len(shape) == 2 else 1)


def write_shard(path, tensors, torch):
    head, at = {"__metadata__": {"format": "pt"}}, 0
    for name, shape in tensors:
        head[name] = {"dtype": "BF16", "shape": shape, "data_offsets": [at, at + size(shape)]}
        at += size(shape)
    text = json.dumps(head).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(len(text).to_bytes(8, "little") + text)
        for _, shape in tensors:
            write_tensor(f, shape, torch)


def write_config(layers):
    json.dump({"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_act": "silu",
               "vocab_size": V, "hidden_size": C, "intermediate_size": F,
               "num_hidden_layers": layers, "num_attention_heads": HEADS,
               "num_key_value_heads": HEADS, "max_position_embeddings": 4096,
               "rms_norm_eps": 1e-5, "rope_theta": 10000.0, "tie_word_embeddings": False,
               "bos_token_id": 0, "eos_token_id": 1, "pad_token_id": 2,
               "torch_dtype": "bfloat16"}, open(os.path.join(DIR, "config.json"), "w"))


def write_model(layers, n_shards):
    import torch   # here alone: a child begins with the size of its parent
    torch.manual_seed(7)
    tensors = list(shapes(layers))
    total = sum(size(s) for _, s in tensors)
    shards, room = [[]], 0
    for t in tensors:
        if room + size(t[1]) > total / n_shards * 1.02 and len(shards) < n_shards:
            shards.append([])
            room = 0
        shards[-1].append(t)
        room += size(t[1])
    where = {}
    for i, shard in enumerate(shards):
        name = "model-%05d-of-%05d.safetensors" % (i + 1, len(shards))
        name = name if len(shards) > 1 else "model.safetensors"
        write_shard(os.path.join(DIR, name), shard, torch)
        where.update((t[0], name) for t in shard)
    if len(shards) > 1:
        json.dump({"metadata": {"total_size": total}, "weight_map": where},
                  open(os.path.join(DIR, "model.safetensors.index.json"), "w"))
    write_config(layers)
    print("%.2f GB in %d file(s), %d layers" % (total / 1e9, len(shards), layers), flush=True)


def write_in_child(layers, n_shards):
    start = time.time()
    pid = os.fork()
    if pid == 0:
        try:
            write_model(layers, n_shards)
            os._exit(0)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
    if os.waitpid(pid, 0)[1] != 0:
        sys.exit("the model could not be written")
    print("%-10s %7.1f s" % ("write", time.time() - start), flush=True)


def run(name, *args):
    start = time.time()
    pid = os.posix_spawn(PROGRAM, [PROGRAM, *args], os.environ)
    _, status, used = os.wait4(pid, 0)
    gb = used.ru_maxrss * 1024 / 1e9
    print("%-10s %7.1f s  %5.1f GB resident at most" % (name, time.time() - start, gb), flush=True)
    if status != 0:
        sys.exit("%s: exit status %d" % (name, status >> 8))
    if gb > LIMIT_GB:
        sys.exit("%s: more than %.0f GB" % (name, LIMIT_GB))


def check(layers, n_shards):
    graphs, small = os.path.join(ROOT, "graphs.csv"), os.path.join(ROOT, "small")
    adapter, out = os.path.join(ROOT, "adapter"), os.path.join(ROOT, "out.csv")
    run("reference", "reference", "callgraphs", "--traces", "40", "-o", graphs)
    run("tokenizer", "train", "-q", "--data", graphs, "--preset", "tiny", "--epochs", "1",
        "-o", small)
    shutil.copy(os.path.join(small, "tokenizer.json"), DIR)
    write_in_child(layers, n_shards)
    run("generate", "generate", "--checkpoint", DIR, "--like", graphs, "-n", "1", "--batch", "1",
        "--threads", "2", "-o", out)
    print(open(out).read().rstrip())
    run("LoRA step", "train", "--base", DIR, "--lora", "8", "--lora-targets", "q,v",
        "--data", graphs, "--tokens", "64", "--tokens-per-step", "64", "-o", adapter)
    print(sorted(os.listdir(adapter)))
    adapted = os.path.join(ROOT, "adapted.csv")
    run("adapted", "generate", "--checkpoint", DIR, "--adapter", adapter, "--like", graphs, "-n", "1",
        "--batch", "1", "--threads", "2", "-o", adapted)
    print(open(adapted).read().rstrip())


def main():
    layers = int(os.environ.get("LLAMA7B") or 0)
    layers = 32 if layers == 1 else layers
    need = sum(size(s) for _, s in shapes(layers)) * 1.1
    if layers == 0:
        print("takes 13.5 GB of disk and minutes: make interop T=llama7b LLAMA7B=1")
        sys.exit(77)
    os.makedirs(DIR, exist_ok=True)
    if shutil.disk_usage(ROOT).free < need:
        print("%s has no %.1f GB free" % (ROOT, need / 1e9))
        sys.exit(77)
    try:
        check(layers, int(os.environ.get("LLAMA7B_SHARDS") or 3))
    finally:
        shutil.rmtree(DIR, ignore_errors=True)


main()
