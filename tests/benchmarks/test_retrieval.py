import numpy as np

from benchmarks import retrieval


def test_share_found():
    originals = np.eye(4)
    assert retrieval.share_found(originals + 0.1, originals) == 1.0
    assert retrieval.share_found(originals[[0, 1, 3, 2]], originals) == 0.5


def test_pca_with_all_components_reconstructs_the_images():
    images = np.random.default_rng(0).integers(0, 256, (30, 3, 2, 1), np.uint8)
    np.testing.assert_array_equal(retrieval.by_pca(images, images, 6), images)
    one = retrieval.by_pca(images, images, 1).reshape(30, -1)
    assert one.shape == (30, 6) and not np.array_equal(one, images.reshape(30, -1))
