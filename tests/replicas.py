"""Two devices against one: a script of its own, because TensorFlow's devices can only be chosen before it starts.

Prints, for each system, the largest difference of any weight after training on one device and on two.
"""

import json

from gan_helpers.core.session import quiet_tensorflow

tf, keras = quiet_tensorflow()
(cpu,) = tf.config.list_physical_devices("CPU")
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)

import numpy as np
import systems

STRATEGY = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"], cross_device_ops=tf.distribute.ReductionToOneDevice())
NAMES = ("gan, averaged, two steps of D", "wgan-gp", "vae")  # no batch norm, no dropout


def trained(name):
    system, sources = systems.build(name)
    for player in system.players():
        system.optimizer_of(player).learning_rate = 0.01
    curves = systems.train(system, sources, steps=4)
    values = [v.numpy() for part in system.parts().values() for v in part.variables if v.dtype == "float32"]
    return values, {report: curves[report][1].tolist() for report in system.reports}


def restarted(seed):
    """A compiled game, trained and begun anew; a restart must change its noise as well."""
    game, sources = systems.build("gan")
    for number in (0, seed):
        game.restart(number)
        systems.train(game, sources, steps=2)
    return [v.numpy() for player in game.players() for v in game.weights_of(player)]


def main():
    tf.config.run_functions_eagerly(True)  # nothing here lasts long enough for compiling to pay
    differences = {}
    for name in NAMES:
        alone, curves_alone = trained(name)
        with STRATEGY.scope():
            together, curves_together = trained(name)
        largest = max(float(np.abs(a - b).max()) for a, b in zip(alone, together, strict=True))
        moved = max(float(np.abs(curves_alone[r][0] - curves_alone[r][-1])) for r in curves_alone)
        of_curves = max(
            abs(a - b) for r in curves_alone for a, b in zip(curves_alone[r], curves_together[r], strict=True)
        )
        differences[name] = {"weights": largest, "curves": float(of_curves), "moved": moved}
    tf.config.run_functions_eagerly(False)
    alone = restarted(1)
    with STRATEGY.scope():
        together = restarted(1)
    differences["restart"] = max(float(np.abs(a - b).max()) for a, b in zip(alone, together, strict=True))
    print(json.dumps(differences))


if __name__ == "__main__":
    main()
