"""Which switches go together: one table, judged on plain values without building anything."""

import dataclasses
import math
from collections.abc import Callable, Mapping
from typing import ClassVar

from keras_gan.errors import UsageError
from keras_gan.fields import interval
from keras_gan.settings import NETS, Config

POINTS = ("ring8", "grid25", "swissroll")
WITHOUT_TARGETS = ("hinge", "wasserstein", "relativistic")
LOGISTIC = ("non_saturating", "minimax")

# Flags that are options of networks: a model whose `Options` lack one refuses it.
OF_NETWORKS = (
    *(
        field.name
        for field in dataclasses.fields(Config)
        if field.metadata["flag"]["group"] == NETS and field.name != "noise_at_sampling"
    ),
    "sync_batch_norm",
)

# Rules that compare consecutive images within a replica, and how many they would like at a time.
GROUPS = {"minibatch_stddev": 4, "dragan": 8, "top_k": 16}


class Settings(dict):
    """Settings by flag name; what is not given has the flag's default."""

    DEFAULTS: ClassVar = {field.name: field.default for field in dataclasses.fields(Config)}

    def __missing__(self, name):
        return self.DEFAULTS.get(name)

    def target(self, side):
        """Mean of a side's target, flips left out."""
        low, high = interval(self[f"{side}_target"], f"{side}_target")
        return 0.5 * (low + high)

    @property
    def soft(self):
        hard = {"real_target": (1.0, 1.0), "fake_target": (0.0, 0.0)}
        return any(interval(self[name], name) != value for name, value in hard.items())

    @property
    def gradient_penalties(self):
        """Those in use that differentiate D by its input."""
        exact = () if self["r1_finite_difference"] else ("r1", "r2")
        return [name for name in ("gradient_penalty", "dragan", *exact) if self[name]]

    @property
    def penalties(self):
        every = ("gradient_penalty", "dragan", "r1", "r2", "consistency", "balanced_consistency")
        return [name for name in every if self[name]]

    @property
    def batch_norm_count(self):
        """Images that are normalised together."""
        replicas = 1 if self["sync_batch_norm"] else max(1, self["replicas"] or 1)
        return self["batch_size"] // replicas


@dataclasses.dataclass(frozen=True)
class Conflict:
    """A combination that makes no sense.

    Attributes:
        flags: the flags that clash, the one to be told about first.
        when: whether `Settings` show it.
        reason: why.
        nearest: settings that would put it right.
    """

    flags: tuple[str, ...]
    when: Callable[[Settings], bool]
    reason: str
    nearest: Mapping[str, object]

    def message(self, settings):
        """One line: reason and the nearest that works."""
        others = " ".join(f"--{name}={_plain(settings[name])}" for name in self.flags[1:])
        nearest = " ".join(f"--{name}={_plain(value)}" for name, value in self.nearest.items())
        beside = f"with {others}: " if others else ""
        return f"{beside}{self.reason}; the nearest that works: {nearest}"


def _plain(value):
    return str(value).lower() if isinstance(value, bool) else value


def _both(first, second, reason, nearest, **values):
    """A conflict of two switches that are both on, or at the given value."""

    def on(settings, name):
        return settings[name] == values[name] if name in values else bool(settings[name])

    return Conflict((first, second), lambda s: on(s, first) and on(s, second), reason, nearest)


