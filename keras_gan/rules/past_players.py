"""Past players: now and then a player trains against an old snapshot of the other (tip 8)."""

import tensorflow as tf

from keras_gan.rules.base import register
from keras_gan.rules.target_networks import PLAYERS, Opponent


@register
class PastPlayers(Opponent):
    """A ring of snapshots of G and D.

    Every `duration` steps a lot decides, with probability `rate`, whether the next ones are played
    against a snapshot, drawn uniformly: D then sees fakes of an old G, and G is judged by an old D.
    The players of today go on training; no old weight is written into them. Costs one more pass of
    G a D turn, and the memory of the snapshots.

    Source: tip 8 of "How to train a GAN" (Chintala et al., 2016).

    Args:
        slots: snapshots that are kept.
        every: steps between snapshots.
        rate: expected share of steps against a snapshot, once there is one.
        duration: steps that a swap lasts.
    """

    def __init__(self, slots=5, every=100, rate=0.1, duration=5, name="past_players", **kwargs):
        super().__init__(name=name, **kwargs)
        self.slots, self.every, self.rate, self.duration = slots, every, rate, duration

    def build_for(self, gan):
        super().build_for(gan)
        self.snapshots = {
            name: [
                self.state(f"{name}_{i}", (self.slots, *v.shape), v.dtype)
                for i, v in enumerate(self.network(name).variables)
            ]
            for name in PLAYERS
        }
        self.taken = self.state("taken", dtype="int64")
        self.slot = self.state("slot", dtype="int32")
        self.active = self.state("active", dtype="bool")
        self.swaps = self.state("swaps", dtype="int64")

    def values(self, name, current):
        active, slot = tf.convert_to_tensor(self.active.value), self.slot.value
        return [
            tf.where(active, ring.value[slot], value)
            for ring, value in zip(self.snapshots[name], current, strict=True)
        ]

    def on_step_end(self, step, key, metrics):
        metrics["past_players/active"] = tf.cast(self.active.value, tf.float32)
        metrics["past_players/swaps"] = tf.cast(self.swaps.value, tf.float32)
        metrics["past_players/filled"] = tf.cast(
            tf.minimum(self.taken.value, self.slots), tf.float32
        )
        tf.cond((step + 1) % self.every == 0, self._take, lambda: False)
        self._decide(step, key.at(0).fold("past_players"))

    def _take(self):
        """Writes the players of now over the oldest snapshot."""
        place = tf.reshape(self.taken.value % self.slots, [1, 1])
        for name in PLAYERS:
            for v, ring in zip(self.network(name).variables, self.snapshots[name]):
                now = tf.convert_to_tensor(v.value)[None]
                ring.assign(tf.tensor_scatter_nd_update(ring.value, place, now))
        self.taken.assign_add(1)
        return True

    def _decide(self, step, key):
        """Draws whether and against whom the next steps are played."""
        filled = tf.cast(tf.minimum(self.taken.value, self.slots), tf.int32)
        due = (step + 1) % self.duration == 0
        wins = (key.fold("swap").uniform([1])[0] < self.rate) & (filled > 0)
        slot = key.fold("slot").integers([1], tf.maximum(filled, 1))[0]
        self.swaps.assign_add(tf.cast(due & wins, tf.int64))
        self.active.assign(tf.where(due, wins, self.active.value))
        self.slot.assign(tf.where(due, slot, self.slot.value))
