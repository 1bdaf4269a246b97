"""The health report at the end of a run: a page and a picture."""

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

PANELS = (
    ("loss", ("discriminator/loss", "generator/loss")),
    ("logits", ("discriminator/logits_real", "discriminator/logits_fake")),
    ("gradient norm", ("discriminator/gradient_norm", "generator/gradient_norm")),
    ("pairwise distance", ("fakes/distance", "reals/distance")),
    ("distance from a real to the nearest", ("reals/nearest_fake", "reals/nearest_real")),
)


def verdict(events: list[dict], stopped: bool) -> str:
    """The health of a run in one sentence.

    Args:
        events: list of dict, the rows of events.jsonl.
        stopped: bool, whether the monitor ended the run.
    """
    failures = [e for e in events if e.get("failure")]
    rolled = sum(e["signal"] == "rolled back" for e in events)
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
    rows = "".join(
        f"| {e['step']} | {e['attempt']} | {e['signal']} | {e.get('value', float('nan')):.4g} |"
        f" {e.get('threshold', float('nan')):.4g} | {e.get('meaning', e.get('because', ''))} |\n"
        for e in events
    )
    table = (
        "| step | attempt | signal | value | threshold | meaning |\n|---|---|---|---|---|---|\n"
        + rows
        if events
        else "No events.\n"
    )
    run.write_text(
        "health.md",
        f"# Health of {config.model} on {config.dataset}\n\n{sentence}\n\n"
        f"![curves](health.png)\n\n{table}",
    )
    figure = Figure(figsize=(9, 11), dpi=90, layout="constrained")
    FigureCanvasAgg(figure)
    for place, (title, names) in enumerate(PANELS, 1):
        axes = figure.add_subplot(len(PANELS), 1, place)
        for name in names:
            points = [(row["step"], row[name]) for row in curve if name in row]
            if points:
                axes.plot(*zip(*points), label=name, linewidth=1)
        for event in events:
            color = "tab:red" if event.get("failure") else "tab:orange"
            axes.axvline(event["step"], color=color, linewidth=0.8, alpha=0.7)
            if place == 1:
                axes.annotate(
                    event["signal"],
                    (event["step"], 1.0),
                    xycoords=("data", "axes fraction"),
                    rotation=90,
                    fontsize=6,
                    va="top",
                )
        axes.set(title=title)
        axes.grid(alpha=0.3)
        if axes.lines:
            axes.legend(fontsize=7, loc="upper right")
    axes.set_xlabel("step")
    figure.savefig(run.path / "health.png")
