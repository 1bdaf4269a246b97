"""The explorer's page, made with Gradio: a grid, sliders, walks, uploads, favourites, the run."""

import os
import socket
import tempfile
import time

import numpy as np

from keras_gan.errors import UsageError, refuse
from keras_gan.run.interruption import Interruption
from keras_gan.run.showing import projection
from keras_gan.run.showing.exploring import (
    MOST_FAVOURITES,
    Explorer,
    as_html,
    shown,
)
from keras_gan.run.showing.run_view import RunView

LARGEST_UPLOAD = 5 * 2**20  # bytes
ALL = "all in turn"
REFRESH = 3  # seconds between two readings of the run


def serve(config, gan, source, run):
    """Serves the page until Ctrl-C or SIGTERM; returns the exit status of what ended it."""
    explorer = Explorer(gan, source, projection.extractor_of(config, source))
    port = free_port(config.host, config.port)
    with tempfile.TemporaryDirectory() as temporary, Interruption() as interruption:
        page = launch(explorer, RunView(run, config.steps), config.host, port, temporary)
        try:
            print(f"http://{config.host}:{port}/  (Ctrl-C ends it)", flush=True)
            while interruption.status is None:
                time.sleep(0.2)
        finally:
            page.close(verbose=False)
    return interruption.status


def free_port(host, port):
    """`port` if it can be listened on, any free one for 0; a `UsageError` otherwise."""
    try:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
            return probe.getsockname()[1]
    except socket.gaierror:
        refuse("host", host, "no such address", "127.0.0.1, or an address of this machine")
    except PermissionError:
        refuse("port", port, "may not be listened on", "1024 to 65535, or 0 for any free one")
    except OSError as error:
        flag, value = ("port", port) if error.errno == 98 else ("host", host)
        reason = "is in use" if flag == "port" else "can't be listened on"
        refuse(flag, value, reason, "another one, or --port=0 for any free one")


def launch(explorer, view, host, port, temporary):
    """Starts the server in threads of its own; returns the page, whose `close` ends it.

    It shares nothing but uploads and favourites, which are kept in `temporary`.
    """
    # Before Gradio is imported, which reads them.
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    os.environ["GRADIO_TEMP_DIR"] = temporary
    import gradio

    page = build(explorer, view, temporary)
    page.queue(api_open=False, default_concurrency_limit=1)
    page.launch(
        server_name=host,
        server_port=port,
        share=False,
        inbrowser=False,
        prevent_thread_lock=True,
        quiet=True,
        show_error=True,
        max_file_size=LARGEST_UPLOAD,
        footer_links=[],
        ssr_mode=False,
        pwa=False,
        enable_monitoring=False,
        theme=gradio.themes.Base(font=["sans-serif"], font_mono=["monospace"]),
    )
    return page


def build(explorer, view, temporary):
    """The page as Gradio's `Blocks`."""
    import gradio

    with gradio.Blocks(title="keras-gan explorer", analytics_enabled=False) as page:
        with gradio.Tab("Explore"):
            _Page(gradio, explorer, temporary)
        with gradio.Tab("Run"):
            _run_tab(gradio, view)
    return page


