"""The explorer's second tab: the run itself, also while another process trains it."""

from keras_gan.run.showing.exploring import image_html

REFRESH = 3  # seconds between two readings of the run
NO_EVENTS = "**Health events:** none so far."


def build(gradio, view):
    """Adds the tab's parts, which read the run's folder every few seconds.

    Args:
        gradio: the module.
        view: `RunView` of the run.
    """
    state = gradio.Markdown(view.state(), elem_id="run-state")
    still = dict(interactive=False, buttons=[], show_label=False, format="png")
    last = max(1, len(view.sample_steps()) - 1)
    with gradio.Row():
        with gradio.Column(scale=3, min_width=320):
            losses = gradio.Image(view.losses(), elem_id="losses", **still)
            scores = gradio.Image(elem_id="scores", visible=False, **still)
        with gradio.Column(scale=2, min_width=320):
            title = gradio.Markdown(elem_id="samples-title")
            samples = gradio.HTML(elem_id="samples")
            number = gradio.Slider(
                0,
                last,
                last,
                step=1,
                label="Samples, from the first to the newest",
                buttons=[],
                elem_id="number",
            )
    quiet = gradio.Markdown(NO_EVENTS)
    events = gradio.Dataframe(
        headers=["step", "event", "what"],
        label="Health events, newest first",
        interactive=False,
        visible=False,
        wrap=True,
        elem_id="events",
    )

    def show_samples(number):
        results = view.samples(number)
        if results is None:
            return "### No samples yet", ""
        return f"### Samples at step {results[0]:,}", image_html(results[1], "samples")

    def read(number, most):
        """What is new; the slider follows the newest samples if it stood there."""
        count = max(1, len(view.sample_steps()) - 1)
        chosen = count if number >= most else number
        curves, rows = view.scores(), view.events()
        return (
            view.state(),
            view.losses(),
            gradio.update(value=curves, visible=curves is not None),
            gradio.update(visible=not rows),
            gradio.update(value=rows, visible=bool(rows)),
            gradio.update(maximum=count, value=chosen),
            *show_samples(chosen),
            count,
        )

    most = gradio.State(last)
    outputs = [state, losses, scores, quiet, events, number, title, samples, most]
    quick = dict(show_progress="hidden", api_visibility="private")
    gradio.Timer(REFRESH).tick(read, [number, most], outputs, **quick)
    number.input(show_samples, number, [title, samples], trigger_mode="always_last", **quick)
