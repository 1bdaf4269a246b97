"""The page and pictures of the health benchmark, from its result lines alone."""

import collections
import math
import pathlib
import statistics
from collections.abc import Iterator, Sequence

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from benchmarks import health_faults, made
from keras_gan.monitoring.health import signals

DOCS = pathlib.Path("docs")
LINES = DOCS / "health_bench.jsonl"
DEVELOPMENT = DOCS / "health_bench_development.jsonl"
PICTURES = DOCS / "images" / "health"
EARLY = 0.2  # share of a run in which an event counts as early


def wilson(hits: int, count: int, z: float = 1.96) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson, 1927)."""
    if not count:
        return 0.0, 1.0
    share, root = hits / count, z**2 / count
    center = (share + root / 2) / (1 + root)
    half = z * math.sqrt(share * (1 - share) / count + root / (4 * count)) / (1 + root)
    return center - half, center + half


def alarm(line: dict, warnings: bool = False) -> dict | None:
    """The first failure (or warning, if `warnings`) after the onset, or None."""
    for event in line["events"]:
        if event["step"] > line["onset"] and (event["failure"] or warnings):
            return event
    return None


def figures(lines: Sequence[dict]) -> dict[str, float | None]:
    """The counts that the page reports of a set of result lines, by name."""
    healthy = [line for line in lines if line["kind"] == "healthy"]
    made = [line for line in lines if line["kind"] != "healthy"]
    failed = [line for line in made if line["failed"]]
    named = [line for line in failed if alarm(line)]
    early = [line for line in named if alarm(line)["step"] <= EARLY * line["steps"]]
    false = sum(event["failure"] for line in healthy for event in line["events"])
    return {
        "healthy": len(healthy),
        "made to fail": len(made),
        "failed": len(failed),
        "named": len(named),
        "with a warning at least": sum(alarm(line, True) is not None for line in failed),
        "early": len(early),
        "false alarms": false,
        "healthy with a false alarm": sum(alarm(line) is not None for line in healthy),
        "healthy that failed": sum(line["failed"] for line in healthy),
        "warnings in healthy": sum(not e["failure"] for x in healthy for e in x["events"]),
        "delay": statistics.median(alarm(x)["step"] - x["onset"] for x in named) if named else None,
    }


def summary(lines: Sequence[dict]) -> str:
    """A summary as plain text."""
    counts = figures(lines)
    low, high = wilson(counts["named"], counts["failed"])
    return "\n".join(
        [
            f"made to fail {counts['made to fail']}, failed by score {counts['failed']},"
            f" named {counts['named']} ({low:.2f} to {high:.2f}),"
            f" with a warning at least {counts['with a warning at least']},"
            f" in the first fifth of the run {counts['early']}",
            f"healthy {counts['healthy']}, false alarms {counts['false alarms']},"
            f" warnings {counts['warnings in healthy']},"
            f" failed by score {counts['healthy that failed']}",
            f"median steps from onset to event {counts['delay']}",
        ]
    )


def thresholds(lines: Sequence[dict]) -> Iterator[str]:
    """A table of how near healthy and failing runs came to each threshold."""
    healthy = [line for line in lines if line["kind"] == "healthy"]
    failed = [line for line in lines if line["kind"] != "healthy" and line["failed"]]
    yield "| signal | losses | threshold | readings | nearest healthy | failing beyond it |"
    yield "|---|---|---|---|---|---|"
    for signal in signals.SIGNALS:
        values = [
            line["reach"][signal.name]
            for line in healthy
            if line["loss"] in signal.losses and signal.name in line["reach"]
        ]
        reached = [
            line["reach"][signal.name]
            for line in failed
            if line["loss"] in signal.losses and signal.name in line["reach"]
        ]
        beyond = [v for v in reached if (v > signal.threshold) == signal.above]
        near = (max if signal.above else min)(values, default=float("nan"))
        sign = ">" if signal.above else "<"
        yield (
            f"| {signal.name}{'' if signal.failure else ' (warns)'} | {_losses(signal.losses)} |"
            f" {sign} {signal.threshold:g} | {signal.readings} | {near:.3g} |"
            f" {len(beyond)} of {len(reached)} |"
        )


def _losses(losses):
    if set(losses) == set(signals.ALL):
        return "all"
    left_out = [loss for loss in signals.ALL if loss not in losses]
    return ", ".join(losses) if len(losses) <= 3 else "all but " + ", ".join(left_out)


def write(lines: Sequence[dict], development: Sequence[dict]) -> None:
    """Writes docs/health_bench.md and its pictures, from held-out and development lines."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    _delays(lines)
    _examples(lines)
    (DOCS / "health_bench.md").write_text("\n".join(_page(lines, development)) + "\n")
    print(DOCS / "health_bench.md")