class _Page:
    """The first tab: its parts, and what happens when they are used.

    What a visitor has chosen (places on the grid, the centre, favourites) is kept on the server;
    the page sends numbers, the number of an image that was clicked, and uploads.
    """

    def __init__(self, gradio, explorer, temporary):
        self.gradio, self.explorer, self.temporary = gradio, explorer, temporary
        self.state = gradio.State(self._start())
        with gradio.Row():
            with gradio.Column(scale=3):
                self._grid_column()
                self._favourites_part()
            with gradio.Column(scale=2):
                self._centre_column()
                self._upload_part()
        self._connect()

    def _start(self):
        places = self.explorer.sample(0)
        return {"places": places, "centre": places[0], "favourites": []}

    # Parts --------------------------------------------------------------------------------------

    def _grid_column(self):
        gradio, explorer = self.gradio, self.explorer
        with gradio.Row():
            self.seed = gradio.Number(0, label="Seed", precision=0, minimum=0, elem_id="seed")
            names = [ALL, *(explorer.class_names or [])]
            self.label = gradio.Dropdown(
                names, value=ALL, label="Class", visible=explorer.gan.conditional, elem_id="class"
            )
            self.truncation = gradio.Slider(
                0,
                1,
                1,
                step=0.05,
                buttons=[],
                label="Truncation",
                visible=explorer.gan.prior.can_truncate,
                elem_id="truncation",
            )
            self.noise = gradio.Checkbox(False, label="Noise in G", elem_id="noise")
        self.sample = gradio.Button("New samples", variant="primary", elem_id="sample")
        self.grid = gradio.Gallery(
            self._gallery(self._start()["places"], 1.0, False, 0),
            label="Click an image to make it the centre",
            columns=5,
            height="auto",
            buttons=[],
            object_fit="contain",
            allow_preview=False,
            format="png",
            elem_id="grid",
        )

    def _centre_column(self):
        gradio, explorer = self.gradio, self.explorer
        first = shown(explorer.images([self._start()["centre"]])[0])
        self.image = gradio.Image(
            first,
            label="Centre",
            height=280,
            interactive=False,
            format="png",
            buttons=["download"],
            elem_id="centre",
        )
        self.keep = gradio.Button("Add to favourites", elem_id="keep")
        with gradio.Row():
            self.sliders = [
                gradio.Slider(
                    -1,
                    1,
                    0,
                    step=0.02,
                    label=direction.name,
                    min_width=180,
                    buttons=[],
                    elem_id=f"direction-{i}",
                )
                for i, direction in enumerate(explorer.directions)
            ]
        mixes = explorer.mixer is not None
        self.other = gradio.Dropdown(
            explorer.class_names or [],
            value=(explorer.class_names or [None])[0],
            label="Towards class",
            visible=mixes,
            elem_id="other",
        )
        self.share = gradio.Slider(
            0, 1, 0, step=0.02, label="how far", visible=mixes, buttons=[], elem_id="share"
        )

    def _favourites_part(self):
        gradio = self.gradio
        with gradio.Column():
            self.favourites = gradio.Gallery(
                [],
                label="Favourites",
                columns=5,
                height=190,
                buttons=[],
                object_fit="contain",
                allow_preview=False,
                format="png",
                elem_id="favourites",
            )
            with gradio.Row():
                self.walk = gradio.Button("Walk between them", elem_id="walk")
                self.save = gradio.Button("Save them", elem_id="save")
                self.clear = gradio.Button("Clear", elem_id="clear")
            self.files = gradio.File(label="Saved", interactive=False, height=160, elem_id="files")
        self.film = gradio.HTML("", elem_id="film")

    def _upload_part(self):
        gradio = self.gradio
        with gradio.Column():
            self.upload = gradio.Image(
                label="A picture of yours",
                sources=["upload"],
                type="filepath",
                height=200,
                elem_id="upload",
            )
            self.find = gradio.Button("Find it", elem_id="find")
            self.nearest = gradio.Markdown("", elem_id="found")

    # Actions ------------------------------------------------------------------------------------

    def _connect(self):
        gradio = self.gradio
        look = [self.truncation, self.noise, self.seed]
        moves = [*self.sliders, self.other, self.share]
        quick = dict(show_progress="hidden", trigger_mode="always_last", api_visibility="private")
        plain = dict(api_visibility="private")
        resets = [*self.sliders, self.share]
        pictures = [self.state, self.grid, self.image, *resets]
        sampled = dict(inputs=[self.state, self.label, *look], outputs=pictures)
        next_seed = self.sample.click(
            lambda seed: int(seed or 0) + 1, self.seed, self.seed, **plain
        )
        next_seed.then(self._on_sample, **sampled, **plain)
        self.seed.submit(self._on_sample, **sampled, **plain)
        self.label.input(self._on_sample, **sampled, **plain)
        for part in (self.truncation, self.noise):
            part.input(self._on_look, [self.state, *look, *moves], [self.grid, self.image], **quick)

        def choose(state, truncation, noise, seed, event: gradio.SelectData):
            return self._on_choose(state, truncation, noise, seed, event.index)

        chosen = [self.state, self.image, *resets]
        self.grid.select(choose, [self.state, *look], chosen, **plain)
        for part in moves:
            part.input(self._on_move, [self.state, *look, *moves], self.image, **quick)
        remaining = [self.state, self.favourites]
        self.keep.click(self._on_keep, [self.state, *look, *moves], remaining, **plain)
        self.clear.click(self._on_clear, self.state, remaining, **plain)
        self.walk.click(self._on_walk, [self.state, self.truncation], self.film, **plain)
        self.save.click(self._on_save, [self.state, self.truncation], self.files, **plain)
        self.find.click(
            self._on_find,
            [self.state, self.upload, *look],
            [self.state, self.image, self.nearest, *resets],
            **plain,
        )

    def _zeros(self):
        return [0.0] * (len(self.sliders) + 1)

    def _gallery(self, places, truncation, noise, seed):
        images = self.explorer.images(places, truncation, seed if noise else None)
        return [shown(image, 96) for image in images]

    def _centre(self, state, truncation, noise, seed, amounts=None, other=None, share=0.0):
        place = state["centre"]
        if amounts:
            place = self.explorer.moved(place, amounts)
        if share and self.explorer.mixer is not None:
            number = self.explorer.class_names.index(other)
            return shown(self.explorer.towards_class(place, number, share, truncation))
        return shown(self.explorer.images([place], truncation, seed if noise else None)[0])

    def _on_sample(self, state, label, truncation, noise, seed):
        number = None if label in (None, ALL) else self.explorer.class_names.index(label)
        places = self.explorer.sample(seed or 0, number)
        state = {**state, "places": places, "centre": places[0]}
        gallery = self._gallery(places, truncation, noise, seed or 0)
        return state, gallery, self._centre(state, truncation, noise, seed or 0), *self._zeros()

    def _on_look(self, state, truncation, noise, seed, *moves):
        gallery = self._gallery(state["places"], truncation, noise, seed or 0)
        return gallery, self._on_move(state, truncation, noise, seed, *moves)

    def _on_choose(self, state, truncation, noise, seed, number):
        state = {**state, "centre": state["places"][int(number)]}
        return state, self._centre(state, truncation, noise, seed or 0), *self._zeros()

    def _on_move(self, state, truncation, noise, seed, *moves):
        *amounts, other, share = moves
        return self._centre(state, truncation, noise, seed or 0, amounts, other, share)

    def _on_keep(self, state, truncation, noise, seed, *moves):
        if len(state["favourites"]) >= MOST_FAVOURITES:
            raise self.gradio.Error(f"{MOST_FAVOURITES} favourites are the most")
        place = (
            self.explorer.moved(state["centre"], moves[:-2]) if self.sliders else state["centre"]
        )
        state = {**state, "favourites": [*state["favourites"], place]}
        return state, self._gallery(state["favourites"], truncation, noise, seed or 0)

    def _on_clear(self, state):
        return {**state, "favourites": []}, []

    def _on_walk(self, state, truncation):
        return as_html(self._told(self.explorer.walk, state["favourites"], truncation))

    def _on_save(self, state, truncation):
        folder = tempfile.mkdtemp(dir=self.temporary)
        return self._told(self.explorer.save, state["favourites"], folder, truncation)

    def _on_find(self, state, upload, truncation, noise, seed):
        if not upload:
            raise self.gradio.Error("no picture has been uploaded")
        place, original, sentence = self._told(self.explorer.find, upload)
        state = {**state, "centre": place}
        pair = np.concatenate([shown(original), shown(self.explorer.images([place])[0])], axis=1)
        return (
            state,
            pair,
            f"Left the picture, right what the model has: {sentence}.",
            *self._zeros(),
        )

    def _told(self, function, *given):
        """A function's result; its `UsageError` is shown on the page."""
        try:
            return function(*given)
        except UsageError as error:
            raise self.gradio.Error(str(error), print_exception=False) from None