def _table():
    for side in ("real", "fake"):
        name, hard = f"{side}_target", {"real": 1.0, "fake": 0.0}[side]
        yield Conflict(
            (name, "loss"),
            lambda s, name=name, hard=hard: (
                s["loss"] in WITHOUT_TARGETS and interval(s[name], name) != (hard, hard)
            ),
            "this loss has no targets to soften",
            {name: f"{hard:g}"},
        )
    yield Conflict(
        ("real_target", "loss"),
        lambda s: s["loss"] in LOGISTIC and s.target("real") > 1.0,
        "above 1 on average, D's loss has no lower bound",
        {"real_target": "0.7,1.2"},
    )
    yield Conflict(
        ("fake_target", "loss"),
        lambda s: s["loss"] in LOGISTIC and s.target("fake") < 0.0,
        "below 0 on average, D's loss has no lower bound",
        {"fake_target": "0,0.3"},
    )
    yield Conflict(
        ("real_target", "fake_target"),
        lambda s: s.target("real") <= s.target("fake"),
        "D would learn to take fakes for reals",
        {"real_target": "0.7,1.2", "fake_target": "0,0.3"},
    )
    yield Conflict(
        ("label_flip",),
        lambda s: s["label_flip"] >= 0.5,
        "labels of which half are flipped say nothing",
        {"label_flip": 0.1},
    )
    for name, layer in (("normalization", "G"), ("d_normalization", "D")):
        yield Conflict(
            (name, "batch_size"),
            lambda s, name=name: s[name] == "batch" and s.batch_norm_count < 4,
            f"batch norm in {layer} needs four images that are normalised together",
            {name: "instance"},
        )
    for name in ("gradient_penalty", "dragan", "r1", "r2"):
        exact = lambda s, name=name: name in s.gradient_penalties
        yield Conflict(
            (name, "d_normalization"),
            lambda s, name=name: s[name] and s["d_normalization"] == "batch",
            "a gradient penalty is one image's, and batch norm makes D's logit depend on all",
            {"d_normalization": "layer"},
        )
        yield Conflict(
            (name, "downsampling"),
            lambda s, exact=exact: (
                exact(s)
                and s["downsampling"] == "max"
                and (bool(s["xla"]) or s["precision"] != "float32")
            ),
            "max pooling has no second derivative in XLA or in half precision",
            {"downsampling": "average"},
        )
        yield Conflict(
            (name, "precision"),
            lambda s, exact=exact: exact(s) and s["precision"] == "mixed_float16",
            "a gradient penalty overflows in float16",
            {"precision": "mixed_bfloat16"},
        )
        if name in ("gradient_penalty", "dragan"):
            yield _both(
                name,
                "clip_weights",
                "two bounds on the same slope; the penalty replaced the clipping",
                {"clip_weights": 0.0},
            )
            for other in ("r1", "r2"):
                yield _both(
                    name,
                    other,
                    "one pulls the norm of D's gradient to 1, the other to 0",
                    {other: 0.0},
                )
    yield Conflict(
        ("r1_finite_difference", "precision"),
        lambda s: s["r1_finite_difference"] and s["precision"] != "float32",
        "the difference of two close logits is lost in half precision",
        {"precision": "float32"},
    )
    yield Conflict(
        ("r1_finite_difference", "r1", "r2"),
        lambda s: s["r1_finite_difference"] and not (s["r1"] or s["r2"]),
        "it is a form of R1 and R2, and neither is on",
        {"r1": 1.0, "d_normalization": "layer"},
    )
    yield Conflict(
        ("penalty_interval",),
        lambda s: s["penalty_interval"] > 1 and not s.penalties,
        "there is no penalty to be computed now and then",
        {"penalty_interval": 1},
    )
    yield Conflict(
        ("loss",),
        lambda s: (
            s["loss"] == "wasserstein"
            and not (s.gradient_penalties or s["clip_weights"] or s["spectral_norm"])
            and not (s["r1"] or s["r2"])
        ),
        "wasserstein's critic has no bound without a penalty, spectral norm or clipped weights",
        {"gradient_penalty": 10.0, "d_normalization": "layer"},
    )
    yield _both(
        "clip_weights",
        "spectral_norm",
        "spectral norm divides by the scale that clipping bounds",
        {"clip_weights": 0.0},
    )
    yield _both(
        "consistency",
        "balanced_consistency",
        "the balanced form holds the other",
        {"consistency": 0.0},
    )
    for name in ("r1_finite_difference", "consistency", "balanced_consistency"):
        yield _both(
            name,
            "separate_batches",
            "it compares two passes of D, which see other noise in a common batch",
            {"separate_batches": True},
            separate_batches=False,
        )
    for loss in ("relativistic", "wasserstein"):
        yield _both(
            "ada",
            "loss",
            "this loss leaves the sign of D's logit open, which steers the augmentation",
            {"ada": 0.0, "augment": "color,translation,cutout"},
            loss=loss,
        )
    for name in ("augment", "ada", "consistency", "balanced_consistency"):
        yield Conflict(
            (name, "dataset"),
            lambda s, name=name: s[name] and s["dataset"] in POINTS,
            "points can't be flipped, shifted or coloured",
            {name: "" if name == "augment" else 0.0},
        )
    yield _both(
        "target_networks",
        "past_players",
        "both say whom a player trains against",
        {"past_players": 0},
    )
    for name in ("d_turns", "g_turns"):
        yield Conflict(
            ("threshold_loop", name),
            lambda s, name=name: s["threshold_loop"] and s[name] != 1,
            "both say who trains how often; --turn_bound bounds the loop",
            {name: 1},
        )
    yield Conflict(
        ("prior", "model"),
        lambda s: s["prior"] != "gaussian" and s["model"] == "vae_gan",
        "the encoder's KL term is to a Gaussian",
        {"prior": "gaussian"},
    )
    yield _both(
        "replay_rate",
        "model",
        "a replayed fake's codes are no longer known",
        {"replay_rate": 0.0},
        model="infogan",
    )
    kl = "KL(q‖p) is read from the logit of an unsmoothed logistic D on today's fakes"
    yield Conflict(
        ("loss", "model"),
        lambda s: s["model"] == "kl_gan" and s["loss"] not in LOGISTIC,
        kl,
        {"loss": "non_saturating"},
    )
    yield Conflict(
        ("real_target", "fake_target", "model"),
        lambda s: s["model"] == "kl_gan" and s.soft,
        kl,
        {"real_target": "1", "fake_target": "0"},
    )
    off = {"label_flip": 0.0, "replay_rate": 0.0, "past_players": 0, "target_networks": 0.0}
    for name, value in off.items():
        yield _both(name, "model", kl, {name: value}, model="kl_gan")


