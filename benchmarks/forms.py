"""Which form of a convolution is fastest where: the four 4×4/2 convolutions of the reference step.

The forms of a direction compute the same function of (images, kernel), so a form that wins could
take the layer's place. Timed is a pass forward with both gradients, as a training step needs it.
"""

import statistics
import time

import tensorflow as tf

BATCH, ROUNDS, REPEATS = 64, 7, 10
LAYERS = {  # by what they are called in the table: direction, input [h, w, channels], filters
    "G, 7×7×128 to 14×14×64": ("up", (7, 7, 128), 64),
    "G, 14×14×64 to 28×28×1": ("up", (14, 14, 64), 1),
    "D, 28×28×1 to 14×14×64": ("down", (28, 28, 1), 64),
    "D, 14×14×64 to 7×7×128": ("down", (14, 14, 64), 128),
}


def transposed(x, kernel):
    """The transposed convolution as the library has it; kernel [4, 4, filters, channels]."""
    n, h, w, _ = x.shape
    return tf.nn.conv2d_transpose(x, kernel, [n, 2 * h, 2 * w, kernel.shape[2]], 2)


def sub_pixel(x, kernel):
    """A 2×2 convolution to the four phases of the output, and depth to space."""
    filters, channels = kernel.shape[2:]
    phases = tf.reshape(kernel, [2, 2, 2, 2, filters, channels])  # tap, phase; both ways
    phases = tf.transpose(phases, [0, 2, 5, 1, 3, 4])[::-1, ::-1]
    phases = tf.reshape(phases, [2, 2, channels, 4 * filters])
    padded = tf.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]])
    return tf.nn.depth_to_space(tf.nn.conv2d(padded, phases, 1, "VALID"), 2)[:, 1:-1, 1:-1]


def product_and_fold(x, kernel):
    """One matrix product to every pixel's 4×4 patch, and the sum of the patches that overlap."""
    n, h, w, channels = x.shape
    filters = kernel.shape[2]
    product = tf.matmul(
        tf.reshape(x, [-1, channels]), tf.reshape(kernel, [-1, channels]), transpose_b=True
    )
    product = tf.reshape(product, [n, h, w, 2, 2, 2, 2, filters])
    blocks = sum(
        tf.pad(
            tf.reshape(product[:, :, :, p, :, r], [n, h, w, 4 * filters]),
            [[0, 0], [p, 1 - p], [r, 1 - r], [0, 0]],
        )
        for p in range(2)
        for r in range(2)
    )
    return tf.nn.depth_to_space(blocks, 2)[:, 1:-1, 1:-1]


def strided(x, kernel):
    """The strided convolution as the library has it; kernel [4, 4, channels, filters]."""
    return tf.nn.conv2d(x, kernel, 2, "SAME")


def channels_first(x, kernel):
    """The same on images in the order NCHW."""
    y = tf.nn.conv2d(tf.transpose(x, [0, 3, 1, 2]), kernel, 2, "SAME", data_format="NCHW")
    return tf.transpose(y, [0, 2, 3, 1])


def space_to_depth(x, kernel):
    """Space to depth, and a 2×2 convolution without stride."""
    return tf.nn.conv2d(_blocks(x), _on_blocks(kernel), 1, "VALID")


def patches_and_product(x, kernel):
    """Every output pixel's 4×4 patch, and one matrix product."""
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


FORMS = {
    "up": {
        "transposed": transposed,
        "sub-pixel": sub_pixel,
        "product, then fold": product_and_fold,
    },
    "down": {
        "strided": strided,
        "strided, NCHW": channels_first,
        "space to depth": space_to_depth,
        "patches, then product": patches_and_product,
    },
}


def tensors(direction, shape, filters, batch=BATCH):
    """Images and a kernel as the forms of a direction take them, drawn by a fixed seed."""
    sizes = (filters, shape[-1]) if direction == "up" else (shape[-1], filters)
    x = tf.random.stateless_normal([batch, *shape], [0, 1])
    return x, 0.02 * tf.random.stateless_normal([4, 4, *sizes], [0, 2])


def with_gradients(form, xla):
    """A compiled function (x, kernel) → output and the gradients of half its squares' sum."""

    @tf.function(jit_compile=xla)
    def run(x, kernel):
        with tf.GradientTape() as tape:
            tape.watch((x, kernel))
            y = form(x, kernel)
        return y, *tape.gradient(y, (x, kernel), output_gradients=y)

    return run


def measure():
    """Layer → form → compiler → milliseconds, medians over rounds in turn; None: refused."""
    found = {}
    for layer, (direction, *sizes) in LAYERS.items():
        given = tensors(direction, *sizes)
        runs = {
            (name, compiler): with_gradients(form, compiler == "XLA")
            for name, form in FORMS[direction].items()
            for compiler in ("graph", "XLA")
        }
        times = {key: [] for key in runs if _works(runs[key], given)}
        for _ in range(ROUNDS):
            for key, kept in times.items():
                kept.append(_milliseconds(runs[key], given))
        found[layer] = {
            name: {
                compiler: statistics.median(times[name, compiler])
                if (name, compiler) in times
                else None
                for compiler in ("graph", "XLA")
            }
            for name in FORMS[direction]
        }
        print(f"{layer}: {found[layer]}", flush=True)
    return found


def _works(run, given):
    try:
        run(*given)
    except (tf.errors.InvalidArgumentError, tf.errors.UnimplementedError):
        return False
    return True


def _milliseconds(run, given):
    run(*given)[0].numpy()
    began = time.perf_counter()
    for _ in range(REPEATS):
        last = run(*given)
    last[0].numpy()
    return 1000 * (time.perf_counter() - began) / REPEATS


def lines(found):
    """The figures as Markdown."""
    yield (
        f"Milliseconds of a pass forward with the gradients of input and kernel, batch {BATCH},"
        f" float32; medians over {ROUNDS} rounds in turn. All forms of a layer compute the same."
    )
    for layer, forms in found.items():
        yield ""
        yield f"| {layer} | graph mode | XLA |"
        yield "|---|---|---|"
        for form, times in forms.items():
            yield f"| {form} | {_cell(times['graph'])} | {_cell(times['XLA'])} |"


def _cell(milliseconds):
    return "refused" if milliseconds is None else f"{milliseconds:.1f}"
