"""Images of every mode that Pillow writes, each with the RGB values that Pillow reads of it again: one JSON line."""
import base64
import io
import json
import random

from PIL import Image

WIDTH, HEIGHT = 37, 23


def noise(channels):
    numbers = random.Random(7)
    return bytes(numbers.randrange(256) for _ in range(WIDTH * HEIGHT * channels))


def smooth(channels):
    """Clouds, as JPEG is made for."""
    small = Image.frombytes("RGB", (5, 4), noise(3)[:60])
    image = small.resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC)
    return image if channels == 3 else image.convert("L")


def saved(image, **options):
    file = io.BytesIO()
    image.save(file, **options)
    return file.getvalue()


rgb = Image.frombytes("RGB", (WIDTH, HEIGHT), noise(3))
rgba = Image.frombytes("RGBA", (WIDTH, HEIGHT), noise(4))
gray = Image.frombytes("L", (WIDTH, HEIGHT), noise(1))
files = {
    "PNG 1": saved(gray.convert("1"), format="PNG"),
    "PNG L": saved(gray, format="PNG"),
    "PNG LA": saved(Image.merge("LA", [gray, rgba.getchannel("A")]), format="PNG"),
    "PNG L with a transparent value": saved(gray, format="PNG", transparency=3),
    "PNG RGB": saved(rgb, format="PNG"),
    "PNG RGB with a transparent color": saved(rgb, format="PNG", transparency=(1, 2, 3)),
    "PNG RGBA": saved(rgba, format="PNG"),
    "PNG P": saved(rgb.quantize(200), format="PNG"),
    "PNG P of 4 bits": saved(rgb.quantize(11), format="PNG", bits=4),
    "PNG P with a transparent entry": saved(rgb.quantize(50), format="PNG", transparency=4),
    "PNG P with an alpha an entry": saved(rgb.quantize(50), format="PNG", transparency=bytes(range(50))),
    "WebP RGB without loss": saved(rgb, format="WEBP", lossless=True),
    "WebP RGBA without loss": saved(rgba, format="WEBP", lossless=True, exact=True),
    "JPEG L": saved(smooth(1), format="JPEG", quality=90),
    "JPEG RGB": saved(smooth(3), format="JPEG", quality=90),
    "JPEG RGB of full resolution": saved(smooth(3), format="JPEG", quality=95, subsampling=0),
    "JPEG RGB, progressive": saved(smooth(3), format="JPEG", quality=80, progressive=True),
    "JPEG RGB, turned by EXIF": saved(smooth(3), format="JPEG", quality=90, exif=b"Exif\0\0MM\0*\0\0\0\x08\0\1\1\x12\0\3\0\0\0\1\0\6\0\0\0\0\0\0"),
    "WebP RGB": saved(smooth(3), format="WEBP", quality=90),
}


def described(content):
    pixels = Image.open(io.BytesIO(content)).convert("RGB")
    return {
        "file": base64.b64encode(content).decode(),
        "size": pixels.size,
        "rgb": base64.b64encode(pixels.tobytes()).decode(),
    }


print(json.dumps({name: described(content) for name, content in files.items()}))
