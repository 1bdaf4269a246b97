"""The reference step in five implementations, each timed in a process of its own.

    python -m benchmarks.contenders NAME [--steps=N]

trains DCGAN on Fashion-MNIST, 28×28, batch 64, one update of D and one of G per step, Adam(2e-4,
β1 0.5): G is dense to 7×7×128, batch norm, LeakyReLU 0.2, transposed convolution 4×4/2 to 64,
batch norm, LeakyReLU, transposed convolution 4×4/2 to 1, tanh; D is convolution 4×4/2 to 64,
LeakyReLU, convolution 4×4/2 to 128, batch norm, LeakyReLU, dense to 1. It prints one line of JSON:
seconds from the start of the process to the end of the first step, steps per second after warm-up
including the input pipeline, and peak memory in MB.
"""

import argparse
import json
import resource
import sys
import time

STARTED = time.perf_counter()
BATCH, LATENT, WARM_UP = 64, 128, 20


class Clock:
    """Counts steps, and measures the time to the first step and the rate after warm-up.

    Args:
        steps: number of steps to train.
    """

    def __init__(self, steps: int):
        self.steps = steps
        self.first = self.warm = None
        self.count = 0

    def tick(self, sample=None) -> None:
        """Counts a finished step.

        Args:
            sample: function (count, seed) → uint8 [count, 28, 28, 1], of G as it is now.
        """
        self.count += 1
        if self.count == 1:
            self.first = time.perf_counter() - STARTED
        if self.count == WARM_UP:
            self.warm = time.perf_counter()

    @property
    def done(self) -> bool:
        """Whether to stop."""
        return self.count >= self.steps

    def result(self) -> dict[str, float]:
        """The measurements, by name."""
        steady = (self.count - WARM_UP) / (time.perf_counter() - self.warm)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        return {"first_step": self.first, "steps_per_second": steady, "peak_mb": peak}


def callback(clock: Clock, sample):
    """A callback of `fit` that ticks the clock, and stops training when it says so."""
    import keras

    class Tick(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            clock.tick(sample)
            self.model.stop_training = clock.done

    return Tick()


def to_bytes(images):
    """Images in [-1, 1] as uint8."""
    import numpy as np

    return np.clip(np.rint((np.asarray(images) + 1.0) * 127.5), 0, 255).astype(np.uint8)


def images():
    """Fashion-MNIST's training images, uint8 [60000, 28, 28, 1]."""
    from keras_gan.data import open_source

    return open_source("fashion_mnist", labels="none").images


def ours(clock: Clock, *flags: str, recipe: str = "reference_step") -> None:
    """This project, with the flags of `configs/RECIPE.flags` and further ones."""
    from keras_gan.data import pipeline
    from keras_gan.run.build import build_model, open_data
    from keras_gan.settings import flags as flags_module
    from keras_gan.settings.config import Config
    from keras_gan.settings.resolve import complete
    from models import REGISTRY

    values = flags_module.parse(Config, ["", f"--flagfile=configs/{recipe}.flags", *flags])
    settings = complete(values, REGISTRY["dcgan"].defaults())
    source = open_data(settings)
    gan = build_model(settings, REGISTRY[settings.model], source)
    batches = pipeline.batches(
        source,
        batch_size=settings.batch_size,
        turns=gan.schedule.d_turns,
        seed=settings.seed,
        steps=clock.steps,
    )
    tick = callback(clock, lambda count, seed: gan.sample(count, seed=seed))
    gan.fit(batches, steps_per_epoch=clock.steps, verbose=0, shuffle=False, callbacks=[tick])


def plain_keras(clock: Clock, rate: float = 2e-4) -> None:
    """As public Keras examples do it: two tapes, two passes of G, Keras' optimizers."""
    import keras
    import numpy as np
    import tensorflow as tf

    class Plain(keras.Model):
        def __init__(self, generator, discriminator):
            super().__init__()
            self.generator, self.discriminator = generator, discriminator
            self.loss_function = keras.losses.BinaryCrossentropy(from_logits=True)

        def compile(self, d_optimizer, g_optimizer):
            super().compile()
            self.d_optimizer, self.g_optimizer = d_optimizer, g_optimizer

        def train_step(self, real):
            count = tf.shape(real)[0]
            ones, zeros = tf.ones((count, 1)), tf.zeros((count, 1))
            with tf.GradientTape() as tape:
                fake = self.generator(tf.random.normal((count, LATENT)), training=True)
                loss = self.loss_function(ones, self.discriminator(real, training=True))
                loss += self.loss_function(zeros, self.discriminator(fake, training=True))
            weights = self.discriminator.trainable_weights
            self.d_optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights))
            with tf.GradientTape() as tape:
                fake = self.generator(tf.random.normal((count, LATENT)), training=True)
                g_loss = self.loss_function(ones, self.discriminator(fake, training=True))
            weights = self.generator.trainable_weights
            self.g_optimizer.apply_gradients(zip(tape.gradient(g_loss, weights), weights))
            return {"d_loss": loss, "g_loss": g_loss}

    layers = keras.layers
    generator = keras.Sequential(
        [
            keras.Input((LATENT,)),
            layers.Dense(7 * 7 * 128, use_bias=False),
            layers.Reshape((7, 7, 128)),
            layers.BatchNormalization(),
            layers.LeakyReLU(0.2),
            layers.Conv2DTranspose(64, 4, 2, padding="same", use_bias=False),
            layers.BatchNormalization(),
            layers.LeakyReLU(0.2),
            layers.Conv2DTranspose(1, 4, 2, padding="same", activation="tanh"),
        ]
    )
    discriminator = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(64, 4, 2, padding="same"),
            layers.LeakyReLU(0.2),
            layers.Conv2D(128, 4, 2, padding="same", use_bias=False),
            layers.BatchNormalization(),
            layers.LeakyReLU(0.2),
            layers.Flatten(),
            layers.Dense(1),
        ]
    )
    gan = Plain(generator, discriminator)
    gan.compile(*(keras.optimizers.Adam(rate, beta_1=0.5) for _ in "dg"))
    pixels = images().astype(np.float32) / 127.5 - 1.0
    data = tf.data.Dataset.from_tensor_slices(pixels).shuffle(60_000).repeat().batch(BATCH)
    data = data.prefetch(tf.data.AUTOTUNE)

    def sample(count, seed):
        z = tf.random.stateless_normal((count, LATENT), (seed, 0))
        return to_bytes(generator(z, training=False))

    gan.fit(data, steps_per_epoch=clock.steps, verbose=0, callbacks=[callback(clock, sample)])


