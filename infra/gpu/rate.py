"""Images a second of an exported network's training steps in PyTorch, on its GPU where it has one. One JSON argument says
what; the current folder holds partial_relu.py and network.safetensors. Prints one line of JSON.

Its images are normalized tensors on the device: unlike our step, it neither uploads nor augments them.
"""
import json
import sys
import time

import torch
import torch.nn.functional as F

import partial_relu

task = json.loads(sys.argv[1])
partial_relu.PartialReLU.forward = lambda self, x: F.relu(x)  # every ReLU is kept: no mask to look at
cuda = torch.cuda.is_available()
device = "cuda" if cuda else "cpu"
torch.backends.cudnn.benchmark = True
network = partial_relu.load("network.safetensors").to(device, memory_format=torch.channels_last).train()
forward = torch.compile(network, mode="reduce-overhead" if cuda else "default") if task["mode"] == "compiled" else network
optimizer = torch.optim.SGD(network.parameters(), lr=0.01, momentum=0.9, weight_decay=5e-4, fused=True)
size, side = task["size"], task["side"]
images = torch.randn(size, 3, side, side, device=device).to(memory_format=torch.channels_last)
labels = torch.arange(size, device=device) % task["classes"]


def step():
    with torch.autocast(device, dtype=torch.bfloat16):
        logits = forward(images)
    loss = F.cross_entropy(logits.float(), labels)
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()
    return loss


def wait():
    if cuda:
        torch.cuda.synchronize()


for _ in range(6):
    step()
wait()
start, steps = time.perf_counter(), 0
while time.perf_counter() - start < task["seconds"]:
    for _ in range(2):
        step()
    wait()
    steps += 2
found = {
    "torch": torch.__version__,
    "precision": "bf16",
    "imagesPerSecond": round(steps * size / (time.perf_counter() - start)),
    "peakBytes": torch.cuda.max_memory_allocated() if cuda else None,
}
print(json.dumps(found))
