"""bench_train_torch.py: steps of training in PyTorch, for bench_train.c to stand beside.

usage: bench_train_torch.py LAYERS WIDTH HEADS FFN STEPS THREADS
prints "ready" after a step that warms up, then answers every line of its input with STEPS steps: the
seconds of one by the clock, the seconds of processors, its tokens

The model of tracewright bench train, written as one would for speed in PyTorch 1.13: q, k, v and
gate, up packed, causal attention by a mask, tied head, fp32, AdamW (foreach) and clipping, on
8 x 512 random tokens of a vocabulary of 1024.
"""
import math
import sys
import time

import torch
import torch.nn.functional as F
from torch import nn

VOCAB, BATCH, CONTEXT = 1024, 8, 512
LAYERS, WIDTH, HEADS, FFN, STEPS, THREADS = map(int, sys.argv[1:])
HEAD = WIDTH // HEADS


class Norm(nn.Module):
    def __init__(self):
        super().__init__()
        self.gain = nn.Parameter(torch.ones(WIDTH))

    def forward(self, x):
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6) * self.gain


def turn(x, cos, sin):
    a, b = x.chunk(2, -1)
    return torch.cat((a * cos - b * sin, b * cos + a * sin), -1)


class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm1, self.norm2 = Norm(), Norm()
        self.qkv = nn.Linear(WIDTH, 3 * WIDTH, bias=False)
        self.out = nn.Linear(WIDTH, WIDTH, bias=False)
        self.gate_up = nn.Linear(WIDTH, 2 * FFN, bias=False)
        self.down = nn.Linear(FFN, WIDTH, bias=False)

    def forward(self, x, cos, sin, mask):
        qkv = self.qkv(self.norm1(x)).chunk(3, -1)
        q, k, v = (t.view(BATCH, CONTEXT, HEADS, HEAD).transpose(1, 2) for t in qkv)
        score = turn(q, cos, sin) @ turn(k, cos, sin).transpose(-1, -2) / math.sqrt(HEAD) + mask
        seen = (score.softmax(-1) @ v).transpose(1, 2).reshape(BATCH, CONTEXT, WIDTH)
        x = x + self.out(seen)
        gate, up = self.gate_up(self.norm2(x)).chunk(2, -1)
        return x + self.down(F.silu(gate) * up)


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(VOCAB, WIDTH)
        nn.init.normal_(self.embed.weight, std=0.02)
        self.layers = nn.ModuleList(Layer() for _ in range(LAYERS))
        self.norm = Norm()
        rate = 10000.0 ** (-torch.arange(0, HEAD, 2) / HEAD)
        angle = torch.outer(torch.arange(CONTEXT), rate)
        self.cos, self.sin = angle.cos(), angle.sin()
        self.mask = torch.full((CONTEXT, CONTEXT), -math.inf).triu(1)

    def forward(self, token, target):
        x = self.embed(token)
        for layer in self.layers:
            x = layer(x, self.cos, self.sin, self.mask)
        logits = F.linear(self.norm(x), self.embed.weight)
        return F.cross_entropy(logits.view(-1, VOCAB), target.reshape(-1))


def step(model, optimizer, tokens):
    optimizer.zero_grad(set_to_none=True)
    model(tokens[:, :-1], tokens[:, 1:]).backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()


torch.set_num_threads(THREADS)
torch.manual_seed(0)
model = Model()
optimizer = torch.optim.AdamW(model.parameters(), lr=1.5e-3, betas=(0.9, 0.95), weight_decay=0.1,
                              foreach=True)
tokens = torch.randint(0, VOCAB, (BATCH, CONTEXT + 1))
step(model, optimizer, tokens)
print("ready", flush=True)
for _ in sys.stdin:
    start, used = time.perf_counter(), time.process_time()
    for _ in range(STEPS):
        step(model, optimizer, tokens)
    seconds, processors = time.perf_counter() - start, time.process_time() - used
    print(f"{seconds / STEPS:.6f} {processors / STEPS:.6f} {BATCH * CONTEXT}", flush=True)
