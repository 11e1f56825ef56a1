"""Answers the name of a form with what it saved in it: {file: {name: {"shape", "values"}}}, the values as float32."""

import argparse
import json
import sys
import warnings

import numpy
import torch
from torch import nn

warnings.filterwarnings("ignore")


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, bias=False)
        self.bn = nn.BatchNorm2d(4)
        self.layers = nn.Sequential(nn.ReLU(), nn.Conv2d(4, 4, 1))
        self.register_buffer("scratch", torch.ones(2), persistent=False)
        self.fc = nn.Linear(4, 2)

    def forward(self, x):
        return self.fc(self.layers(self.bn(self.conv(x))).mean((2, 3)))


def training_file(net):
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
    net(torch.randn(2, 3, 5, 5)).sum().backward()
    optimizer.step()
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 200)
    return {
        "net": net.state_dict(),
        "acc": numpy.float64(93.25),
        "best": torch.tensor(93.25),
        "epoch": 199,
        "args": argparse.Namespace(lr=0.1, arch="net", seeds=[1, 2]),
        "optimizer": optimizer.state_dict(),
        "scheduler": schedule.state_dict(),
        "losses": [0.1 * i for i in range(2000)],
    }


def odd_views():
    whole = torch.arange(24, dtype=torch.float32).reshape(2, 3, 4)
    weight = torch.randn(4, 3, 2, 2)
    return {
        "whole.weight": whole,
        "transposed.weight": whole.transpose(0, 2),
        "slice.weight": whole[:, 1:, ::2],
        "channels_last.weight": weight.contiguous(memory_format=torch.channels_last),
        "row": whole[1, 2],
        "scalar": whole[1, 2, 3],
        "empty": torch.empty(0, 3),
        "flags": torch.tensor([True, False]),
        "double.weight": torch.randn(2, 2, dtype=torch.float64),
        "tied.weight": nn.Parameter(whole[0]),
    }


def cases():
    torch.manual_seed(1)
    net = Net().eval()
    plain = net.state_dict()
    views = odd_views()
    yield "state_dict", plain, plain
    yield "training", (saved := training_file(net)), saved["net"]
    yield "module", net, net.state_dict()
    yield "data_parallel", nn.DataParallel(net), nn.DataParallel(net).state_dict()
    for dtype in (torch.float16, torch.bfloat16):
        half = {name: value.to(dtype) if value.is_floating_point() else value for name, value in plain.items()}
        yield str(dtype), half, half
    yield "views", views, views


def readable(tensors):
    return {
        name: {"shape": list(tensor.shape), "values": tensor.detach().float().flatten().tolist()}
        for name, tensor in tensors.items()
    }


forms = {
    "zip": {},
    "zip, protocol 4": {"pickle_protocol": 4},
    "zip, protocol 5": {"pickle_protocol": 5},
    "legacy": {"_use_new_zipfile_serialization": False},
}

for line in sys.stdin:
    answer = {}
    form = json.loads(line)
    for name, value, tensors in cases():
        file = f"{form}-{name}.pt"
        torch.save(value, file, **forms[form])
        answer[file] = readable(tensors)
    print(json.dumps(answer), flush=True)
