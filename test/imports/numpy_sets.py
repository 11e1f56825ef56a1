"""Writes data sets with NumPy and pickle themselves into the folder that is named: CIFAR's pickles and .npz files."""
import os
import pickle
import sys

import numpy as np

root = sys.argv[1]
rng = np.random.default_rng(0)
images = {name: rng.integers(0, 256, (20, 3072), dtype=np.uint8) for name in ["test_batch", *(f"data_batch_{i}" for i in range(1, 6))]}
labels = [i % 10 for i in range(20)]
for protocol in (2, 4, 5):
    folder = os.path.join(root, f"pickles{protocol}", "cifar-10-batches-py")
    os.makedirs(folder)
    with open(os.path.join(folder, "batches.meta"), "wb") as file:
        pickle.dump({"label_names": [f"class {i}" for i in range(10)], "num_vis": 3072}, file, protocol=protocol)
    for name, data in images.items():
        batch = {b"batch_label": b"one of six", b"data": data, b"labels": labels, b"filenames": [b"x.png"] * 20}
        with open(os.path.join(folder, name), "wb") as file:
            pickle.dump(batch, file, protocol=protocol)

gray = lambda count: rng.integers(0, 256, (count, 6, 5), dtype=np.uint8)
x = {"train": gray(40), "test": gray(10)}
y = {name: np.arange(len(values)) % 4 for name, values in x.items()}
np.savez(os.path.join(root, "plain.npz"), x_train=x["train"], y_train=y["train"], x_test=x["test"], y_test=y["test"])
np.savez_compressed(
    os.path.join(root, "packed.npz"),
    train_images=x["train"],
    train_labels=y["train"].astype(np.uint8)[:, None],
    val_images=x["test"],
    val_labels=y["test"].astype(np.uint8)[:, None],
)
