"""The settings of what is done with a trained model: films, projection, the explorer."""

import dataclasses
import functools

from keras_gan.settings.flags import flag

SHOW = "Look, explore, share"
show = functools.partial(flag, group=SHOW, may_change=True)


@dataclasses.dataclass(frozen=True)
class ShowFlags:
    """Flags of the tools in `run/showing`; a part of `Config`."""

    weights: str = show(
        "",
        "sample, interpolate, project, explore, export: a trained model in place of --run_dir: a"
        " shipped model's name, an export, a hub folder or its owner/name, a .keras file",
    )
    truncation: float = show(
        1.0,
        "sample, interpolate: ψ, the factor on each latent's norm; below 1 samples are more"
        " typical and less varied",
        low=0.0,
        high=1.0,
    )
    latents: str = show(
        "",
        "sample, interpolate: .npz file with latents, and labels of a conditional model, in place"
        " of random ones",
    )
    pictures: str = show(
        "", "project: a picture, a folder of pictures, or an .npz file with images"
    )
    projection_steps: int = show(
        300, "project: steps of the search for each picture's latents", low=1, high=100_000
    )
    restarts: int = show(
        4, "project: searches for each picture, the best of which counts", low=1, high=64
    )
    format: str = show(
        "png",
        "interpolate: a picture (png), or a film that repeats without a jump, of --count frames",
        choices=("png", "mp4", "gif", "webp"),
    )
    frame_rate: int = show(24, "films: frames per second", low=1, high=60)
    zoom: int = show(
        0,
        "films: whole factor of enlargement; 0 gives the smaller side at least 256 pixels",
        low=0,
        high=32,
    )
    training_film: str = show(
        "",
        "train: at the end, a film of the samples over the steps",
        choices=("", "mp4", "gif", "webp"),
    )
    onnxruntime_web: str = show(
        "",
        "--export_format=web: folder of npm's package onnxruntime-web; by default `npm pack`"
        " fetches it",
    )
    host: str = show(
        "127.0.0.1", "explore: address to listen on; any other than 127.0.0.1 lets others in"
    )
    port: int = show(7860, "explore: port to listen on", low=0, high=65535)
