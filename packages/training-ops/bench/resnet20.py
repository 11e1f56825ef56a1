"""The peer of resnet20.mjs: the same training step in PyTorch, bf16 by its autocast. Prints one line for each line on stdin."""
import json, sys, time
import torch, torch.nn as nn, torch.nn.functional as F

batch, threads, steps = (int(a) for a in sys.argv[1:4])
channels_last = sys.argv[4] == "channels_last"
bf16, depth = sys.argv[5] == "bf16", int(sys.argv[6])
torch.set_num_threads(threads)
torch.manual_seed(0)


class Block(nn.Module):
    def __init__(self, i, o, stride):
        super().__init__()
        self.c1, self.b1 = nn.Conv2d(i, o, 3, stride, 1, bias=False), nn.BatchNorm2d(o)
        self.c2, self.b2 = nn.Conv2d(o, o, 3, 1, 1, bias=False), nn.BatchNorm2d(o)
        self.down = None if i == o else nn.Sequential(nn.Conv2d(i, o, 1, stride, bias=False), nn.BatchNorm2d(o))

    def forward(self, x):
        y = self.b2(self.c2(F.relu(self.b1(self.c1(x)))))
        return F.relu(y + (self.down(x) if self.down else x))


widths = [16, 32, 64]
layers = [nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU()]
i = 16
for o in widths:
    for k in range((depth - 2) // 6):
        layers.append(Block(i, o, 2 if k == 0 and o != 16 else 1))
        i = o
model = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))
x, labels = torch.randn(batch, 3, 32, 32), torch.randint(0, 10, (batch,))
if channels_last:
    model, x = model.to(memory_format=torch.channels_last), x.contiguous(memory_format=torch.channels_last)
optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9, weight_decay=5e-4)


def step():
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=bf16):
        loss = F.cross_entropy(model(x), labels)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


step()
step()
for _ in sys.stdin:
    times, cpu = [], time.process_time()
    for _ in range(steps):
        start = time.perf_counter()
        loss = step()
        times.append(time.perf_counter() - start)
    print(json.dumps({"times": times, "cpu": time.process_time() - cpu, "version": torch.__version__}), flush=True)