def _page(lines, development):
    counts = figures(lines)
    failed, named = counts["failed"], counts["named"]
    recall = wilson(named, failed)
    early = wilson(counts["early"], failed)
    false = wilson(counts["healthy with a false alarm"], counts["healthy"])
    seconds = sum(line["seconds"] for line in lines)
    return [
        "# The health monitor's benchmark",
        "",
        "Written by `make health-bench` from [health_bench.jsonl](health_bench.jsonl), one line"
        f" per run; {seconds / 60:.0f} minutes of training, one process on one core. These are the"
        " held-out seeds and settings; the thresholds were chosen on others"
        " ([monitoring.md](monitoring.md)).",
        "",
        "- **Failed**: the final score is more than twice the median of the healthy runs of the"
        " same family, or weights are not finite. The score is the Fréchet distance of 1,000"
        " images in the features of the Fashion-MNIST CNN, or the energy distance of 1,000 points."
        " It does not depend on the monitor.",
        "- **Onset**: the step after which the fault is injected; 0 if settings are the fault,"
        " though their effect may take time.",
        "- **Named**: an event that `--on_failure` acts on, after the onset. Warnings are not"
        " counted.",
        "",
        "| | | 95 % interval |",
        "|---|---|---|",
        f"| runs made to fail | {counts['made to fail']} | |",
        f"| … that failed by their score | {failed} | |",
        f"| … and were named (recall) | {named}: {named / failed:.2f} |"
        f" {recall[0]:.2f} to {recall[1]:.2f} |",
        f"| … named within the first fifth of their run | {counts['early']}:"
        f" {counts['early'] / failed:.2f} | {early[0]:.2f} to {early[1]:.2f} |",
        f"| … named or warned of | {counts['with a warning at least']} | |",
        f"| median steps from onset to event | {counts['delay']:.0f} | |",
        f"| healthy runs | {counts['healthy']} | |",
        f"| … with a false alarm | {counts['healthy with a false alarm']} |"
        f" {false[0]:.2f} to {false[1]:.2f} |",
        f"| … false alarms in all | {counts['false alarms']} | |",
        f"| … warnings in all | {counts['warnings in healthy']} | |",
        f"| … that failed by their score | {counts['healthy that failed']} | |",
        "",
        "![steps from onset to event](images/health/delays.png)",
        "",
        "## Made to fail",
        "",
        "Score: as a multiple of the median of the healthy runs of the family; “–” is not finite. A"
        " run in brackets did not fail by its score and does not count.",
        "",
        "| kind | family | settings or fault | score | onset | named at | by | of steps |",
        "|---|---|---|---|---|---|---|---|",
        *(_row(line) for line in lines if line["kind"] != "healthy"),
        "",
        "## By kind of failure",
        "",
        "| | failed | named | early |",
        "|---|---|---|---|",
        *_kinds(lines),
        "",
        "## Healthy",
        "",
        "| family | scores | false alarms | warnings |",
        "|---|---|---|---|",
        *_healthy(lines),
        "",
        "## Ranges in the healthy runs",
        "",
        "5 % to 95 % of the readings after the first tenth of each run.",
        "",
        *_ranges(lines),
        "",
        "## Thresholds on the development runs",
        "",
        "How near the healthy runs of the development set came to each threshold, and how many of"
        " its failing runs went beyond it; values that lasted for as many readings as the signal"
        " requires, after the onset. On that set:",
        "",
        *(f"> {line}" for line in summary(development).splitlines()),
        "",
        *thresholds(development),
    ]


def _row(line):
    event = alarm(line)
    score = "–" if line["score"] is None else f"{line['score'] / line['twins']:.2g}"
    step, name = (event["step"], event["signal"]) if event else ("not", "–")
    kind = line["kind"] if line["failed"] else f"({line['kind']})"
    what = health_faults.FAULTS.get(line["fault"]) or f"`{line['name'].split(': ', 1)[1]}`"
    cells = [kind, line["family"], what, score, line["onset"], step, name, line["steps"]]
    return "| " + " | ".join(map(str, cells)) + " |"


def _kinds(lines):
    kinds = collections.defaultdict(list)
    for line in lines:
        if line["kind"] != "healthy":
            kinds[line["kind"]].append(line)
    for kind, members in kinds.items():
        counts = figures(members)
        yield f"| {kind} | {counts['failed']} | {counts['named']} | {counts['early']} |"


def _healthy(lines):
    for family in dict.fromkeys(line["family"] for line in lines):
        runs = [x for x in lines if x["family"] == family and x["kind"] == "healthy"]
        scores = ", ".join(f"{x['score']:.3g}" for x in runs)
        events = [(e["signal"], e["failure"]) for x in runs for e in x["events"]]
        alarms = ", ".join(name for name, failure in events if failure) or "none"
        warnings = ", ".join(name for name, failure in events if not failure) or "none"
        yield f"| {family} | {scores} | {alarms} | {warnings} |"


RANGES = (
    "discriminator/loss",
    "generator/loss",
    "discriminator/accuracy_real",
    "discriminator/accuracy_fake",
    "discriminator/logits_real",
    "discriminator/logits_fake",
    "discriminator/gradient_norm",
    "generator/gradient_norm",
)


