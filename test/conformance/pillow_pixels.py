"""Answers a view of an image file (as packages/datasets/src/view.ts has it) with Pillow's pixels, in base64.

Pillow's images and functions are what torchvision's transforms work with and call: RandomResizedCrop crops and resizes,
Resize and CenterCrop resize and crop.
"""

import base64
import json
import sys

from PIL import Image


def cropped_first(image, crop, size):
    left, top, width, height = crop
    return image.crop((left, top, left + width, top + height)).resize((size, size), Image.Resampling.BILINEAR)


def scaled_first(image, resize, size):
    width, height = image.size
    resized = (resize, int(resize * height / width)) if width <= height else (int(resize * width / height), resize)
    left, top = (int(round((extent - size) / 2.0)) for extent in resized)
    return image.resize(resized, Image.Resampling.BILINEAR).crop((left, top, left + size, top + size))


def decoded_small(image, denominator, seen, box, size):
    image.draft("RGB", (image.width // denominator, image.height // denominator))
    left, top, width, height = seen
    part = image.convert("RGB").crop((left, top, left + width, top + height))
    x, y, w, h = box
    x, y = x - left, y - top
    return part.resize((size, size), Image.Resampling.BILINEAR, box=(x, y, x + w, y + h))


for line in sys.stdin:
    question = json.loads(line)
    image = Image.open(question["file"])
    size = question["size"]
    if "small" in question:
        answer = decoded_small(image, *question["small"], size)
    elif "crop" in question:
        answer = cropped_first(image.convert("RGB"), question["crop"], size)
    else:
        answer = scaled_first(image.convert("RGB"), question["resize"], size)
    print(json.dumps(base64.b64encode(answer.tobytes()).decode()), flush=True)