TABLE = tuple(_table())


def conflicts(settings):
    """The conflicts of some settings.

    Args:
        settings: values by flag name; flags that are left out have their defaults. Beside the
            flags, "replicas" is the number of replicas.

    Returns:
        A list of `Conflict`, empty if the combination makes sense.
    """
    settings = Settings(settings)
    return [conflict for conflict in TABLE if conflict.when(settings)]


def options(model_class):
    """Names of the options of a model's networks, a set."""
    return {field.name for field in dataclasses.fields(model_class.Options)}


def regrouped(config, replicas):
    """Which rules see other groups of images on several replicas than on one device.

    The rules are right on both, but not the same to the last digit.

    Returns:
        A sentence for each.
    """
    rows = config.batch_size // replicas
    for name, size in GROUPS.items():
        if getattr(config, name) and math.gcd(rows, size) != math.gcd(config.batch_size, size):
            yield (
                f"--{name} groups {size} images, which the {rows} images of a replica don't hold:"
                f" {replicas} replicas will differ from one device; a --batch_size that divides by"
                f" {size * replicas} makes them equal"
            )


def check(config, model_class=None, replicas=1):
    """Raises a `UsageError` if a config contradicts itself or asks for what its model lacks.

    Args:
        config: a `Config`.
        model_class: the model that `config.model` names.
        replicas: how many replicas train.
    """
    settings = Settings({**vars(config), "replicas": replicas})
    if model_class is not None:
        of_model = options(model_class)
        for name in OF_NETWORKS:
            if name in of_model:
                continue
            if settings[name] != model_class.defaults().get(name, Settings.DEFAULTS[name]):
                raise UsageError(
                    f"--model={config.model} has no such switch",
                    flag=name,
                    value=_plain(settings[name]),
                    allowed=_plain(Settings.DEFAULTS[name]),
                )
            # What the model's networks have in its place, as far as the table cares.
            settings[name] = getattr(model_class, "built_in", {}).get(
                name, "none" if name.endswith("normalization") else settings[name]
            )
    for conflict in conflicts(settings):
        name = conflict.flags[0]
        raise UsageError(conflict.message(settings), flag=name, value=_plain(settings[name]))