def _ranges(lines):
    healthy = [line for line in lines if line["kind"] == "healthy"]
    losses = list(dict.fromkeys(line["loss"] for line in healthy))
    yield "| | " + " | ".join(losses) + " |"
    yield "|---" * (len(losses) + 1) + "|"
    rows = [*((name, name, None) for name in RANGES)]
    rows += [
        (f"{a} / {b}", a, b)
        for a, b in (
            ("fakes/distance", "reals/distance"),
            ("fakes/feature_distance", "reals/feature_distance"),
            ("reals/nearest_fake", "reals/nearest_real"),
        )
    ]
    for title, name, denominator in rows:
        cells = []
        for loss in losses:
            values = []
            for line in healthy:
                if line["loss"] == loss and name in line["curves"]:
                    curve = line["curves"][name]
                    if denominator:
                        curve = [a / b for a, b in zip(curve, line["curves"][denominator]) if b]
                    values += curve[len(curve) // 10 :]
            values.sort()
            low, high = (values[int(share * (len(values) - 1))] for share in (0.05, 0.95))
            cells.append(f"{low:.2g} to {high:.2g}")
        yield f"| `{title}` | " + " | ".join(cells) + " |"


def _figure(width, height):
    figure = Figure(figsize=(width, height), dpi=90, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def _delays(lines):
    figure = _figure(8, 4)
    axes = figure.add_subplot()
    failed = [x for x in lines if x["kind"] != "healthy" and x["failed"]]
    kinds = list(dict.fromkeys(x["kind"] for x in failed))
    for position, kind in enumerate(kinds):
        for number, line in enumerate(x for x in failed if x["kind"] == kind):
            event, up = alarm(line), position + 0.08 * (number - 3)
            if event:
                axes.plot((event["step"] - line["onset"]) / line["steps"], up, "o", color="C0")
            else:
                axes.plot(1.0, up, "x", color="tab:red")
    axes.axvline(EARLY, color="gray", linewidth=0.8, linestyle="--")
    axes.set_yticks(range(len(kinds)), kinds)
    axes.invert_yaxis()
    axes.set(xlabel="onset to event, share of the run (cross: not named)", xlim=(-0.02, 1.05))
    axes.grid(axis="x", alpha=0.3)
    figure.savefig(PICTURES / "delays.png")
    made.stamp("images/health/delays.png")


EXAMPLES = {  # by file name: (title, predicate of the line)
    "healthy": ("Healthy: DCGAN", lambda x: x["kind"] == "healthy" and x["family"] == "dcgan"),
    "explosion": (
        "The learning rates rise a thousandfold",
        lambda x: x["fault"] == "rate" and x["family"] == "dcgan",
    ),
    "d_too_strong": (
        "D too strong",
        lambda x: x["kind"] == "D too strong" and x["family"] == "dcgan",
    ),
    "collapse": (
        "G stops seeing its latents: mode collapse",
        lambda x: x["fault"] == "collapse" and x["family"] == "dcgan",
    ),
}
PANELS = (
    ("losses", ("discriminator/loss", "generator/loss"), False),
    ("gradient norms", ("discriminator/gradient_norm", "generator/gradient_norm"), True),
    ("D's accuracy", ("discriminator/accuracy_real", "discriminator/accuracy_fake"), False),
    ("pairwise distance", ("fakes/distance", "reals/distance"), False),
)


def _examples(lines):
    for name, (title, wanted) in EXAMPLES.items():
        line = next(x for x in lines if wanted(x))
        figure = _figure(10, 4.6)
        steps = [line["log_every"] * (i + 1) for i in range(len(line["curves"]["finite"]))]
        for position, (label, curves, log) in enumerate(PANELS, 1):
            axes = figure.add_subplot(2, 2, position)
            for curve in curves:
                axes.plot(steps, line["curves"][curve], label=curve, linewidth=1.2)
            if line["onset"]:
                axes.axvline(line["onset"], color="black", linewidth=0.8, linestyle=":")
            for number, event in enumerate(line["events"]):
                color = "tab:red" if event["failure"] else "tab:orange"
                axes.axvline(event["step"], color=color, linewidth=0.9)
                if position == 1:
                    axes.annotate(
                        event["signal"],
                        (event["step"], 0.97 - 0.12 * (number % 7)),
                        xycoords=("data", "axes fraction"),
                        xytext=(3, 0),
                        textcoords="offset points",
                        color=color,
                        fontsize=7,
                        va="top",
                    )
            axes.set_title(label, fontsize=9)
            if log:
                axes.set_yscale("log")
            axes.grid(alpha=0.3)
            axes.legend(fontsize=6, loc="lower right")
        score = "not finite" if line["score"] is None else f"{line['score']:.0f}"
        figure.suptitle(f"{title} (score {score}, healthy median {line['twins']:.0f})", fontsize=11)
        figure.savefig(PICTURES / f"{name}.png")
        made.stamp(f"images/health/{name}.png")
