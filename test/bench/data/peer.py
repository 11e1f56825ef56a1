"""Reads JPEGs out of tar shards as PyTorch's users do, and answers each `{"path": ..., "images": n}` with its CPU time.

A batch is what torchvision's transforms leave, stacked: uint8, as ours is. One process, one thread: no time is spent on
handing batches over.
"""

import io
import json
import sys
import tarfile
import time

import PIL
import torch
import torchvision
from PIL import Image
from torchvision.transforms import v2

torch.set_num_threads(1)
*shards, resize, crop = sys.argv[1:]
resize, crop = int(resize), int(crop)
places = []
for shard in shards:
    with tarfile.open(shard) as archive:
        file = open(shard, "rb")
        places += [(file, m.offset_data, m.size) for m in archive.getmembers() if m.name.endswith(".jpg")]

paths = {
    "resized crop": v2.Compose([v2.RandomResizedCrop(crop), v2.PILToTensor()]),
    "middle": v2.Compose([v2.Resize(resize), v2.CenterCrop(crop), v2.PILToTensor()]),
}


def image_at(index):
    file, offset, size = places[index % len(places)]
    file.seek(offset)
    return Image.open(io.BytesIO(file.read(size))).convert("RGB")


for line in sys.stdin:
    question = json.loads(line)
    if question == "versions":
        print(json.dumps(f"Pillow {PIL.__version__} and torchvision {torchvision.__version__}"), flush=True)
        continue
    transform = paths[question["path"]]
    started = time.process_time()
    for first in range(0, question["images"], 32):
        torch.stack([transform(image_at(first + i)) for i in range(32)])
    print(json.dumps(1000 * (time.process_time() - started)), flush=True)
