"""The small network whose features "FD (CNN)" compares.

It is trained once, on images that belong neither to the reference nor to the floor: to predict
their labels or, without labels, four rotations (Gidaris et al., 2018). Its weights are saved as
float16 in an .npz file with their hash, which is part of every score.
"""

import math
from collections.abc import Mapping, Sequence

import keras
import numpy as np
import tensorflow as tf
from keras import layers

FEATURES = 64
EPOCHS, BATCH, LEARNING_RATE = 16, 50, 3e-3
ROTATIONS = 4
_SIDE = 48  # longest side at the input of the main part


def build(image_shape: tuple[int, int, int], classes: int) -> keras.Model:
    """A network from images [n, h, w, c] in [0, 255] to (logits [n, classes], features [n, 64]).

    Always float32, whatever the global precision.

    Args:
        image_shape: (height, width, channels), sides from 28 to 256; strided convolutions first
            reduce large images.
        classes: number of classes.
    """
    options = {"padding": "same", "use_bias": False, "dtype": "float32"}

    def conv_block(x, channels, kernel, strides, name):
        x = layers.Conv2D(channels, kernel, strides=strides, name=name, **options)(x)
        x = layers.BatchNormalization(momentum=0.9, dtype="float32", name=f"{name}_norm")(x)
        return layers.ReLU(dtype="float32")(x)

    image = keras.Input(image_shape, dtype="float32")
    x = layers.Rescaling(1 / 127.5, offset=-1.0, dtype="float32")(image)
    stage = 0
    while max(x.shape[1:3]) > _SIDE:
        strides = tuple(4 if s > 2 * _SIDE else 2 if s > _SIDE else 1 for s in x.shape[1:3])
        x = conv_block(x, 16, max(3, *strides), strides, f"down{stage}")
        stage += 1
    for number, (channels, strides) in enumerate(((24, 2), (32, 1), (48, 2), (64, 1))):
        x = conv_block(x, channels, 3, strides, f"conv{number}")
    # About 3×3 positions are left, so that features retain where in the image a thing is.
    pool = tuple(max(1, side // 3) for side in x.shape[1:3])
    x = layers.AveragePooling2D(pool, dtype="float32")(x)
    x = layers.Flatten(dtype="float32")(x)
    features = layers.Dense(FEATURES, activation="relu", dtype="float32", name="features")(x)
    logits = layers.Dense(classes, dtype="float32", name="logits")(features)
    return keras.Model(image, [logits, features], name="cnn")


def train(
    images: np.ndarray,
    labels: np.ndarray | None = None,
    *,
    classes: int | None = None,
    seed: int = 0,
    epochs: int = EPOCHS,
) -> dict[str, np.ndarray]:
    """Trains the network.

    Args:
        images: uint8 [n, h, w, c]; square without labels.
        labels: int [n]. Defaults to None, which trains on rotations.
        classes: number of classes, required with labels.
        seed: of the weights, the order and the shifts. Defaults to 0.
        epochs: passes over the images. Defaults to 16.

    Returns:
        A dict of float16 arrays by name, for `restore`.
    """
    if labels is None:
        classes = ROTATIONS
    shape = images.shape[1:]
    generator = np.random.RandomState(seed)
    network = build(shape, classes)
    _initialise(network, generator)
    batch = min(BATCH, len(images))
    steps = epochs * (len(images) // batch)
    variables = network.trainable_variables
    rate = keras.optimizers.schedules.CosineDecay(LEARNING_RATE, steps)
    optimizer = keras.optimizers.Adam(rate)
    optimizer.build(variables)

    @tf.function(autograph=False)
    def step(x, y):
        with tf.GradientTape() as tape:
            logits = network(x, training=True)[0]
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(y, logits)
            loss = tf.reduce_mean(losses)
        optimizer.apply(tape.gradient(loss, variables), variables)

    for _ in range(epochs):
        order = generator.permutation(len(images))
        for start in range(0, len(order) - batch + 1, batch):
            rows = order[start : start + batch]
            x = _shifted(images[rows], generator)
            if labels is None:
                y = generator.randint(ROTATIONS, size=batch)
                x = rotated(x, y)
            else:
                y = labels[rows]
            step(tf.constant(x, tf.float32), tf.constant(y, tf.int32))
    return {v.path: v.numpy().astype(np.float16) for v in _saved_variables(network)}


def restore(weights: Mapping[str, np.ndarray], image_shape: tuple[int, int, int]) -> keras.Model:
    """Builds the network with weights from `train`.

    Raises:
        ValueError: the weights do not fit `image_shape`.
    """
    network = build(image_shape, weights["logits/bias"].shape[0])
    variables = _saved_variables(network)
    if {v.path: tuple(v.shape) for v in variables} != {k: w.shape for k, w in weights.items()}:
        raise ValueError(f"weights do not fit images of {image_shape}")
    for variable in variables:
        variable.assign(weights[variable.path].astype(np.float32))
    network.trainable = False
    return network


def rotated(images: np.ndarray, turns: Sequence[int]) -> np.ndarray:
    """Square images [n, s, s, c], each rotated by turns[n] × 90°."""
    return np.stack([np.rot90(image, k) for image, k in zip(images, turns)])


def _saved_variables(network):
    return network.trainable_variables + network.non_trainable_variables


def _initialise(network, generator):
    """He-normal kernels from NumPy's legacy generator: the same for every version of Keras."""
    for variable in network.trainable_variables:
        if variable.path.endswith("kernel"):
            fan_in = math.prod(variable.shape[:-1])
            variable.assign(generator.normal(0, math.sqrt(2 / fan_in), variable.shape))


def _shifted(images, generator):
    """Shifts each image by up to 1/14 of its sides; edges are repeated."""
    height, width = images.shape[1:3]
    up, left = height // 14, width // 14
    padded = np.pad(images, ((0, 0), (up, up), (left, left), (0, 0)), mode="edge")
    rows = generator.randint(2 * up + 1, size=len(images))
    columns = generator.randint(2 * left + 1, size=len(images))
    cut = [p[r : r + height, c : c + width] for p, r, c in zip(padded, rows, columns)]
    return np.stack(cut)
