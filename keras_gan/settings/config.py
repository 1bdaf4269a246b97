"""Every setting of a run: its name, default, help and range.

Each declaration, here or in `methods`, is a field of the config, a flag, an entry of `--helpfull`
and a row of docs/flags.md. `common_flag` marks those that `--help` shows too.
"""

import dataclasses
from typing import ClassVar

from keras_gan import choices
from keras_gan.settings.flags import common_flag, flag, image_size, run_folder, words_of
from keras_gan.settings.methods import LATER, OPT, TIPS, MethodSettings
from keras_gan.settings.show_flags import SHOW, ShowFlags

MODES = (
    "train",
    "inspect",
    "evaluate",
    "sample",
    "interpolate",
    "project",
    "explore",
    "export",
    "study",
)

RUN, DATA, NETS, TRAIN = "Run", "Data", "Networks", "Training"
WATCH, DEVICES, HEALTH = "Monitoring and scores", "Devices", "Health"
TOOLS, STUDY = "Evaluate, sample, export", "Study"


@dataclasses.dataclass(frozen=True)
class Config(ShowFlags, MethodSettings):
    """Settings of a run; each field is a flag of the same name (`python main.py --helpfull`).

    Attributes:
        groups: headings in the order of `--helpfull`.
    """

    groups: ClassVar = (
        *(RUN, DATA, NETS, TRAIN, TIPS, LATER, OPT),
        *(WATCH, HEALTH, DEVICES, TOOLS, SHOW, STUDY),
    )

    mode: str = common_flag("train", "what to do", group=RUN, choices=MODES, may_change=True)
    run_dir: str = common_flag(
        "runs/default", "output directory of the run", group=RUN, read=run_folder, may_change=True
    )
    model: str = common_flag("dcgan", "name of a model in the zoo", group=RUN)
    recipe: str = common_flag(
        "",
        "auto chooses the settings that are not given from the data and the device, prints why, and"
        " keeps them in recipe.flags",
        group=RUN,
        choices=("", "auto"),
        may_change=True,
    )
    steps: int = common_flag(2000, "training steps", group=RUN, low=1, may_change=True)
    batch_size: int = common_flag(
        64, "real images per discriminator turn, over all devices", group=RUN, low=2
    )
    seed: int = common_flag(
        0, "random seed of weights, data order and noise", group=RUN, low=0, high=2**32 - 1
    )

    init_from: str = common_flag(
        "",
        "start from the weights of a run, an export, a hub folder or a .keras file, where they fit",
        group=RUN,
    )

    dataset: str = common_flag(
        "fashion_mnist",
        "a TFDS name, folder:PATH (of a folder, .zip or .tar), npz:PATH (of an .npz or .npy),"
        " ring8, grid25, swissroll, stacked_fashion_mnist or stacked_mnist",
        group=DATA,
    )
    data_dir: str = common_flag(
        "", "folder of the data sets; defaults to each source's own", group=DATA, may_change=True
    )
    image_size: str = common_flag(
        "",
        "bring images to N or HxW (height first): 28 to 256, multiples of 4",
        group=DATA,
        read=image_size,
    )
    channels: int = flag(
        0,
        "1, 3 or 4; 0 keeps those of the data (alpha is composited on white unless 4)",
        group=DATA,
        choices=(0, 1, 3, 4),
    )
    crop: str = common_flag(
        "center",
        "how images of another shape get the size: cut (center, random), with white margins (pad),"
        " distorted (squeeze); none refuses them",
        group=DATA,
        choices=choices.CROPS,
    )
    mirror: bool = flag(False, "mirror half of the images, left to right", group=DATA)
    labels: str = common_flag(
        "auto",
        "auto, none, or where the data has its labels: folders, file (labels.csv, metadata.jsonl),"
        " an array's key",
        group=DATA,
    )

    latent_dim: int = common_flag(128, "size of the latent z", group=NETS, low=1, high=10**6)
    width: int = common_flag(
        64, "capacity: channels (or units) of the first hidden layer", group=NETS, low=1
    )
    normalization: str = flag(
        "batch", "normalisation in G", group=NETS, choices=choices.NORMALIZATIONS
    )
    d_normalization: str = flag(
        "batch", "normalisation in D", group=NETS, choices=choices.NORMALIZATIONS
    )
    activation: str = flag(
        "leaky_relu", "activation in G and D", group=NETS, choices=choices.ACTIVATIONS
    )
    conditional: bool = flag(
        False,
        "give an unconditional model classes: they join z, modulate G's normalised maps and are"
        " projected in D (Miyato & Koyama, 2018)",
        group=NETS,
    )
    self_modulation: bool = flag(
        False,
        "z (and the class) scale and shift G's normalised maps (Chen et al., 2019)",
        group=NETS,
    )
    upsampling: str = flag("transposed", "upsampling in G", group=NETS, choices=choices.UPSAMPLINGS)
    downsampling: str = flag(
        "strided", "downsampling in D", group=NETS, choices=choices.DOWNSAMPLINGS
    )
    spectral_norm: bool = common_flag(
        False, "spectral normalisation in D (Miyato et al., 2018)", group=NETS
    )
    packing: int = flag(
        1, "images that D sees as one input (PacGAN, 2); 1 is off", group=NETS, low=1, high=8
    )
    slicing: bool = flag(
        False,
        "the direction of D's last layer is trained apart, in Wasserstein form (SAN)",
        group=NETS,
    )
    minibatch_stddev: bool = flag(
        False, "minibatch standard deviation in D, over groups of four images (tip 15)", group=NETS
    )
    label_map: bool = flag(
        False, "feed labels as an extra image channel, a small embedding (tip 16)", group=NETS
    )
    dropout: float = flag(
        0.0, "dropout rate in G, also in sampling (tip 17: 0.5)", group=NETS, low=0.0, high=0.9
    )
    layer_noise: float = flag(
        0.0,
        "σ of the noise in every layer of G (tip 13); near 1 it ruins the samples",
        group=NETS,
        low=0.0,
        high=10.0,
    )
    noise_at_sampling: bool = flag(
        False, "keep G's layer noise when sampling, scoring and exporting", group=NETS
    )
    last_layer_init: float = flag(
        0.0,
        "bound of a uniform initialisation of the last layers (tip 8; DDPG: 0.003); 0 is off",
        group=NETS,
        low=0.0,
        high=1.0,
    )

    loss: str = common_flag(
        "non_saturating",
        "adversarial loss; non_saturating is G trained with flipped labels (tip 2)",
        group=TRAIN,
        choices=choices.LOSSES,
    )
    prior: str = flag(
        "gaussian",
        "distribution of z (tip 3)",
        group=TRAIN,
        choices=("gaussian", "uniform", "hypersphere", "ornstein_uhlenbeck"),
    )
    d_turns: int = common_flag(
        1, "discriminator turns per step, each on new images (tip 14)", group=TRAIN, low=1, high=20
    )
    g_turns: int = flag(1, "generator turns per step", group=TRAIN, low=1, high=20)
    accumulate: int = flag(
        1,
        "equal parts of a turn's batch, one in memory at a time; their gradients are averaged",
        group=TRAIN,
        low=1,
        high=1024,
    )
    average_decay: float = common_flag(
        0.999,
        "β of the moving average of G that is sampled and exported; 0 is off",
        group=TRAIN,
        low=0.0,
        high=0.99999,
    )
    class_weight: float = flag(
        1.0, "weight of the class loss of conditional models", group=TRAIN, low=0.0
    )
    class_loss_on_fakes: bool = flag(
        False, "AC-GAN: the class loss on fakes also trains D (Odena et al., 2017)", group=TRAIN
    )
    kl_weight: float = flag(1.0, "weight of KL-GAN's or VAE-GAN's KL term", group=TRAIN, low=0.0)
    reconstruction_weight: float = flag(
        1.0, "weight of VAE-GAN's reconstruction loss in the decoder", group=TRAIN, low=0.0
    )
    code_weight: float = flag(
        1.0, "weight of InfoGAN's mutual information term", group=TRAIN, low=0.0
    )

    log_every: int = flag(
        50, "steps between writes of the metrics' means", group=WATCH, low=1, high=1000
    )
    sample_every: int = common_flag(
        500, "steps between sample grids; 0 is off", group=WATCH, low=0, may_change=True
    )
    score_every: int = common_flag(
        0, "steps between scores; 0 is off", group=WATCH, low=0, may_change=True
    )
    score_samples: int = flag(
        10000, "number of fakes per score", group=WATCH, low=65, may_change=True
    )
    checkpoint_every: int = common_flag(
        500, "steps between checkpoints; 0 is off", group=WATCH, low=0, may_change=True
    )
    keep_checkpoints: int = flag(
        3, "number of newest checkpoints to keep", group=WATCH, low=1, may_change=True
    )
    checkpoint: str = flag(
        "best",
        "what is exported, evaluated and sampled: the checkpoint with the best score, if there are"
        " scores, or the last one",
        group=WATCH,
        choices=("best", "last"),
        may_change=True,
    )
    stop_when: str = flag(
        "",
        "plateau ends the training early, once the score no longer improves; empty never does",
        group=WATCH,
        choices=("", "plateau"),
        may_change=True,
    )
    patience: int = flag(
        5,
        "scores without improvement after which --stop_when=plateau ends the training",
        group=WATCH,
        low=1,
        may_change=True,
    )
    tensorboard: bool = flag(True, "write TensorBoard logs", group=WATCH, may_change=True)
    progress: bool = flag(True, "show a progress bar", group=WATCH, may_change=True)

    on_failure: str = common_flag(
        "warn",
        "what to do when training fails",
        group=HEALTH,
        choices=("warn", "stop", "rollback"),
        may_change=True,
    )
    rollbacks: int = flag(
        3, "largest number of roll-backs per run", group=HEALTH, low=0, high=20, may_change=True
    )
    rollback_rate: float = flag(
        0.5, "factor on the learning rates at each roll-back", group=HEALTH, low=0.01, high=1.0
    )

    xla: bool = flag(
        None,
        "compile losses and gradients with XLA; defaults to on for GPUs",
        group=DEVICES,
        kind=bool,
    )
    precision: str = flag(
        "float32",
        "numeric precision",
        group=DEVICES,
        choices=("float32", "mixed_bfloat16", "mixed_float16"),
    )
    strategy: str = flag(
        "auto",
        "tf.distribute strategy; auto uses all GPUs of this machine",
        group=DEVICES,
        choices=("one_device", "mirrored", "multi_worker", "auto"),
    )
    logical_devices: int = flag(
        0, "split the CPU into N devices, to try out a strategy", group=DEVICES, low=0, high=64
    )
    sync_batch_norm: bool = flag(False, "batch norm statistics over all replicas", group=DEVICES)

    fakes: str = flag(
        "", "evaluate: folder, .npz or SavedModel to score", group=TOOLS, may_change=True
    )
    reals: str = flag("", "evaluate: folder or .npz to compare with", group=TOOLS, may_change=True)
    extractor: str = flag(
        "",
        "feature extractor: cnn, search_cnn, inception, pixels or a model's path",
        group=TOOLS,
        may_change=True,
    )
    inception_weights: str = flag(
        "", "weights file of FID's Inception-v3", group=TOOLS, may_change=True
    )
    json: bool = flag(
        False, "evaluate, inspect: print one JSON object on stdout", group=TOOLS, may_change=True
    )
    count: int = common_flag(
        64, "sample: images; interpolate: steps per path", group=TOOLS, low=1, may_change=True
    )
    out: str = flag(
        "",
        "sample, interpolate, project, inspect: folder to write to, in place of the run's; with"
        " --weights, export too",
        group=TOOLS,
        may_change=True,
    )
    sample_labels: str = flag(
        "", "sample: comma-separated classes; defaults to all", group=TOOLS, may_change=True
    )
    export_format: str = flag(
        "saved_model",
        "comma-separated formats: saved_model, litert, onnx, hub (a folder for a model hub), web"
        " (a static page)",
        group=TOOLS,
        read=words_of("saved_model", "litert", "onnx", "hub", "web"),
        may_change=True,
    )

    variant: tuple = flag(
        (),
        "study: a variant, NAME: --FLAG=VALUE … (compared with the base) or"
        " NAME vs OTHER, …: --FLAG=VALUE … (compared with those); may be repeated",
        group=STUDY,
        may_change=True,
    )
    grid: tuple = flag(
        (),
        "study: FLAG=VALUE,VALUE,… or FLAG+FLAG=VALUE,… (the same value for both); may be repeated,"
        " and each combination is a variant, or each --variant is made at each of them",
        group=STUDY,
        may_change=True,
    )
    only: tuple = flag(
        (),
        "study: the name of a variant to run, with those that it is compared with, in place of"
        " all; may be repeated",
        group=STUDY,
        may_change=True,
    )
    images: int = flag(
        0, "study: real images that D sees, instead of --steps", group=STUDY, low=0, may_change=True
    )
    seeds: int = flag(
        10,
        "study: number of seeds per variant, from --seed on",
        group=STUDY,
        low=1,
        high=1000,
        may_change=True,
    )
    shard: str = flag(
        "", "study: i/n, run the i-th (from 1) of n shares", group=STUDY, may_change=True
    )
    jobs: int = flag(
        1, "study: number of worker processes", group=STUDY, low=1, high=256, may_change=True
    )
