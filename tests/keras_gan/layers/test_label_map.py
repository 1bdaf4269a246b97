import numpy as np
import tensorflow as tf

from keras_gan.layers.label_map import LabelMap


def test_the_label_map_is_one_map_per_class_of_few_parameters():
    layer = LabelMap(10, 28, 24, rank=4)
    y = layer(tf.constant([3, 3, 7])).numpy()
    assert y.shape == (3, 28, 24, 1)
    np.testing.assert_array_equal(y[0], y[1])
    assert np.abs(y[0] - y[2]).max() > 0
    assert np.linalg.matrix_rank(y[0, ..., 0]) <= 4
    # No stripes: neither rows nor columns repeat (a reshaped embedding row would).
    assert y[0, ..., 0].std(0).min() > 0 and y[0, ..., 0].std(1).min() > 0
    assert layer.count_params() == 10 * 4 * (28 + 24)
