"""Do reconstructions find their own originals? An exported VAE-GAN beside PCA.

    python -m benchmarks.retrieval runs/NAME/export

reconstructs 1,000 test images of Fashion-MNIST, by the export and by a PCA with as many components
as the latents have dimensions, fitted to 10,000 training images, and prints for both how often the
nearest of the originals is the own one: in pixels and in the features of the project's CNN.
"""

import argparse

import numpy as np
import tensorflow as tf
from sklearn.decomposition import PCA
from sklearn.metrics import pairwise_distances_argmin

from keras_gan.data import open_source
from keras_gan.evaluation.extractors import cnn

ORIGINALS, FITTED = 1000, 10_000


def share_found(reconstructions, originals):
    """Share of rows whose nearest row of `originals` is the one with the same number."""
    nearest = pairwise_distances_argmin(reconstructions, originals)
    return float(np.mean(nearest == np.arange(len(originals))))


def by_pca(images, training, components):
    """Images uint8 [n, h, w, c] projected to the principal components of others and back."""
    flat = [np.reshape(x, [len(x), -1]).astype(np.float64) for x in (images, training)]
    pca = PCA(components, random_state=0).fit(flat[1])
    back = pca.inverse_transform(pca.transform(flat[0]))
    return np.uint8(np.clip(np.rint(back), 0, 255)).reshape(images.shape)


def compare(export):
    """Name → share found in pixels and in features."""
    source = open_source("fashion_mnist")
    training, _ = source.fetch(np.arange(FITTED))
    originals, _ = source.reopen("test").fetch(np.arange(ORIGINALS))
    model, features = tf.saved_model.load(export), cnn.open_shipped().features
    dimensions = model.encode(originals[:2]).shape[1]
    made = {
        "export": model.reconstruct(originals).numpy(),
        f"PCA, {dimensions} components": by_pca(originals, training, dimensions),
    }
    flat = np.reshape(originals, [ORIGINALS, -1]) / 255.0
    return {
        name: {
            "pixels": share_found(images.reshape(flat.shape) / 255.0, flat),
            "features": share_found(np.array(features(images)), np.array(features(originals))),
        }
        for name, images in made.items()
    }


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("export", help="folder of a SavedModel with `encode` and `reconstruct`")
    for name, found in compare(parser.parse_args().export).items():
        print(f"{name}: {found['pixels']:.3f} in pixels, {found['features']:.3f} in features")


if __name__ == "__main__":
    main()
