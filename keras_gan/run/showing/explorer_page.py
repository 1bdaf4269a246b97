"""The explorer's page, made with Gradio: samples, directions, walks, uploads, favourites."""

import html
import tempfile

from keras_gan.errors import UsageError
from keras_gan.run.showing import run_tab
from keras_gan.run.showing.exploring import (
    MOST_FAVOURITES,
    film_html,
    image_html,
    in_colour,
)

ALL = "all in turn"
CSS = """
.gradio-container { max-width: 1180px !important; width: 100%; margin: auto; }
.pixels, #grid img, #favourites img { image-rendering: pixelated; }
.pixels { width: 100%; max-width: 320px; display: block; margin: auto; }
#film .pixels { max-width: 200px; } #samples .pixels { max-width: 480px; }
.pair { display: flex; gap: 12px; } .pair figure { flex: 1; margin: 0; max-width: 160px; }
#grid .grid-wrap, #favourites .grid-wrap { max-height: none; min-height: 96px; overflow: visible; }
#grid .grid-container { grid-template-columns: repeat(5, 1fr) !important; }
#favourites .grid-container {
  grid-template-columns: repeat(auto-fill, minmax(64px, 1fr)) !important; }
"""
HELP = """Each image is made from random numbers, its latents. Click one to make it the centre, move
the centre with the sliders, and keep what you like as a favourite. Truncation below 1 draws all
images towards the mean: more typical, less varied."""
FAVOURITES_HELP = (
    "A walk leads through all favourites and back to the first. The saved `favourites.npz` is read"
    " by `--mode=sample --latents=favourites.npz`."
)
UPLOAD_HELP = "A picture of at most 5 MB is scaled to {}, then looked for among what G can make."


def build(explorer, view, title, temporary):
    """The page as Gradio's `Blocks`.

    Args:
        explorer: `Explorer` of the model.
        view: `RunView` of the run, which gets a second tab, or None.
        title: what is explored.
        temporary: folder for what is saved.
    """
    import gradio

    with gradio.Blocks(title=f"{title} – keras-gan", analytics_enabled=False) as page:
        gradio.Markdown(f"## {title}", elem_id="title")
        if view is None:
            _Page(gradio, explorer, temporary)
        else:
            with gradio.Tab("Explore"):
                _Page(gradio, explorer, temporary)
            with gradio.Tab("Run"):
                run_tab.build(gradio, view)
    return page


