"""Where the models' time goes: a step beside its matrix products at the processor's peak.

*Work* counts the products and convolutions of a step: those of a forward pass, from its graph,
times the passes that the algorithm needs. *Peak* is that of float32 products of 2,048 × 2,048
on this machine (`contenders.sgemm`). Everything else, from LeakyReLU to optimizers, is overhead.

    python -m benchmarks.profile_models                    # all image models, by their recipes
    python -m benchmarks.profile_models --models=sngan     # one, printed only
    python -m benchmarks.profile_models --convolutions     # single convolutions, printed only
"""

import argparse
import json
import math
import os
import pathlib
import statistics
import sys
import time

from benchmarks import common

PAGE = pathlib.Path("docs/benchmarks.md")
# (batch, side, channels in, channels out, kernel, stride) of convolutions in the recipes and, where
# the batch is 64 or both channels are, in the same networks at four times the width.
CONVOLUTIONS = (
    (32, 28, 16, 16, 3, 1),
    (32, 28, 64, 64, 3, 1),
    (32, 14, 32, 32, 3, 1),
    (64, 14, 128, 128, 3, 1),
    (32, 14, 32, 64, 4, 2),
    (64, 14, 64, 128, 4, 2),
    (32, 28, 1, 16, 3, 1),
)


def forward_flops(network) -> float:
    """Floating-point operations of a network's products and convolutions, for one image."""
    import tensorflow as tf

    shapes = [tf.TensorSpec((1, *x.shape[1:]), x.dtype) for x in network.inputs]

    @tf.function
    def forward(*inputs):
        return network(list(inputs) if len(inputs) > 1 else inputs[0], training=True)

    graph = forward.get_concrete_function(*shapes).graph
    return sum(_flops(operation) for operation in graph.get_operations())


def _flops(operation):
    """2 × multiplications of one operation."""
    kind = operation.type
    if kind in ("MatMul", "BatchMatMulV2"):
        left = operation.inputs[0].shape
        inner = left[0] if kind == "MatMul" and operation.get_attr("transpose_a") else left[-1]
        return 2 * math.prod(operation.outputs[0].shape) * inner
    if kind == "Conv2D":
        return 2 * math.prod(operation.outputs[0].shape) * math.prod(operation.inputs[1].shape[:3])
    if kind == "Conv2DBackpropInput":  # a transposed convolution
        kernel = operation.inputs[1].shape
        return 2 * math.prod(operation.inputs[2].shape) * math.prod(kernel[:3])
    if kind == "DepthwiseConv2dNative":
        return 2 * math.prod(operation.outputs[0].shape) * math.prod(operation.inputs[1].shape[:2])
    return 0


def step_flops(gan, batch_size: int) -> float:
    """Floating-point operations of a step.

    A pass back costs as much as one forward for a network's input, and as much again for its
    weights. D's turn: fakes, D forward and back on real and fake. G's turn: G forward and back, D
    forward and back to its input. A penalty on D's gradient adds, per batch that it is taken on, D
    back to its input and two passes back through both; one that needs images of its own adds D
    forward. A lazy one counts by how often it is computed.
    """
    from keras_gan.rules.penalties import Dragan, GradientPenalty

    players = {name: forward_flops(network) for name, network in gan.networks.items()}
    d = sum(players.pop(name) for name in gan.discriminators)
    g = sum(players.values())
    turn = g + 2 * 3 * d
    for penalty in gan.penalties:
        if getattr(penalty, "second_order", False):
            passes = 1 + 4 + isinstance(penalty, GradientPenalty | Dragan)
            turn += passes * d / penalty.interval
    turns = gan.schedule
    return batch_size * (turns.d_turns * turn + turns.g_turns * (3 * g + 2 * d))


