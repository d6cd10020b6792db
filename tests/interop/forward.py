"""forward.py: checkpoints as Debian's PyTorch has them, in double, from a reader of its own.

safetensors, shards, config.json and PEFT adapters are read here anew, from their descriptions, and
the forward pass is written with torch.nn.functional alone: what it agrees with, two have understood.
Logits of the engine (training's passes and decoding) must agree to 1e-4 relative.
"""
import json
import os
import subprocess
import sys

try:
    import torch
    import torch.nn.functional as F
except ImportError:
    print("needs Debian's python3-torch: apt-get install python3-torch")
    sys.exit(77)

SIZES = {"F32": (torch.float32, 4), "F16": (torch.float16, 2), "BF16": (torch.bfloat16, 2)}


def read_safetensors(path):
    with open(path, "rb") as f:
        n = int.from_bytes(f.read(8), "little")
        head = json.loads(f.read(n))
        data = bytearray(f.read())
    tensors = {}
    for name, t in head.items():
        if name == "__metadata__":
            assert t["format"] == "pt"
            continue
        begin, end = t["data_offsets"]
        dtype, size = SIZES[t["dtype"]]
        flat = torch.frombuffer(data, dtype=dtype, offset=begin, count=(end - begin) // size)
        tensors[name] = flat.reshape(t["shape"]).to(torch.float64)
    return tensors


def read_checkpoint(folder):
    config = json.load(open(os.path.join(folder, "config.json")))
    index = os.path.join(folder, "model.safetensors.index.json")
    if not os.path.exists(index):
        return config, read_safetensors(os.path.join(folder, "model.safetensors"))
    weights = {}
    where = json.load(open(index))["weight_map"]
    for file in sorted(set(where.values())):
        shard = read_safetensors(os.path.join(folder, file))
        assert sorted(shard) == sorted(k for k, v in where.items() if v == file)
        weights.update(shard)
    return config, weights


def merge_adapter(weights, folder):
    config = json.load(open(os.path.join(folder, "adapter_config.json")))
    rank = config["r"]
    scale = config["lora_alpha"] / (rank ** 0.5 if config.get("use_rslora") else rank)
    adapter = read_safetensors(os.path.join(folder, "adapter_model.safetensors"))
    prefix, end = "base_model.model.", ".lora_A.weight"
    merged = dict(weights)
    for name, a in adapter.items():
        if name.endswith(end):
            b = adapter[name[:-len(end)] + ".lora_B.weight"]
            base = name[len(prefix):-len(end)] + ".weight"
            merged[base] = merged[base] + scale * (b @ a)
    return merged


def norm(x, weight, eps):
    return weight * x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + eps)


def turn(x, theta):
    """Rotate-half: element j of a head with j + d/2. x is (heads, time, d)."""
    d = x.shape[-1]
    rate = theta ** (-torch.arange(0, d, 2, dtype=torch.float64) / d)
    angle = torch.outer(torch.arange(x.shape[1], dtype=torch.float64), rate)
    cos, sin = torch.cat([angle.cos()] * 2, -1), torch.cat([angle.sin()] * 2, -1)
    return x * cos + torch.cat([-x[..., d // 2:], x[..., :d // 2]], -1) * sin


def logits(config, w, ids):
    """(time, vocab) in double."""
    heads, groups = config["num_attention_heads"], config["num_key_value_heads"]
    eps, theta, n = config["rms_norm_eps"], config["rope_theta"], len(ids)
    assert config["rope_parameters"]["rope_theta"] == theta
    x = w["model.embed_tokens.weight"][ids]
    mask = torch.full((n, n), float("-inf"), dtype=torch.float64).triu(1)
    for i in range(config["num_hidden_layers"]):
        at = "model.layers.%d." % i
        h = norm(x, w[at + "input_layernorm.weight"], eps)
        q, k, v = (F.linear(h, w[at + "self_attn.%s_proj.weight" % p]) for p in "qkv")
        q = turn(q.view(n, heads, -1).transpose(0, 1), theta)
        k = turn(k.view(n, groups, -1).transpose(0, 1), theta).repeat_interleave(heads // groups, 0)
        v = v.view(n, groups, -1).transpose(0, 1).repeat_interleave(heads // groups, 0)
        p = (q @ k.transpose(1, 2) / q.shape[-1] ** 0.5 + mask).softmax(-1)
        x = x + F.linear((p @ v).transpose(0, 1).reshape(n, -1), w[at + "self_attn.o_proj.weight"])
        h = norm(x, w[at + "post_attention_layernorm.weight"], eps)
        gate, up = (F.linear(h, w[at + "mlp.%s_proj.weight" % p]) for p in ("gate", "up"))
        x = x + F.linear(F.silu(gate) * up, w[at + "mlp.down_proj.weight"])
    head = w["model.embed_tokens.weight" if config["tie_word_embeddings"] else "lm_head.weight"]
    return F.linear(norm(x, w["model.norm.weight"], eps), head)


TOOL = os.path.join(os.environ["BUILD"], "tests/interop/logits")
ROOT = os.environ["INTEROP"]
IDS = [0, 5, 17, 17, 3, 42, 260, 99, 1, 250, 7, 8, 33]


def tool(*args):
    return subprocess.run([TOOL, *map(str, args)], check=True, stdout=subprocess.PIPE).stdout


def check(name, folder, adapters=()):
    config, weights = read_checkpoint(folder)
    for a in adapters:
        weights = merge_adapter(weights, a)
    want = logits(config, weights, IDS)
    words = tool("run", folder, ",".join(map(str, IDS)), *adapters).split()
    got = torch.tensor([float(w) for w in words], dtype=torch.float64).view(2, *want.shape)
    scale = torch.maximum(want.abs(), want.pow(2).mean().sqrt())
    worst = [((g - want).abs() / scale).max().item() for g in got]
    print("%-22s logits to %.3g, relative error %.1e (passes), %.1e (decoding)"
          % (name, want.abs().max(), *worst))
    if not max(worst) < 1e-4:
        sys.exit("%s: more than 1e-4" % name)


def main():
    shapes = {   # vocab d_model layers heads kv_heads d_ff tied seed dtype shard_bytes
        "tied": (263, 48, 3, 4, 4, 96, 1, 1, "f32", 0),
        "untied": (263, 48, 3, 4, 4, 96, 0, 2, "f32", 0),
        "grouped": (263, 64, 3, 8, 2, 128, 0, 3, "f32", 0),
        "grouped bf16, sharded": (300, 64, 2, 8, 4, 120, 0, 4, "bf16", 40000),
        "tied f16, sharded": (300, 64, 2, 4, 1, 120, 1, 5, "f16", 40000),
    }
    for name, shape in shapes.items():
        folder = os.path.join(ROOT, name.split(",")[0].replace(" ", "-"))
        tool("make", folder, *shape)
        check(name, folder)
    base = os.path.join(ROOT, "grouped")
    one, two = os.path.join(ROOT, "adapter"), os.path.join(ROOT, "adapter2")
    tool("adapt", base, one, 8, 1)
    check("LoRA", base, [one])
    tool("adapt", base, two, 3, 2, one)
    check("LoRA on LoRA", base, [one, two])


main()
