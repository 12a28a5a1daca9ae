"""The variant in PyTorch: the same networks, in a process that knows nothing of TensorFlow."""

import torch
from pairs import BATCH, LATENT, RATE, Variant
from torch import nn


def about() -> str:
    """What runs here."""
    return f"PyTorch {torch.__version__}"


class Torch(Variant):
    """(d) PyTorch eager."""

    interval = 1

    def __init__(self, which, images):
        self.images = torch.tensor(images.transpose(0, 3, 1, 2).copy())
        self.generator, self.discriminator = NETWORKS[which]()
        self.bce = nn.functional.binary_cross_entropy_with_logits
        self.d_optimizer = torch.optim.Adam(self.discriminator.parameters(), RATE, (0.5, 0.999))
        self.g_optimizer = torch.optim.Adam(self.generator.parameters(), RATE, (0.5, 0.999))

    def run(self, steps):
        ones, zeros = torch.ones(BATCH, 1), torch.zeros(BATCH, 1)
        for _ in range(steps):
            real = self.images[torch.randint(0, len(self.images), (BATCH,))]
            with torch.no_grad():
                fake = self.generator(torch.randn(BATCH, LATENT))
            d_loss = self.bce(self.discriminator(real), ones) + self.bce(self.discriminator(fake), zeros)
            self.d_optimizer.zero_grad()
            d_loss.backward()
            self.d_optimizer.step()
            g_loss = self.bce(self.discriminator(self.generator(torch.randn(BATCH, LATENT))), ones)
            self.g_optimizer.zero_grad()
            g_loss.backward()
            self.g_optimizer.step()


def dense():
    generator = nn.Sequential(
        nn.Linear(LATENT, 128), nn.LeakyReLU(0.01), nn.Linear(128, 784), nn.Tanh(), nn.Unflatten(1, (1, 28, 28))
    )
    return generator, nn.Sequential(nn.Flatten(), nn.Linear(784, 128), nn.LeakyReLU(0.01), nn.Linear(128, 1))


def convolutional():
    def up(inputs, filters, stride):
        return nn.ConvTranspose2d(inputs, filters, 3, stride, padding=1, output_padding=stride - 1)

    generator = nn.Sequential(
        nn.Linear(LATENT, 7 * 7 * 256), nn.Unflatten(1, (256, 7, 7)),
        up(256, 128, 2), nn.BatchNorm2d(128), nn.LeakyReLU(0.01),
        up(128, 64, 1), nn.BatchNorm2d(64), nn.LeakyReLU(0.01),
        up(64, 1, 2), nn.Tanh(),
    )  # fmt: skip
    discriminator = nn.Sequential(
        nn.Conv2d(1, 32, 3, 2, 1), nn.LeakyReLU(0.01),
        nn.Conv2d(32, 64, 3, 2, 1), nn.BatchNorm2d(64), nn.LeakyReLU(0.01),
        nn.Conv2d(64, 128, 3, 2, 1), nn.BatchNorm2d(128), nn.LeakyReLU(0.01),
        nn.Flatten(), nn.Linear(128 * 4 * 4, 1),
    )  # fmt: skip
    return generator, discriminator


NETWORKS = {"dense": dense, "convolutional": convolutional}