class _Page:
    """The first tab: its parts, and what happens when they are used.

    What a visitor has chosen (places on the grid, the centre, favourites) is kept on the server;
    the page sends numbers, the number of an image that was clicked, and uploads.
    """

    def __init__(self, gradio, explorer, temporary):
        self.gradio, self.explorer, self.temporary = gradio, explorer, temporary
        places = explorer.sample(0)
        self.start = {"places": places, "centre": places[0], "favourites": []}
        self.state = gradio.State(self.start)
        gradio.Markdown(HELP)
        with gradio.Row():
            with gradio.Column(scale=3, min_width=320):
                self._samples_part()
            with gradio.Column(scale=2, min_width=320):
                self._centre_part()
        with gradio.Row():
            with gradio.Column(scale=3, min_width=320):
                self._favourites_part()
            with gradio.Column(scale=2, min_width=320):
                self._upload_part()
        self._connect()

    # Parts --------------------------------------------------------------------------------------

    def _slider(self, low, high, value, label, elem_id, step=0.02, min_width=150, **options):
        return self.gradio.Slider(
            low,
            high,
            value,
            step=step,
            label=label,
            elem_id=elem_id,
            min_width=min_width,
            buttons=[],
            **options,
        )

    def _gallery(self, images, elem_id, **options):
        return self.gradio.Gallery(
            images,
            show_label=False,
            columns=5,
            height="auto",
            buttons=[],
            object_fit="contain",
            allow_preview=False,
            format="png",
            elem_id=elem_id,
            **options,
        )

    def _samples_part(self):
        gradio, explorer = self.gradio, self.explorer
        gradio.Markdown("### Samples")
        with gradio.Row():
            self.seed = gradio.Number(
                0, label="Seed", precision=0, minimum=0, min_width=90, elem_id="seed"
            )
            self.label = gradio.Dropdown(
                [ALL, *(explorer.class_names or [])],
                value=ALL,
                label="Class",
                min_width=140,
                visible=explorer.gan.conditional,
                elem_id="class",
            )
            self.truncation = self._slider(
                0,
                1,
                1,
                "Truncation",
                "truncation",
                step=0.05,
                min_width=220,  # else its head does not fit on a phone
                visible=explorer.gan.prior.can_truncate,
            )
        self.noise = gradio.Checkbox(
            False, label="Noise in G", visible=explorer.has_noise, elem_id="noise"
        )
        self.sample = gradio.Button("New samples", variant="primary", elem_id="sample")
        self.grid = self._gallery(self._images(self.start["places"], 1.0, False, 0), "grid")

    def _centre_part(self):
        gradio, explorer = self.gradio, self.explorer
        gradio.Markdown("### Centre")
        self.image = gradio.HTML(self._centre(self.start, 1.0, False, 0), elem_id="centre")
        with gradio.Row():
            self.keep = gradio.Button("Add to favourites", min_width=140, elem_id="keep")
            self.reset = gradio.Button("Sliders to 0", min_width=140, elem_id="reset")
        with gradio.Row():
            self.sliders = [
                self._slider(-1, 1, 0, direction.name, f"direction-{i}")
                for i, direction in enumerate(explorer.directions)
            ]
        mixes = explorer.mixer is not None
        with gradio.Row(visible=mixes):
            self.other = gradio.Dropdown(
                explorer.class_names or [],
                value=(explorer.class_names or [None])[0],
                label="Towards class",
                min_width=150,
                elem_id="other",
            )
            self.share = self._slider(0, 1, 0, "how far", "share")

    def _favourites_part(self):
        gradio = self.gradio
        gradio.Markdown(f"### Favourites\n{FAVOURITES_HELP}")
        self.favourites = self._gallery([], "favourites", visible="hidden")
        with gradio.Row():
            self.walk = gradio.Button("Walk", min_width=90, elem_id="walk")
            self.save = gradio.Button("Save", min_width=90, elem_id="save")
            self.clear = gradio.Button("Clear", min_width=90, elem_id="clear")
        self.film = gradio.HTML("", elem_id="film")
        self.files = gradio.File(
            label="Saved", interactive=False, visible="hidden", elem_id="files"
        )

    def _upload_part(self):
        gradio = self.gradio
        height, width, _ = self.explorer.gan.image_shape
        gradio.Markdown(f"### Your picture\n{UPLOAD_HELP.format(f'{height}×{width}')}")
        # Not Gradio's Image, which decodes the file before its size is known.
        self.upload = gradio.File(label="Picture", height=140, elem_id="upload")
        self.nearest = gradio.HTML("", elem_id="found")

    # Actions ------------------------------------------------------------------------------------

    def _connect(self):
        gradio = self.gradio
        look = [self.truncation, self.noise, self.seed]
        moves = [*self.sliders, self.other, self.share]
        plain = dict(api_visibility="private")
        # Without the queue, whose round trip takes longer than the image.
        quick = dict(**plain, show_progress="hidden", trigger_mode="always_last", queue=False)
        resets = [*self.sliders, self.share]
        sampled = dict(
            inputs=[self.state, self.label, *look],
            outputs=[self.state, self.grid, self.image, *resets],
        )
        next_seed = self.sample.click(lambda seed: _whole(seed) + 1, self.seed, self.seed, **plain)
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
        self.reset.click(self._on_reset, [self.state, *look], [self.image, *resets], **plain)
        remaining = [self.state, self.favourites]
        self.keep.click(
            self._refusing(self._on_keep, 2), [self.state, *look, *moves], remaining, **plain
        )
        self.clear.click(self._on_clear, self.state, [*remaining, self.film, self.files], **plain)
        shown = [self.state, self.truncation]
        self.walk.click(self._refusing(self._on_walk), shown, self.film, **plain)
        self.save.click(self._refusing(self._on_save), shown, self.files, **plain)
        outputs = [self.state, self.image, self.nearest, *resets]
        self.upload.upload(
            self._refusing(self._on_find, len(outputs)),
            [self.state, self.upload, *look],
            outputs,
            **plain,
        )

    def _zeros(self):
        return [0.0] * (len(self.sliders) + 1)

    def _images(self, places, truncation, noise, seed):
        images = self.explorer.images(places, truncation, _whole(seed) if noise else None)
        return [in_colour(image) for image in images]

    def _centre(self, state, truncation, noise, seed, amounts=None, other=None, share=0.0):
        place = state["centre"]
        if amounts:
            place = self.explorer.moved(place, amounts)
        if share and self.explorer.mixer is not None:
            number = self.explorer.class_names.index(other)
            return image_html(self.explorer.towards_class(place, number, share, truncation))
        image = self.explorer.images([place], truncation, _whole(seed) if noise else None)[0]
        return image_html(image, "centre")

    def _on_sample(self, state, label, truncation, noise, seed):
        number = None if label in (None, ALL) else self.explorer.class_names.index(label)
        places = self.explorer.sample(_whole(seed), number)
        state = {**state, "places": places, "centre": places[0]}
        images = self._images(places, truncation, noise, seed)
        return state, images, self._centre(state, truncation, noise, seed), *self._zeros()

    def _on_look(self, state, truncation, noise, seed, *moves):
        images = self._images(state["places"], truncation, noise, seed)
        return images, self._on_move(state, truncation, noise, seed, *moves)

    def _on_choose(self, state, truncation, noise, seed, number):
        state = {**state, "centre": state["places"][int(number)]}
        return state, self._centre(state, truncation, noise, seed), *self._zeros()

    def _on_move(self, state, truncation, noise, seed, *moves):
        *amounts, other, share = moves
        return self._centre(state, truncation, noise, seed, amounts, other, share)

    def _on_reset(self, state, truncation, noise, seed):
        return self._centre(state, truncation, noise, seed), *self._zeros()

    def _on_keep(self, state, truncation, noise, seed, *moves):
        if len(state["favourites"]) >= MOST_FAVOURITES:
            raise UsageError(f"{MOST_FAVOURITES} favourites are the most")
        place = state["centre"]
        if self.sliders:
            place = self.explorer.moved(place, moves[:-2])
        state = {**state, "favourites": [*state["favourites"], place]}
        images = self._images(state["favourites"], truncation, noise, seed)
        return state, self.gradio.update(value=images, visible=True)

    def _on_clear(self, state):
        hidden = self.gradio.update(value=None, visible="hidden")
        return {**state, "favourites": []}, hidden, "", hidden

    def _on_walk(self, state, truncation):
        return film_html(self.explorer.walk(state["favourites"], truncation))

    def _on_save(self, state, truncation):
        folder = tempfile.mkdtemp(dir=self.temporary)
        files = self.explorer.save(state["favourites"], folder, truncation)
        return self.gradio.update(value=files, visible=True)

    def _on_find(self, state, upload, truncation, noise, seed):
        place, original, sentence = self.explorer.find(upload)
        state = {**state, "centre": place}
        made = self._centre(state, 1.0, False, 0)
        captions = ("your picture", "what the model makes")
        pair = "".join(
            f"<figure>{image}<figcaption>{caption}</figcaption></figure>"
            for image, caption in zip((image_html(original), made), captions)
        )
        text = f'<div class="pair">{pair}</div><p>It is the centre now; {sentence}.</p>'
        return state, self._centre(state, truncation, noise, seed), text, *self._zeros()

    def _refusing(self, action, outputs=1):
        """An action whose `UsageError` is shown on the page, which stays as it is."""
        gradio = self.gradio

        def run(*arguments):
            try:
                return action(*arguments)
            except UsageError as error:
                gradio.Warning(html.escape(str(error)), title="Not done")
                return gradio.skip() if outputs == 1 else [gradio.skip()] * outputs

        return run


def _whole(seed):
    """The seed's field as a whole number; 0 if it is empty."""
    return int(seed or 0)
