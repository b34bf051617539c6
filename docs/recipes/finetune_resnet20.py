"""Fine-tunes a trained CIFAR-10 ResNet-20 with quantized-clip activations.

Starts from an ONNX file of the ReLU network (batch norm is folded into the convolutions;
shortcuts of option A: every second position, new channels zero), replaces every ReLU
by lambda/L * clip(floor(x L / lambda + 1/2), 0, L), sets each lambda to the 99.9 %
point of the ReLU's values, and trains on. Data: CIFAR-10 binary records (.bin or .bin.gz).

    python docs/recipes/finetune_resnet20.py resnet20.onnx train.bin.gz test.bin.gz --levels 4 --out model.onnx
"""

import argparse
import gzip
import pathlib

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import nn
from torch.nn import functional as F

MEAN = torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1)
STD = torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1)


class FloorThrough(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x.floor()

    @staticmethod
    def backward(ctx, g):
        return g


class QuantizedClip(nn.Module):
    """`levels` None: plain ReLU that remembers its values, for setting lambda."""

    def __init__(self):
        super().__init__()
        self.levels, self.scale, self.seen = None, nn.Parameter(torch.tensor(1.0)), []

    def forward(self, x):
        if self.levels is None:
            self.seen.append(torch.quantile(F.relu(x).flatten()[:: max(1, x.numel() // 100000)], 0.999))
            return F.relu(x)
        y = torch.clamp(x / self.scale, 0, 1) * self.levels + 0.5
        y = FloorThrough.apply(y) if self.training else torch.floor(y)
        return y / self.levels * self.scale


class Block(nn.Module):
    def __init__(self, cin, cout, stride):
        super().__init__()
        self.a, self.b = nn.Conv2d(cin, cout, 3, stride, 1), nn.Conv2d(cout, cout, 3, 1, 1)
        self.act1, self.act2, self.grow, self.stride = QuantizedClip(), QuantizedClip(), cout - cin, stride

    def forward(self, x):
        skip = x if self.stride == 1 else F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, self.grow // 2, self.grow // 2))
        return self.act2(self.b(self.act1(self.a(x))) + skip)


def resnet20():
    layers = [nn.Conv2d(3, 16, 3, 1, 1), QuantizedClip()]
    width = 16
    for cout, stride in ((16, 1), (16, 1), (16, 1), (32, 2), (32, 1), (32, 1), (64, 2), (64, 1), (64, 1)):
        layers.append(Block(width, cout, stride))
        width = cout
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))


def load_weights(net, path):
    """Convolutions and the classifier in graph order take the file's weights in graph order."""
    model = onnx.load(path)
    tensors = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
    nodes = [n for n in model.graph.node if n.op_type in ("Conv", "Gemm")]
    norms = {n.input[0]: n for n in model.graph.node if n.op_type == "BatchNormalization"}
    modules = [m for m in net.modules() if isinstance(m, (nn.Conv2d, nn.Linear))]
    assert len(nodes) == len(modules), (len(nodes), len(modules))
    for node, module in zip(nodes, modules):
        weight = torch.tensor(tensors[node.input[1]].copy()).reshape(module.weight.shape)
        bias = torch.tensor(tensors[node.input[2]].copy()) if len(node.input) > 2 else torch.zeros(len(weight))
        if node.output[0] in norms:
            norm = norms[node.output[0]]
            gamma, beta, mean, var = (torch.tensor(tensors[i].copy()) for i in norm.input[1:5])
            factor = gamma / torch.sqrt(var + next((a.f for a in norm.attribute if a.name == "epsilon"), 1e-5))
            weight, bias = weight * factor.view(-1, *[1] * (weight.dim() - 1)), (bias - mean) * factor + beta
        module.weight.data, module.bias.data = weight, bias


def records(path):
    raw = gzip.open(path).read() if str(path).endswith(".gz") else pathlib.Path(path).read_bytes()
    rows = np.frombuffer(raw, np.uint8).reshape(-1, 3073)
    x = torch.tensor(rows[:, 1:].reshape(-1, 3, 32, 32) / 255.0, dtype=torch.float32)
    return (x - MEAN) / STD, torch.tensor(rows[:, 0].astype(np.int64))


def accuracy(net, x, y):
    net.eval()
    with torch.no_grad():
        return sum((net(x[i : i + 250]).argmax(1) == y[i : i + 250]).sum().item() for i in range(0, len(x), 250)) / len(x)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("model")
    parser.add_argument("train")
    parser.add_argument("test")
    parser.add_argument("--levels", type=int, default=4)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--out", default="resnet20_quantized_clip.onnx")
    args = parser.parse_args()
    torch.manual_seed(1)
    net = resnet20()
    load_weights(net, args.model)
    (x, y), (xt, yt) = records(args.train), records(args.test)
    print(f"ReLU network: test accuracy {accuracy(net, xt, yt):.4f}", flush=True)
    acts = [m for m in net.modules() if isinstance(m, QuantizedClip)]
    for a in acts:
        a.seen.clear()
    accuracy(net, x[:1000], y[:1000])
    for a in acts:
        a.scale.data = torch.stack(a.seen).mean()
        a.levels = args.levels
    print(f"quantized to {args.levels} levels, before training: {accuracy(net, xt, yt):.4f}", flush=True)
    optimizer = torch.optim.Adam(net.parameters(), 3e-4)
    steps = args.epochs * (len(x) // 100)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for epoch in range(args.epochs):
        net.train()
        for pick in torch.randperm(len(x)).split(100):
            image = torch.where(torch.rand(len(pick), 1, 1, 1) < 0.5, x[pick].flip(3), x[pick])
            shift = torch.randint(-4, 5, (2,)).tolist()
            loss = F.cross_entropy(net(torch.roll(image, shift, (2, 3))), y[pick])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
        print(f"epoch {epoch + 1}: loss {loss.item():.4f}, test accuracy {accuracy(net, xt, yt):.4f}", flush=True)
    torch.onnx.export(net.eval(), torch.zeros(1, 3, 32, 32), args.out, input_names=["image"], output_names=["logits"], opset_version=13, dynamo=False)


main()
