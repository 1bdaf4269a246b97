"""The health report at the end of a run: a page and a picture."""

import math

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from keras_gan.monitoring.health import plots

PANELS = (
    ("loss", ("discriminator/loss", "generator/loss")),
    ("logits", ("discriminator/logits_real", "discriminator/logits_fake")),
    ("gradient norm", ("discriminator/gradient_norm", "generator/gradient_norm")),
    ("pairwise distance", ("fakes/distance", "reals/distance")),
    ("distance from a real to the nearest", ("reals/nearest_fake", "reals/nearest_real")),
)


def verdict(events: list[dict], stopped: bool, watched: bool = True) -> str:
    """The health of a run in one sentence.

    Args:
        events: list of dict, the rows of events.jsonl.
        stopped: bool, whether the monitor ended the run.
        watched: bool, whether there was any reading. Defaults to True.
    """
    failures = [e for e in events if e.get("failure")]
    rolled = sum(e["signal"] == "rolled back" for e in events)
    if not events and not watched:
        return "Unknown: the run was shorter than one reading (`--log_every` steps)."
    if not events:
        return "Healthy: no signal was raised."
    if stopped:
        last = failures[-1]
        return f"Stopped at step {last['step']}: {last['signal']}. {last['meaning']}"
    if rolled:
        return f"Recovered: rolled back {rolled} time(s), the last because of" + (
            f" “{[e for e in events if e['signal'] == 'rolled back'][-1]['because']}”."
        )
    if failures:
        names = ", ".join(sorted({e["signal"] for e in failures}))
        return f"Failing: {names}, first at step {failures[0]['step']}. Look at the samples."
    names = ", ".join(sorted({e["signal"] for e in events}))
    return f"Trained with warnings: {names}."


def write(run, config, sentence: str) -> None:
    """Writes health.md and health.png.

    Args:
        run: the `RunDirectory`.
        config: its `Config`.
        sentence: str, the result of `verdict`.
    """
    events, curve = run.events(), run.readings()
    head = "| # | step | attempt | signal | value | threshold | meaning |\n" + "|---" * 7 + "|\n"
    rows = "".join(_row(number, event) for number, event in enumerate(events, 1))
    table = f"The numbers are those above the curves.\n\n{head}{rows}" if events else "No events.\n"
    run.write_text(
        "health.md",
        f"# Health of {config.model} on {config.dataset}\n\n{sentence}\n\n"
        f"![curves](health.png)\n\n{table}",
    )
    figure = Figure(figsize=(10, 11), dpi=90, layout="constrained")
    FigureCanvasAgg(figure)
    for place, (title, names) in enumerate(PANELS, 1):
        axes = figure.add_subplot(len(PANELS), 1, place)
        for name in names:
            points = [(row["step"], row[name]) for row in curve if name in row]
            if points:
                plots.curve(axes, *zip(*points), name)
        axes.set_title(title, pad=14 if events and place == 1 else None)
        plots.finish(axes, events, numbers=place == 1)
    axes.set_xlabel("step")
    figure.savefig(run.path / "health.png")


def _row(number, event):
    """An event as a row of the table."""
    meaning = event.get("meaning", "")
    if "because" in event:
        meaning = f"from step {event['from_step']}, because of “{event['because']}”"
    elif "learning_rates" in event:
        rates = ", ".join(f"{name} {rate:g}" for name, rate in event["learning_rates"].items())
        meaning = f"learning rates: {rates}"
    cells = (event["step"], event["attempt"], event["signal"])
    numbers = (_number(event.get(name)) for name in ("value", "threshold"))
    return f"| {' | '.join(map(str, (number, *cells, *numbers, meaning)))} |\n"


def _number(value):
    if value is None:
        return ""
    return f"{value:.4g}" if math.isfinite(value) else "not finite"