def pytorch(clock: Clock, compiled: bool = False, rate: float = 2e-4) -> None:
    """The same in PyTorch, which shares G's pass as its own tutorial does; channels last."""
    import torch
    from torch import nn

    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.set_default_device(device)

    class Reshape(nn.Module):
        def forward(self, x):
            return x.view(-1, 128, 7, 7).contiguous(memory_format=torch.channels_last)

    generator = nn.Sequential(
        nn.Linear(LATENT, 7 * 7 * 128, bias=False),
        Reshape(),
        nn.BatchNorm2d(128),
        nn.LeakyReLU(0.2, inplace=True),
        nn.ConvTranspose2d(128, 64, 4, 2, 1, bias=False),
        nn.BatchNorm2d(64),
        nn.LeakyReLU(0.2, inplace=True),
        nn.ConvTranspose2d(64, 1, 4, 2, 1),
        nn.Tanh(),
    ).to(memory_format=torch.channels_last)
    discriminator = nn.Sequential(
        nn.Conv2d(1, 64, 4, 2, 1),
        nn.LeakyReLU(0.2, inplace=True),
        nn.Conv2d(64, 128, 4, 2, 1, bias=False),
        nn.BatchNorm2d(128),
        nn.LeakyReLU(0.2, inplace=True),
        nn.Flatten(),
        nn.Linear(128 * 7 * 7, 1),
    ).to(memory_format=torch.channels_last)
    adam = dict(lr=rate, betas=(0.5, 0.999))
    d_optimizer = torch.optim.Adam(discriminator.parameters(), **adam)
    g_optimizer = torch.optim.Adam(generator.parameters(), **adam)
    loss_function = nn.BCEWithLogitsLoss()
    ones, zeros = torch.ones(BATCH, 1), torch.zeros(BATCH, 1)
    generate, discriminate = generator, discriminator
    if compiled:
        generate, discriminate = torch.compile(generator), torch.compile(discriminator)
    pixels = torch.from_numpy(images()).to(device).permute(0, 3, 1, 2)

    @torch.no_grad()
    def sample(count, seed):
        z = torch.randn(count, LATENT, generator=torch.Generator(device).manual_seed(seed))
        generator.eval()
        pictures = to_bytes(generator(z).permute(0, 2, 3, 1).cpu())
        generator.train()
        return pictures

    while not clock.done:
        for index in torch.randperm(len(pixels)).split(BATCH):
            if len(index) < BATCH or clock.done:
                break
            real = pixels[index].float().div_(127.5).sub_(1.0)
            d_optimizer.zero_grad(set_to_none=True)
            fake = generate(torch.randn(BATCH, LATENT))
            loss = loss_function(discriminate(real), ones)
            loss = loss + loss_function(discriminate(fake.detach()), zeros)
            loss.backward()
            d_optimizer.step()
            g_optimizer.zero_grad(set_to_none=True)
            loss_function(discriminate(fake), ones).backward()
            g_optimizer.step()
            clock.tick(sample)


def sgemm() -> dict[str, float]:
    """The machine's peak rate: float32 matrix products of 2,048 × 2,048, in GFLOP/s."""
    import numpy as np

    side = 2048
    a, b = (np.random.default_rng(i).random((side, side), np.float32) for i in (0, 1))
    best = 0.0
    for _ in range(5):
        started = time.perf_counter()
        a @ b
        best = max(best, 2 * side**3 / (time.perf_counter() - started) / 1e9)
    return {"gflops": best}


CONTENDERS = {
    "ours": ours,
    "ours, XLA": lambda clock: ours(clock, "--xla"),
    "PyTorch": pytorch,
    "PyTorch, compiled": lambda clock: pytorch(clock, compiled=True),
    "plain Keras": plain_keras,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", help=", ".join(CONTENDERS) + ', sgemm or "ours --FLAG=VALUE …"')
    parser.add_argument("--steps", type=int, default=200)
    options = parser.parse_args()
    clock = Clock(options.steps)
    if options.name == "sgemm":
        measured = sgemm()
    elif options.name.startswith("ours --"):
        ours(clock, *options.name.split()[1:])
        measured = clock.result()
    else:
        CONTENDERS[options.name](clock)
        measured = clock.result()
    sys.stdout.write(json.dumps(measured) + "\n")


if __name__ == "__main__":
    main()
