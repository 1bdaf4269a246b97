"""The fastest form of each layer: 4×4/2 convolutions and a batch norm of the reference step.

The forms of a direction compute the same function of (images, weights), so the fastest one could
replace the layer. Timed are a forward pass and both gradients, as a training step needs them.
"""

import statistics
import time
from collections.abc import Callable, Iterator

import tensorflow as tf

from keras_gan.layers import fused as fast

BATCH, ROUNDS, REPEATS = 64, 7, 10
LAYERS = {  # by their name in the table: direction, input [h, w, channels], filters
    "G, 7×7×128 to 14×14×64": ("up", (7, 7, 128), 64),
    "G, 14×14×64 to 28×28×1": ("up", (14, 14, 64), 1),
    "D, 28×28×1 to 14×14×64": ("down", (28, 28, 1), 64),
    "D, 14×14×64 to 7×7×128": ("down", (14, 14, 64), 128),
    "batch norm, 14×14×64": ("norm", (14, 14, 64), 0),
}


def transposed(x: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    """TensorFlow's transposed convolution; kernel [4, 4, filters, channels]."""
    n, h, w, _ = x.shape
    return tf.nn.conv2d_transpose(x, kernel, [n, 2 * h, 2 * w, kernel.shape[2]], 2)


def sub_pixel(x: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    """A 2×2 convolution to the four phases of the output, then depth to space."""
    filters, channels = kernel.shape[2:]
    phases = tf.reshape(kernel, [2, 2, 2, 2, filters, channels])  # tap, phase; both ways
    phases = tf.transpose(phases, [0, 2, 5, 1, 3, 4])[::-1, ::-1]
    phases = tf.reshape(phases, [2, 2, channels, 4 * filters])
    padded = tf.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]])
    return tf.nn.depth_to_space(tf.nn.conv2d(padded, phases, 1, "VALID"), 2)[:, 1:-1, 1:-1]


