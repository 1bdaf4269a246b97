"""Near duplicates: copies that differ a little, and nothing else."""

import io

import numpy as np
from PIL import Image

from keras_gan.data import duplicates


def smooth(count, side=32, seed=0):
    small = np.random.default_rng(seed).integers(0, 256, (count, 5, 5, 3), np.uint8)
    return np.stack([np.asarray(Image.fromarray(image).resize((side, side))) for image in small])


def jpeg(image):
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", quality=80)
    return np.asarray(Image.open(buffer))


def test_copies_are_joined_and_others_are_not():
    images = smooth(300)
    copies = [jpeg(images[7]), np.clip(images[7].astype(int) + 4, 0, 255).astype(np.uint8)]
    everything = np.concatenate([images, copies, images[40:41]])
    hashes, thumbnails = duplicates.fingerprints(everything)
    assert duplicates.groups(hashes, thumbnails) == [[7, 300, 301], [40, 302]]


def test_candidates_are_all_pairs_within_the_distance():
    hashes = np.random.default_rng(0).integers(0, 2**63, 60).astype(np.uint64)
    flips = np.random.default_rng(1).integers(0, 64, (60, 4)).astype(np.uint64)
    for bits in range(5):  # copies that differ by up to four bits
        masks = np.zeros(60, np.uint64)
        for column in flips.T[:bits]:
            masks ^= np.uint64(1) << column
        hashes = np.concatenate([hashes, hashes[:60] ^ masks])
    distances = np.bitwise_count(hashes[:, None] ^ hashes)
    wanted = {(i, j) for i, j in np.argwhere(distances <= duplicates.BITS) if i < j}
    pairs = {(int(i), int(j)) for i, js in duplicates._candidates(hashes) for j in js}
    assert {tuple(sorted(pair)) for pair in pairs} == wanted


def test_flat_pictures_of_other_colours_are_no_copies():
    flat = np.stack([np.full((28, 28, 1), value, np.uint8) for value in (0, 100, 102, 200)])
    assert duplicates.groups(*duplicates.fingerprints(flat)) == [[1, 2]]