def _run_tab(gradio, view):
    """The second tab, which reads the run's folder every few seconds."""
    state = gradio.Markdown(view.state(), elem_id="run-state")
    still = dict(interactive=False, buttons=[])
    with gradio.Row():
        losses = gradio.Image(view.losses(), label="Losses", elem_id="losses", **still)
        scores = gradio.Image(view.scores(), label="Scores", elem_id="scores", **still)
    last = max(1, len(view.sample_steps()) - 1)
    number = gradio.Slider(
        0, last, last, step=1, label="Samples over the steps", buttons=[], elem_id="number"
    )
    samples = gradio.Image(label="Samples", height=420, format="png", elem_id="samples", **still)
    events = gradio.Dataframe(
        view.events(),
        headers=["step", "event", "what"],
        label="Health events, newest first",
        interactive=False,
        elem_id="events",
    )

    def show_samples(number):
        results = view.samples(number)
        if results is None:
            return gradio.update(value=None, label="No samples yet")
        return gradio.update(value=results[1], label=f"Samples at step {results[0]:,}")

    def read(number, most):
        """What is new; the slider follows the newest samples if it stood there."""
        count = max(1, len(view.sample_steps()) - 1)
        follows = number >= most
        chosen = count if follows else number
        slider = gradio.update(maximum=count, value=chosen)
        shown = show_samples(chosen)
        return view.state(), view.losses(), view.scores(), view.events(), slider, shown, count

    most = gradio.State(last)
    outputs = [state, losses, scores, events, number, samples, most]
    quick = dict(show_progress="hidden", api_visibility="private")
    gradio.Timer(REFRESH).tick(read, [number, most], outputs, **quick)
    number.input(show_samples, number, samples, trigger_mode="always_last", **quick)