def convolution_rates(batch: int, side: int, inputs: int, outputs: int, kernel: int, stride: int):
    """GFLOP/s of a convolution: forward, back to its input, back to its weights; medians of 15."""
    import tensorflow as tf

    x = tf.random.normal((batch, side, side, inputs))
    weights = tf.random.normal((kernel, kernel, inputs, outputs))
    y = tf.nn.conv2d(x, weights, stride, "SAME")
    form = {"strides": [1, stride, stride, 1], "padding": "SAME", "out_backprop": y}
    passes = (
        lambda: tf.nn.conv2d(x, weights, stride, "SAME"),
        lambda: tf.raw_ops.Conv2DBackpropInput(input_sizes=x.shape, filter=weights, **form),
        lambda: tf.raw_ops.Conv2DBackpropFilter(input=x, filter_sizes=weights.shape, **form),
    )
    work = 2e-9 * math.prod(y.shape) * inputs * kernel**2
    rates = []
    for compute in map(tf.function, passes):
        times = []
        for _ in range(18):
            started = time.perf_counter()
            compute()
            times.append(time.perf_counter() - started)
        rates.append(work / statistics.median(times[3:]))
    return rates


def convolutions() -> list[str]:
    """The table of single convolutions, and the peak."""
    from benchmarks import contenders

    rows = []
    for batch, side, inputs, outputs, kernel, stride in CONVOLUTIONS:
        rates = convolution_rates(batch, side, inputs, outputs, kernel, stride)
        name = f"{inputs} to {outputs}, {kernel}×{kernel}" + (f", stride {stride}" * (stride > 1))
        rows.append((name, f"{batch}×{side}×{side}", *(f"{rate:.0f}" for rate in rates)))
    head = ("channels, kernel", "maps", "forward", "to the input", "to the weights")
    peak = contenders.sgemm()["gflops"]
    return [f"GFLOP/s; products of 2,048 × 2,048: {peak:.0f}.", "", *common.table(head, rows)]


def measure(name: str) -> dict[str, object]:
    """Time and work of a step of a model, in this process."""
    from benchmarks import contenders, zoo
    from keras_gan.run.build import build_model, open_data
    from models import REGISTRY

    config = zoo.recipe(name)
    gan = build_model(config, REGISTRY[config.model], open_data(config))
    flops = step_flops(gan, config.batch_size)
    peak = contenders.sgemm()["gflops"]
    ms = zoo.measure(name)["ms_per_step"]
    return {"model": name, "ms": ms, "gflop": flops / 1e9, "peak": peak}


def table(rows: list[dict]) -> list[str]:
    """The table of docs/benchmarks.md."""
    cells = []
    for row in rows:
        least = 1000 * row["gflop"] / row["peak"]
        times = f"{row['ms']:.1f}", f"{row['gflop']:.2f} GFLOP", f"{least:.1f} ms"
        cells.append((f"`{row['model']}`", *times, f"{least / row['ms']:.0%}"))
    return common.table(("model", "ms per step", "work", "at the peak", "share of the peak"), cells)


def main(argv: list[str] | None = None) -> int:
    """Runs the benchmark; returns the exit status."""
    from benchmarks import zoo

    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--models", default="", help="comma-separated; defaults to all")
    parser.add_argument("--convolutions", action="store_true", help="single convolutions instead")
    parser.add_argument("--inside", default="", help=argparse.SUPPRESS)
    given = parser.parse_args(argv)
    if given.convolutions:
        print("\n".join(convolutions()))
        return 0
    if given.inside:
        print(json.dumps(measure(given.inside)), flush=True)
        return 0
    rows = []
    for name in given.models.split(",") if given.models else zoo.models():
        rows.append(common.measure_apart("profile_models", f"--inside={name}"))
        print(json.dumps(rows[-1]), flush=True)
    lines = table(rows)
    print("\n".join(lines))
    if not given.models:
        peak = max(row["peak"] for row in rows)
        about = f"{os.cpu_count()} cores, no GPU; float32 products peak at {peak:.0f} GFLOP/s."
        common.replace_section(PAGE, "models", [about, "", *lines])
    return 0


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    sys.exit(main())
