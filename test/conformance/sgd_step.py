"""One SGD step of an exported network in PyTorch: python3 sgd_step.py FOLDER.

FOLDER holds partial_relu.py, network.safetensors, step.json (names, labels, image shape, rates) and images.f32; written
is after.f32: the named tensors one after another as they are after the step.
"""
import json
import os
import sys

import torch
import torch.nn.functional as F

os.chdir(sys.argv[1])
sys.path.insert(0, ".")
import partial_relu

with open("step.json") as file:
    step = json.load(file)
with open("images.f32", "rb") as file:
    images = torch.frombuffer(bytearray(file.read()), dtype=torch.float32).reshape(step["shape"])
network = partial_relu.load("network.safetensors").train()
optimizer = torch.optim.SGD(
    network.parameters(), lr=step["learningRate"], momentum=step["momentum"], weight_decay=step["weightDecay"]
)
F.cross_entropy(network(images), torch.tensor(step["labels"])).backward()
optimizer.step()
state = network.state_dict()
torch.cat([state[name].flatten() for name in step["names"]]).numpy().tofile("after.f32")
