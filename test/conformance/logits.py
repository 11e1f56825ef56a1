"""Answers with the logits of each exported network that it is told of, in PyTorch.

A line of input is the images' shape and the network's file; the current folder holds both, images.f32 and partial_relu.py.
"""
import json
import sys

import torch

import partial_relu

for line in sys.stdin:
    with open("images.f32", "rb") as file:
        asked = json.loads(line)
        images = torch.frombuffer(bytearray(file.read()), dtype=torch.float32).reshape(asked["shape"])
    with torch.no_grad():
        logits = partial_relu.load(asked["file"])(images)
    print(json.dumps(logits.flatten().tolist()), flush=True)
