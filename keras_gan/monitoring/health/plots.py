"""What pictures of a run share: curves with the legend beside them, and marks of events."""

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes

NEAR = 0.03  # of the width: marks that are nearer share a label
KINDS = {
    "failure": {"color": "tab:red", "linestyle": "-"},
    "warning": {"color": "tab:orange", "linestyle": "-"},
    "rolled back": {"color": "black", "linestyle": ":"},
    "rates restored": {"color": "black", "linestyle": "--"},
}
CURVES = ("tab:blue", "tab:green", "tab:purple")  # none of the colours above


def kind(event: Mapping) -> str:
    """One of `KINDS`, for a row of events.jsonl."""
    if event["signal"] in KINDS:
        return event["signal"]
    return "failure" if event.get("failure") else "warning"


def curve(axes: Axes, steps: Sequence[float], values: Sequence[float], label: str) -> None:
    """Draws a curve; a single point as a dot."""
    color = CURVES[len(axes.lines) % len(CURVES)]
    marker = "o" if len(steps) == 1 else None
    axes.plot(steps, values, label=label, color=color, linewidth=1, marker=marker)


def finish(axes: Axes, events: Sequence[Mapping], numbers: bool = False) -> None:
    """Marks the events, and adds grid and legend.

    Args:
        axes: with its curves.
        events: rows of events.jsonl.
        numbers: whether the events' numbers, from 1, are written above.
    """
    if not axes.lines:
        axes.text(0.5, 0.5, "no reading", transform=axes.transAxes, ha="center", color="0.5")
    shown = set()
    for event in events:
        name = kind(event)
        label = None if name in shown else name
        axes.axvline(event["step"], linewidth=0.8, alpha=0.7, label=label, **KINDS[name])
        shown.add(name)
    low, high = axes.get_xlim()
    if numbers:
        for step, label in labels([e["step"] for e in events], NEAR * (high - low)):
            axes.annotate(
                label,
                (step, 1.0),
                (0, 2),
                xycoords=("data", "axes fraction"),
                textcoords="offset points",
                fontsize=7,
                ha="center",
                annotation_clip=False,
            )
    axes.grid(alpha=0.3)
    if axes.get_legend_handles_labels()[0]:
        axes.legend(fontsize=8, loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False)


def labels(steps: Sequence[float], near: float) -> list[tuple[float, str]]:
    """Where to write the numbers of marks, and what: marks that are near share a label.

    Args:
        steps: of the marks, which are numbered from 1 in this order.
        near: largest distance of a mark from the first of its label.

    Returns:
        A list of (step, text), such as (40, "2-4, 7").
    """
    groups = []
    for step, number in sorted((step, number) for number, step in enumerate(steps, 1)):
        if groups and step - groups[-1][0] <= near:
            groups[-1][1].append(number)
        else:
            groups.append((step, [number]))
    return [(step, _ranges(sorted(numbers))) for step, numbers in groups]


def _ranges(numbers):
    """Ascending numbers as text: 1, 2, 3, 5 → "1-3, 5"; the middle of a long list is left out."""
    ranges = []
    for number in numbers:
        if ranges and number == ranges[-1][1] + 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    texts = [f"{a}" if a == b else f"{a}-{b}" for a, b in ranges]
    return ", ".join(texts if len(texts) < 4 else [texts[0], "…", texts[-1]])
