"""The peer of `npm run bench -- engine`: the same work as a worker's step, in PyTorch. One JSON argument says what; for
each line on stdin, a number of units, it runs as many and prints a line: seconds and CPU seconds of each, peak memory.

Its images are normalized tensors made before: unlike a worker's step, it neither gathers a batch nor augments it.
"""
import contextlib
import inspect
import json
import sys
import time

import torch
import torch.nn as nn
import torch.nn.functional as F

task = json.loads(sys.argv[1])
torch.set_num_threads(task["threads"])
torch.manual_seed(0)
kind, batch, layout = task["kind"], task["batch"], task["layout"]
memory_format = torch.channels_last if layout == "channels_last" else torch.contiguous_format


def memory(field):
    """Bytes of this process: VmRSS, or VmHWM at its peak. getrusage's peak begins with that of the process that forked."""
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith(field + ":"))


idle = memory("VmRSS")


def laid_out(x):
    return x.to(memory_format=memory_format) if x.dim() == 4 else x


class Activation(nn.Module):
    """A ReLU, or where there is a mask one that is the identity at its zeros. With a bound of 0 or -inf it is one pass;
    torch.maximum, torch.where and mask * relu(x) + (1 - mask) * x take 1.5, 3.5 and 2 times as long, backward included."""

    def __init__(self, shape, masked):
        super().__init__()
        lower = torch.zeros(1, *shape).masked_fill_(torch.rand(1, *shape) < 0.5, -float("inf"))
        self.lower = laid_out(lower) if masked else None

    def forward(self, x):
        return F.relu(x) if self.lower is None else torch.clamp_min(x, self.lower)


class Block(nn.Module):
    def __init__(self, i, o, stride, side, masked):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(i, o, 3, stride, 1, bias=False), nn.BatchNorm2d(o)
        self.conv2, self.bn2 = nn.Conv2d(o, o, 3, 1, 1, bias=False), nn.BatchNorm2d(o)
        self.relu1, self.relu2 = (Activation((o, side, side), masked) for _ in range(2))
        projected = stride != 1 or i != o
        self.down = nn.Sequential(nn.Conv2d(i, o, 1, stride, bias=False), nn.BatchNorm2d(o)) if projected else None

    def forward(self, x, seen):
        y = self.relu1(self.bn1(self.conv1(x)))
        z = self.relu2(self.bn2(self.conv2(y)) + (self.down(x) if self.down else x))
        seen += [y, z]
        return z


class ResNet(nn.Module):
    """`forward` gives the logits, what leaves each ReLU, and what leaves each group of blocks."""

    def __init__(self, masked):
        super().__init__()
        side, widths = task["side"], task["widths"]
        i = widths[0]
        self.conv1, self.bn1 = nn.Conv2d(3, i, 3, 1, 1, bias=False), nn.BatchNorm2d(i)
        self.relu1 = Activation((i, side, side), masked)
        self.groups = nn.ModuleList()
        for group, o in enumerate(widths):
            side = side // 2 if group else side
            blocks = [Block(i if k == 0 else o, o, 2 if group and k == 0 else 1, side, masked) for k in range(task["blocks"])]
            self.groups.append(nn.ModuleList(blocks))
            i = o
        self.fc = nn.Linear(i, task["classes"])

    def forward(self, x):
        x = self.relu1(self.bn1(self.conv1(x)))
        seen, ends = [x], []
        for group in self.groups:
            for block in group:
                x = block(x, seen)
            ends.append(x)
        return self.fc(x.mean((2, 3))), seen, ends


def built(masked):
    return ResNet(masked).to(memory_format=memory_format)


def attention(x):
    return F.normalize(x.pow(2).mean(1).flatten(1))


images = laid_out(torch.randn(batch, 3, task["side"], task["side"]))
labels = torch.randint(0, task["classes"], (batch,))
student = built(masked=kind != "train")
teacher = built(masked=False).eval() if kind in ("distillation", "mask-search") else None
signature = inspect.signature(torch.optim.SGD).parameters
faster = {name: True for name in [task["sgd"]] if name in signature}
optimizer = torch.optim.SGD(student.parameters(), lr=0.01, momentum=0.9, weight_decay=5e-4, **faster)
cast = torch.autocast("cpu", dtype=torch.bfloat16) if task["precision"] == "bf16" else contextlib.nullcontext()
scores = [torch.zeros_like(x[0]) for x in teacher(images[:1])[1]] if kind == "mask-search" else []


def loss_of(images, labels):
    """The loss and the logits. Of a mask search the batch is added to the scores."""
    with cast:
        logits, seen, ends = student(images)
    loss = F.cross_entropy(logits.float(), labels)
    if teacher is None:
        return loss, logits
    with torch.no_grad(), cast:
        taught, taught_seen, taught_ends = teacher(images)
    t, weight = 4.0, 0.9 if kind == "distillation" else 0.5
    softened = F.kl_div(F.log_softmax(logits / t, 1), F.softmax(taught / t, 1), reduction="batchmean") * t * t
    loss = (1 - weight) * loss + weight * softened
    if kind == "distillation":
        loss = loss + 1000 * sum(F.mse_loss(attention(a), attention(b)) for a, b in zip(ends, taught_ends))
    else:
        with torch.no_grad():
            for total, a, b in zip(scores, taught_seen, seen):
                total.add_((a - b).abs_().sum(0))
    return loss, logits


def logits_of(images):
    with torch.inference_mode(), cast:
        return student(images)[0]


if task["compiled"]:
    loss_of, logits_of = torch.compile(loss_of), torch.compile(logits_of)


def step():
    loss, logits = loss_of(images, labels)
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()
    return loss.item(), (logits.argmax(1) == labels).sum().item()


def evaluate():
    return (logits_of(images).argmax(1) == labels).sum().item()


if kind == "evaluation":
    student.eval()
run = evaluate if kind == "evaluation" else step
for line in sys.stdin:
    units = []
    for _ in range(int(line)):
        wall, cpu = time.perf_counter(), time.process_time()
        run()
        units.append({"seconds": time.perf_counter() - wall, "cpuSeconds": time.process_time() - cpu})
    print(json.dumps({"units": units, "idleBytes": idle, "peakBytes": memory("VmHWM")}), flush=True)