def fold_and_library(x: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    """The fold forward, TensorFlow's gradients: `fast.Conv2DTranspose`."""
    return fast.double(x, kernel, tf.zeros(kernel.shape[2]))


def strided(x: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    """TensorFlow's strided convolution; kernel [4, 4, channels, filters]."""
    return tf.nn.conv2d(x, kernel, 2, "SAME")


def channels_first(x: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    """The same with images in NCHW order."""
    y = tf.nn.conv2d(tf.transpose(x, [0, 3, 1, 2]), kernel, 2, "SAME", data_format="NCHW")
    return tf.transpose(y, [0, 2, 3, 1])


def library_and_fold(x: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    """TensorFlow's convolution forward, the fold for the input's gradient: `fast.Conv2D`."""
    return fast.halve(x, kernel, tf.zeros(kernel.shape[3]))


def space_to_depth(x: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    """Space to depth, then a 2×2 convolution without stride."""
    return tf.nn.conv2d(_blocks(x), _on_blocks(kernel), 1, "VALID")


def patches_and_product(x: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    """A 4×4 patch for each output pixel, then one matrix product."""
    blocks = _blocks(x)
    n, h, w, _ = x.shape
    patches = tf.concat(
        [blocks[:, p : p + h // 2, r : r + w // 2] for p in range(2) for r in range(2)], -1
    )
    matrix = tf.reshape(_on_blocks(kernel), [-1, kernel.shape[-1]])
    y = tf.matmul(tf.reshape(patches, [-1, patches.shape[-1]]), matrix)
    return tf.reshape(y, [n, h // 2, w // 2, -1])


def _blocks(x):
    return tf.nn.space_to_depth(tf.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]]), 2)


def _on_blocks(kernel):
    channels, filters = kernel.shape[2:]
    taps = tf.transpose(tf.reshape(kernel, [2, 2, 2, 2, channels, filters]), [0, 2, 1, 3, 4, 5])
    return tf.reshape(taps, [2, 2, 4 * channels, filters])


def moments_apart(x: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
    """Batch norm as Keras computes it; weights [2, channels]: γ and β."""
    mean, variance = tf.nn.moments(x, list(range(len(x.shape) - 1)))
    return tf.nn.batch_normalization(x, mean, variance, weights[1], weights[0], 1e-3)


def fused(x: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
    """Batch norm as one operation: `fast.BatchNormalization`."""
    return tf.compat.v1.nn.fused_batch_norm(x, weights[0], weights[1], epsilon=1e-3)[0]


FORMS = {
    "up": {
        "transposed": transposed,
        "sub-pixel": sub_pixel,
        "product, then fold": fast.fold_product,
        "fold, library's gradients": fold_and_library,
    },
    "down": {
        "strided": strided,
        "strided, NCHW": channels_first,
        "space to depth": space_to_depth,
        "patches, then product": patches_and_product,
        "strided, gradient by a fold": library_and_fold,
    },
    "norm": {"moments apart": moments_apart, "fused": fused},
}


def tensors(
    direction: str, shape: tuple[int, int, int], filters: int, batch: int = BATCH
) -> tuple[tf.Tensor, tf.Tensor]:
    """Random images and weights for the forms of a direction, from a fixed seed."""
    channels = shape[-1]
    weights = {
        "up": (4, 4, filters, channels),
        "down": (4, 4, channels, filters),
        "norm": (2, channels),
    }[direction]
    x = tf.random.stateless_normal([batch, *shape], [0, 1])
    return x, 0.02 * tf.random.stateless_normal(weights, [0, 2])


def with_gradients(form: Callable, xla: bool) -> Callable:
    """Compiles (x, kernel) → (output, its gradients), with ReLU(output) as upstream gradient."""

    @tf.function(jit_compile=xla)
    def run(x, kernel):
        with tf.GradientTape() as tape:
            tape.watch((x, kernel))
            y = form(x, kernel)
        return y, *tape.gradient(y, (x, kernel), output_gradients=tf.nn.relu(y))

    return run


def measure() -> dict[str, dict]:
    """Milliseconds by layer, form and compiler: medians over rounds, or None if refused."""
    measured = {}
    for layer, (direction, *sizes) in LAYERS.items():
        inputs = tensors(direction, *sizes)
        runs = {
            (name, compiler): with_gradients(form, compiler == "XLA")
            for name, form in FORMS[direction].items()
            for compiler in ("graph", "XLA")
        }
        times = {key: [] for key in runs if _works(runs[key], inputs)}
        for _ in range(ROUNDS):
            for key, values in times.items():
                values.append(_milliseconds(runs[key], inputs))
        measured[layer] = {
            name: {
                compiler: statistics.median(times[name, compiler])
                if (name, compiler) in times
                else None
                for compiler in ("graph", "XLA")
            }
            for name in FORMS[direction]
        }
        print(f"{layer}: {measured[layer]}", flush=True)
    return measured


def _works(run, inputs):
    try:
        run(*inputs)
    except (tf.errors.InvalidArgumentError, tf.errors.UnimplementedError):
        return False
    return True


def _milliseconds(run, inputs):
    run(*inputs)[0].numpy()
    started = time.perf_counter()
    for _ in range(REPEATS):
        last = run(*inputs)
    last[0].numpy()
    return 1000 * (time.perf_counter() - started) / REPEATS


def lines(measured: dict[str, dict]) -> Iterator[str]:
    """The measurements as lines of Markdown."""
    yield (
        f"Milliseconds of a forward pass with the gradients of input and kernel, batch {BATCH},"
        f" float32; medians over {ROUNDS} alternating rounds. All forms of a layer are"
        " equivalent."
    )
    for layer, forms in measured.items():
        yield ""
        yield f"| {layer} | graph mode | XLA |"
        yield "|---|---|---|"
        for form, times in forms.items():
            yield f"| {form} | {_cell(times['graph'])} | {_cell(times['XLA'])} |"


def _cell(milliseconds):
    return "refused" if milliseconds is None else f"{milliseconds:.1f}"
