"""Takes one SGD step of each exported network that it is told of, in PyTorch.

A line of input holds names, labels, the images' shape and rates; the current folder holds partial_relu.py,
network.safetensors and images.f32. Written is after.f32, the named tensors one after another as they are after the step,
and answered is the loss.
"""
import json
import sys

import torch
import torch.nn.functional as F

import partial_relu

for line in sys.stdin:
    step = json.loads(line)
    with open("images.f32", "rb") as file:
        images = torch.frombuffer(bytearray(file.read()), dtype=torch.float32).reshape(step["shape"])
    network = partial_relu.load("network.safetensors").train()
    optimizer = torch.optim.SGD(
        network.parameters(), lr=step["learningRate"], momentum=step["momentum"], weight_decay=step["weightDecay"]
    )
    loss = F.cross_entropy(network(images), torch.tensor(step["labels"]))
    loss.backward()
    optimizer.step()
    state = network.state_dict()
    torch.cat([state[name].flatten() for name in step["names"]]).numpy().tofile("after.f32")
    print(json.dumps(loss.item()), flush=True)
