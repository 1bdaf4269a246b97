"""Are reconstructions nearest to their own originals? An exported VAE-GAN compared with PCA.

    python -m benchmarks.retrieval runs/NAME/export

reconstructs 1,000 test images of Fashion-MNIST, with the export and with a PCA of as many
components as the latents have dimensions, fitted to 10,000 training images. For both it prints how
often a reconstruction's nearest original is its own: in pixels and in the features of the project's
CNN.
"""

import argparse

import numpy as np
import tensorflow as tf
from sklearn.decomposition import PCA
from sklearn.metrics import pairwise_distances_argmin

from keras_gan.data import open_source
from keras_gan.evaluation.extractors import cnn

ORIGINALS, FITTED = 1000, 10_000


def share_found(reconstructions: np.ndarray, originals: np.ndarray) -> float:
    """The share of rows whose nearest row in `originals` has the same index."""
    nearest = pairwise_distances_argmin(reconstructions, originals)
    return float(np.mean(nearest == np.arange(len(originals))))


def by_pca(images: np.ndarray, training: np.ndarray, components: int) -> np.ndarray:
    """Reconstructs images, uint8 [n, h, w, c], from the principal components of `training`."""
    flat = [np.reshape(x, [len(x), -1]).astype(np.float64) for x in (images, training)]
    pca = PCA(components, random_state=0).fit(flat[1])
    back = pca.inverse_transform(pca.transform(flat[0]))
    return np.uint8(np.clip(np.rint(back), 0, 255)).reshape(images.shape)


def compare(export: str) -> dict[str, dict[str, float]]:
    """The shares in pixels and in features, by method."""
    source = open_source("fashion_mnist")
    training, _ = source.fetch(np.arange(FITTED))
    originals, _ = source.reopen("test").fetch(np.arange(ORIGINALS))
    model, features = tf.saved_model.load(export), cnn.open_shipped().features
    dimensions = model.encode(originals[:2]).shape[1]
    reconstructions = {
        "export": model.reconstruct(originals).numpy(),
        f"PCA, {dimensions} components": by_pca(originals, training, dimensions),
    }
    flat = np.reshape(originals, [ORIGINALS, -1]) / 255.0
    return {
        name: {
            "pixels": share_found(images.reshape(flat.shape) / 255.0, flat),
            "features": share_found(np.array(features(images)), np.array(features(originals))),
        }
        for name, images in reconstructions.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("export", help="folder of a SavedModel with `encode` and `reconstruct`")
    for name, shares in compare(parser.parse_args().export).items():
        print(f"{name}: {shares['pixels']:.3f} in pixels, {shares['features']:.3f} in features")


if __name__ == "__main__":
    main()
