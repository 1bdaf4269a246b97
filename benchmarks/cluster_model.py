"""The time that a large cluster would spend on communication: an α-β model with exact bytes.

The bytes are counted, not estimated: a step is traced for two replicas, and every collective of its
graph is listed with the size of its operand. The time of a ring all-reduce of n bytes over p
processes is 2(p-1)·α + 2(p-1)/p·n/β (Thakur, Rabenseifner & Gropp, 2005), α being the latency of a
message and β the bandwidth of a link; both are inputs, and so is the time of a step on one device.
Nothing overlaps in the model, so it is an upper bound, not a measured speed-up.

    python -m benchmarks.cluster_model --step_ms=100 --latency_us=20 --bandwidth_gbs=10 \\
        -- --model=dcgan --batch_size=64
"""

import argparse
import json
import math
import os
import sys
from collections.abc import Sequence

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def collectives(flags: Sequence[str]) -> list[tuple[str, int]]:
    """The collectives of one training step.

    Args:
        flags: list of a run's flags, e.g. ["--model=dcgan"]. Images are 28×28×1 unless
            --image_size is among them.

    Returns:
        A list of (kind, bytes of the operand), kind being "reduce" or "gather".
    """
    import tensorflow as tf

    import models
    from keras_gan.run import devices
    from keras_gan.run.build import build_model
    from keras_gan.settings import flags as flags_module
    from keras_gan.settings.config import Config
    from keras_gan.settings.resolve import resolve

    values = flags_module.parse(Config, ["cluster_model", *flags])
    values |= {"strategy": "mirrored", "logical_devices": 2, "xla": False}
    values.setdefault("model", "dcgan")
    config = resolve(values, models.REGISTRY)
    model_class = models.REGISTRY[config.model]
    devices.set_up(config)
    strategy = devices.strategy(config)
    height, width = flags_module.image_size(config.image_size) or (28, 28)

    class Source:
        image_shape, num_classes = (height, width, config.channels or 1), 10

    with strategy.scope():
        gan = build_model(config, model_class, Source)
    rows, turns = config.batch_size // 2, gan.schedule.d_turns
    images = tf.zeros([rows, turns, *Source.image_shape], tf.uint8)
    data = (images, tf.zeros([rows, turns], tf.int32)) if gan.num_classes else images

    @tf.function(autograph=False)
    def step():
        strategy.run(gan.train_step, args=(data,))

    graph = step.get_concrete_function().graph
    operations = []
    for operation in graph.get_operations():
        if operation.type.startswith("Collective") and "/replica_1" not in operation.name:
            if operation.type not in ("CollectiveReduceV2", "CollectiveGatherV2"):
                continue
            operand = operation.inputs[0]
            if operand.op.type == "Pad":  # to the largest share; here all are equal
                operand = operand.op.inputs[0]
            size = math.prod(operand.shape.as_list()) * operand.dtype.size
            operations.append(("reduce" if "Reduce" in operation.type else "gather", size))
    if not operations:
        raise RuntimeError("no collective in the step's graph")
    return _one_replica(operations)


def _one_replica(operations):
    """The collectives of one replica; the graph has each once per replica."""
    kinds = sorted(set(operations))
    return [kind for kind in kinds for _ in range(operations.count(kind) // 2)]


def seconds(
    operations: Sequence[tuple[str, int]], processes: int, latency: float, bandwidth: float
) -> float:
    """The time of a step's collectives.

    Args:
        operations: as `collectives` returns them.
        processes: number of processes in the ring.
        latency: seconds per message.
        bandwidth: bytes per second.

    Returns:
        Seconds.
    """
    total = 0.0
    for kind, size in operations:
        rounds = (2 if kind == "reduce" else 1) * (processes - 1)
        each = size / processes if kind == "reduce" else size
        total += rounds * (latency + each / bandwidth)
    return total


def main(argv: list[str] | None = None) -> int:
    argv = list(sys.argv[1:] if argv is None else argv)
    cut = argv.index("--") if "--" in argv else len(argv)
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--step_ms", type=float, required=True, help="time of a step on one device")
    parser.add_argument("--latency_us", type=float, default=20.0)
    parser.add_argument("--bandwidth_gbs", type=float, default=10.0, help="GB/s per link")
    parser.add_argument("--processes", default="2,4,8,16,64,256,1024")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(argv[:cut])
    operations = collectives(argv[cut + 1 :])
    sizes = {
        kind: sum(size for k, size in operations if k == kind) for kind in ("reduce", "gather")
    }
    rows = []
    for processes in map(int, options.processes.split(",")):
        communication = seconds(
            operations, processes, options.latency_us * 1e-6, options.bandwidth_gbs * 1e9
        )
        step = options.step_ms * 1e-3
        rows.append(
            {
                "processes": processes,
                "communication_ms": 1e3 * communication,
                "efficiency_same_batch_each": step / (step + communication),
            }
        )
    if options.json:
        print(json.dumps({"collectives": operations, "bytes": sizes, "rows": rows}))
        return 0
    print(f"collectives per step: {len(operations)}")
    print(f"bytes reduced per step: {sizes['reduce']:,}; gathered from each: {sizes['gather']:,}")
    print("| processes | communication, ms per step | efficiency, same batch on each |")
    print("|---|---|---|")
    for row in rows:
        print(
            f"| {row['processes']} | {row['communication_ms']:.2f} |"
            f" {row['efficiency_same_batch_each']:.2f} |"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
