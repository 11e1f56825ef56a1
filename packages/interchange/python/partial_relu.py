"""Rebuilds in PyTorch a partial-ReLU network that Reluctant exported. Needs PyTorch alone.

    from partial_relu import load
    network = load("network.safetensors")  # or "network.pt": a torch.nn.Module, in evaluation mode
    logits = network(images)               # images [batch, 3, h, w], normalized as in training

Weights have torchvision's names, so that `network.state_dict()` is an ordinary one. Each ReLU layer has a buffer
`mask` [c, h, w]: true keeps the ReLU, false makes the unit the identity, or the polynomial of degree 2 whose
coefficients `polynomial` [3, c] has, from the constant on.
"""
import json
import struct

import torch
from torch import nn

DTYPES = {"F32": torch.float32, "U8": torch.uint8}


class PartialReLU(nn.Module):
    def __init__(self, shape, has_polynomial):
        super().__init__()
        height, width, channels = shape
        self.register_buffer("mask", torch.ones(channels, height, width, dtype=torch.bool))
        self.register_buffer("polynomial", torch.zeros(3, channels) if has_polynomial else None)

    def forward(self, x):
        return torch.where(self.mask, torch.relu(x), self.replacement(x))

    def replacement(self, x):
        if self.polynomial is None:
            return x
        c0, c1, c2 = self.polynomial[:, :, None, None]
        return c0 + x * (c1 + c2 * x)


class Network(nn.Module):
    """A graph of named layers: each reads the outputs of the nodes that it names."""

    def __init__(self, graph, polynomials=()):
        super().__init__()
        self.graph = graph
        for node in graph:
            layer = make_layer(node, node["name"] in polynomials)
            if layer is not None:
                place(self, node["name"], layer)

    def forward(self, x):
        values = {}
        for node in self.graph:
            name, read = node["name"], values.get(node.get("from"))
            if node["op"] == "input":
                values[name] = x
            elif node["op"] == "add":
                values[name] = read + values[node["with"]]
            elif node["op"] == "pad-channels":
                values[name] = nn.functional.pad(read, (0, 0, 0, 0, node["before"], node["after"]))
            elif node["op"] == "global-average-pool":
                values[name] = read.mean((2, 3))
            else:
                values[name] = self.get_submodule(name)(read)
        return values[self.graph[-1]["name"]]


def make_layer(node, has_polynomial=False):
    channels = node["shape"][2]
    if node["op"] == "conv":
        kernel = node["kernel"]
        bias = node.get("bias", False)
        return nn.Conv2d(node["channelsIn"], channels, kernel, node["stride"], kernel // 2, bias=bias)
    if node["op"] == "batch-norm":
        return nn.BatchNorm2d(channels)
    if node["op"] == "relu":
        return PartialReLU(node["shape"], has_polynomial)
    if node["op"] == "max-pool":
        return nn.MaxPool2d(node["kernel"], node["stride"], node["padding"])
    if node["op"] == "dense":
        return nn.Linear(node["features"], channels)
    return None


def place(root, name, layer):
    """Registers `a.b.c` as module c of module b of module a."""
    *path, last = name.split(".")
    for part in path:
        if part not in root._modules:
            root.add_module(part, nn.Module())
        root = root._modules[part]
    root.add_module(last, layer)


def read_safetensors(path):
    """The tensors and metadata of a safetensors file."""
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
        data = bytearray(file.read())
    metadata = header.pop("__metadata__", {})
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        values = torch.frombuffer(data[begin:end], dtype=DTYPES[entry["dtype"]])
        tensors[name] = values.reshape(entry["shape"])
    return tensors, metadata


def load(path):
    if str(path).endswith(".pt"):
        metadata = torch.load(path, map_location="cpu", weights_only=True)
        tensors = metadata["state_dict"]
    else:
        tensors, metadata = read_safetensors(path)
    polynomials = {name.removesuffix(".polynomial") for name in tensors if name.endswith(".polynomial")}
    network = Network(json.loads(metadata["graph"]), polynomials)
    state = {name: t.bool() if name.endswith(".mask") else t for name, t in tensors.items()}
    missing, unexpected = network.load_state_dict(state, strict=False)
    missing = [name for name in missing if not name.endswith("num_batches_tracked")]
    if missing or unexpected:
        raise ValueError(f"the file lacks {missing} and has too much: {unexpected}")
    return network.eval()
