"""The settings of what is done with a trained model: films, projection, the explorer."""

import dataclasses

from keras_gan.settings.flags import flag

SHOW = "Look, explore, share"


@dataclasses.dataclass(frozen=True)
class ShowFlags:
    """Flags of the tools in `run/showing`; a part of `Config`."""

    weights: str = flag(
        "",
        "sample, interpolate, project, explore, export: a trained model in place of --run_dir: a"
        " shipped model's name, an export, a hub folder or its owner/name, a .keras file",
        group=SHOW,
        may_change=True,
    )
    truncation: float = flag(
        1.0,
        "sample, interpolate: ψ, the factor on each latent's norm; below 1 samples are more"
        " typical and less varied",
        group=SHOW,
        low=0.0,
        high=1.0,
        may_change=True,
    )
    latents: str = flag(
        "",
        "sample, interpolate: .npz file with latents, and labels of a conditional model, in place"
        " of random ones",
        group=SHOW,
        may_change=True,
    )
    pictures: str = flag(
        "",
        "project: a picture, a folder of pictures, or an .npz file with images",
        group=SHOW,
        may_change=True,
    )
    projection_steps: int = flag(
        300,
        "project: steps of the search for each picture's latents",
        group=SHOW,
        low=1,
        high=100_000,
        may_change=True,
    )
    restarts: int = flag(
        4,
        "project: searches for each picture, the best of which counts",
        group=SHOW,
        low=1,
        high=64,
        may_change=True,
    )
    format: str = flag(
        "png",
        "interpolate: a picture (png), or a film that repeats without a jump, of --count frames",
        group=SHOW,
        choices=("png", "mp4", "gif", "webp"),
        may_change=True,
    )
    frame_rate: int = flag(
        24, "films: frames per second", group=SHOW, low=1, high=60, may_change=True
    )
    zoom: int = flag(
        0,
        "films: whole factor of enlargement; 0 gives the smaller side at least 256 pixels",
        group=SHOW,
        low=0,
        high=32,
        may_change=True,
    )
    training_film: str = flag(
        "",
        "train: at the end, a film of the samples over the steps",
        group=SHOW,
        choices=("", "mp4", "gif", "webp"),
        may_change=True,
    )
    onnxruntime_web: str = flag(
        "",
        "--export_format=web: folder of npm's package onnxruntime-web; by default `npm pack`"
        " fetches it",
        group=SHOW,
        may_change=True,
    )
    host: str = flag(
        "127.0.0.1",
        "explore: address to listen on; any other than 127.0.0.1 lets others in",
        group=SHOW,
        may_change=True,
    )
    port: int = flag(
        7860, "explore: port to listen on", group=SHOW, low=0, high=65535, may_change=True
    )
