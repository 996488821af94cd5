"""Train a small neural network on handwritten digits, in plain Python 3: no packages, nothing to install.

A multilayer perceptron (64 inputs, one hidden layer, 10 outputs) trained by minibatch gradient descent with momentum on
1,437 of the 1,797 images; the other 360 are only ever looked at to measure. train.mjs is the same program for Node.

What makes it a Drover run is three habits, none of which needs Drover to be there:
  - a line `drover: {...}` on stdout is a point of the metric charts;
  - what is written under DROVER_CHECKPOINT_DIR is there again in the next attempt, so it goes on where it was;
  - SIGTERM means: save, then leave.
"""

import argparse
import csv
import json
import math
import os
import signal
import struct
import sys
import time
import zlib
from operator import mul
from pathlib import Path

HERE = Path(__file__).resolve().parent
CLASSES = 10


class Dice:
    """mulberry32: a few lines that give the same numbers in train.mjs, so that both train the same network."""

    def __init__(self, seed):
        self.state = seed & 0xFFFFFFFF

    def next(self):
        self.state = (self.state + 0x6D2B79F5) & 0xFFFFFFFF
        t = self.state
        t = ((t ^ (t >> 15)) * (t | 1)) & 0xFFFFFFFF
        t ^= (t + (((t ^ (t >> 7)) * (t | 61)) & 0xFFFFFFFF)) & 0xFFFFFFFF
        return ((t ^ (t >> 14)) & 0xFFFFFFFF) / 4294967296

    def shuffled(self, items):
        items = list(items)
        for i in range(len(items) - 1, 0, -1):
            j = int(self.next() * (i + 1))
            items[i], items[j] = items[j], items[i]
        return items

    def normal(self):
        """Box-Muller: one sample of the standard normal distribution."""
        return math.sqrt(-2 * math.log(1 - self.next())) * math.cos(2 * math.pi * self.next())


def load(path):
    """-> [(64 pixels from 0 to 1, digit)]"""
    with open(path, newline="") as file:
        rows = [[int(cell) for cell in row] for row in csv.reader(file) if row]
    if any(len(row) != 65 for row in rows):
        raise SystemExit(f"{path}: every line needs 64 pixels and the digit")
    return [([pixel / 16 for pixel in row[:64]], row[64]) for row in rows]


def new_network(hidden, dice):
    layer = lambda outputs, inputs: [[dice.normal() * math.sqrt(1 / inputs) for _ in range(inputs)] for _ in range(outputs)]
    return {"w1": layer(hidden, 64), "b1": [0.0] * hidden, "w2": layer(CLASSES, hidden), "b2": [0.0] * CLASSES}


def like(network):
    """Zeros in the shape of a network."""
    return {key: [[0.0] * len(row) for row in value] if isinstance(value[0], list) else [0.0] * len(value) for key, value in network.items()}


def forward(network, pixels):
    """-> activations of the hidden layer, probabilities of the digits"""
    hidden = [math.tanh(bias + sum(map(mul, row, pixels))) for row, bias in zip(network["w1"], network["b1"])]
    scores = [bias + sum(map(mul, row, hidden)) for row, bias in zip(network["w2"], network["b2"])]
    top = max(scores)
    powers = [math.exp(score - top) for score in scores]
    total = sum(powers)
    return hidden, [power / total for power in powers]


def add_scaled(row, factor, other):
    return [a + factor * b for a, b in zip(row, other)]


def learn(network, velocity, batch, rate, momentum):
    """One step of gradient descent. -> mean cross-entropy of the batch before the step"""
    gradient, loss = like(network), 0.0
    for pixels, digit in batch:
        hidden, odds = forward(network, pixels)
        loss -= math.log(max(odds[digit], 1e-12))
        error = [p - (k == digit) for k, p in enumerate(odds)]
        back = [0.0] * len(hidden)
        for k, e in enumerate(error):
            gradient["w2"][k] = add_scaled(gradient["w2"][k], e, hidden)
            gradient["b2"][k] += e
            back = add_scaled(back, e, network["w2"][k])
        for j, (b, h) in enumerate(zip(back, hidden)):
            delta = b * (1 - h * h)
            gradient["w1"][j] = add_scaled(gradient["w1"][j], delta, pixels)
            gradient["b1"][j] += delta
    scale = -rate / len(batch)
    for key, rows in gradient.items():
        if isinstance(rows[0], list):
            velocity[key] = [[momentum * v + scale * g for v, g in zip(vs, gs)] for vs, gs in zip(velocity[key], rows)]
            network[key] = [[w + v for w, v in zip(ws, vs)] for ws, vs in zip(network[key], velocity[key])]
        else:
            velocity[key] = [momentum * v + scale * g for v, g in zip(velocity[key], rows)]
            network[key] = [w + v for w, v in zip(network[key], velocity[key])]
    return loss / len(batch)


def measure(network, images):
    """-> mean cross-entropy, accuracy, predictions"""
    loss, guesses = 0.0, []
    for pixels, digit in images:
        _, odds = forward(network, pixels)
        loss -= math.log(max(odds[digit], 1e-12))
        guesses.append(odds.index(max(odds)))
    right = sum(guess == digit for guess, (_, digit) in zip(guesses, images))
    return loss / len(images), right / len(images), guesses


def write_whole(path, data):
    """The file is there in full or as it was before: a kill in between leaves no half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    with open(part, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(part, path)


def restore(path, settings):
    """-> the saved state; None when there is none, or it is of other settings"""
    if not path or not path.exists():
        return None
    saved = json.loads(path.read_text())
    if saved["settings"] != settings:
        print(f"the checkpoint was made with other settings ({saved['settings']}): starting anew")
        return None
    return saved


FONT = [glyph.split("/") for glyph in (
    "###/#.#/#.#/#.#/###", ".#./##./.#./.#./###", "###/..#/###/#../###", "###/..#/.##/..#/###", "#.#/#.#/###/..#/..#",
    "###/#../###/..#/###", "###/#../###/#.#/###", "###/..#/.#./.#./.#.", "###/#.#/###/#.#/###", "###/#.#/###/..#/###",
)]


def draw_digit(canvas, digit, x, y, colour):
    """A digit of 3 x 5 cells, two pixels each."""
    for line, row in enumerate(FONT[digit]):
        for column, ink in enumerate(row):
            if ink == "#":
                for dy in range(2):
                    for dx in range(2):
                        canvas[y + line * 2 + dy][x + column * 2 + dx] = colour


def picture_of_mistakes(images, guesses):
    """A PNG of the images that were read wrongly: below each, what was written (green) and what was read (red)."""
    wrong = [(pixels, digit, guess) for (pixels, digit), guess in zip(images, guesses) if digit != guess]
    columns = max(1, min(8, len(wrong)))
    lines = max(1, -(-len(wrong) // columns))
    width, height = columns * 76 + 4, lines * 92 + 4
    canvas = [[(255, 255, 255)] * width for _ in range(height)]
    for place, (pixels, digit, guess) in enumerate(wrong):
        left, top = 4 + place % columns * 76, 4 + place // columns * 92
        for y in range(72):
            for x in range(72):
                canvas[top + y][left + x] = (255 - round(pixels[y // 9 * 8 + x // 9] * 225),) * 3
        draw_digit(canvas, digit, left + 4, top + 75, (21, 112, 63))
        draw_digit(canvas, guess, left + 62, top + 75, (180, 35, 24))
    return png(canvas)


def png(canvas):
    chunk = lambda kind, data: struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    rows = b"".join(b"\0" + bytes(value for pixel in row for value in pixel) for row in canvas)
    header = struct.pack(">IIBBBBB", len(canvas[0]), len(canvas), 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")


def write_results(folder, images, guesses, history, settings):
    table = [[0] * CLASSES for _ in range(CLASSES)]
    for (_, digit), guess in zip(images, guesses):
        table[digit][guess] += 1
    rows = ["written," + ",".join(f"read {k}" for k in range(CLASSES))]
    rows += [f"{digit}," + ",".join(map(str, row)) for digit, row in enumerate(table)]
    write_whole(folder / "confusion.csv", ("\n".join(rows) + "\n").encode())
    write_whole(folder / "metrics.json", json.dumps({"settings": settings, "final": history[-1], "history": history}, indent=2).encode())
    write_whole(folder / "misread.png", picture_of_mistakes(images, guesses))


def report(**values):
    print("drover: " + json.dumps(values), flush=True)


def read_settings():
    """Defaults, then the run's parameters (DROVER_PARAMS), then the command line."""
    given = json.loads(os.environ.get("DROVER_PARAMS") or "{}")
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    for name, kind, default in (("epochs", int, 60), ("hidden", int, 48), ("batch_size", int, 32), ("learning_rate", float, 0.02), ("momentum", float, 0.9), ("seed", int, 7)):
        parser.add_argument(f"--{name.replace('_', '-')}", type=kind, default=kind(given.get(name, default)))
    parser.add_argument("--out", type=Path, default=Path("out"), help="where results are written")
    options = vars(parser.parse_args())
    return options.pop("out"), options


class Stop(Exception):
    pass


def main():
    out, settings = read_settings()
    images = Dice(settings["seed"]).shuffled(load(HERE / "digits.csv"))
    split = len(images) * 4 // 5
    training, testing = images[:split], images[split:]
    place = os.environ.get("DROVER_CHECKPOINT_DIR")
    checkpoint = Path(place) / "checkpoint.json" if place else None

    saved = restore(checkpoint, settings)
    if saved:
        network, velocity, history, losses = saved["network"], saved["velocity"], saved["history"], saved["losses"]
        first, skip = saved["epoch"], saved["batch"]
        print(f"resumed from {checkpoint}: epoch {first + 1}, batch {skip + 1}")
    else:
        network = new_network(settings["hidden"], Dice(settings["seed"] + 1))
        velocity, history, losses, first, skip = like(network), [], [], 0, 0
    print(f"attempt {os.environ.get('DROVER_ATTEMPT', '1')}: {len(training)} images to learn from, {len(testing)} to measure, {settings}", flush=True)

    def leave(*_):
        raise Stop

    signal.signal(signal.SIGTERM, leave)

    def save(epoch, batch):
        if checkpoint:
            state = {"settings": settings, "epoch": epoch, "batch": batch, "network": network, "velocity": velocity, "history": history, "losses": losses}
            write_whole(checkpoint, json.dumps(state).encode())

    size = settings["batch_size"]
    per_epoch = -(-len(training) // size)
    epoch, batch = first, skip
    try:
        for epoch in range(first, settings["epochs"]):
            began = time.monotonic()
            order = Dice(settings["seed"] * 1000 + epoch).shuffled(training)  # of the epoch alone, so a resumed one goes on alike
            for batch in range(skip if epoch == first else 0, per_epoch):
                signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])  # a step is whole, or it did not happen
                loss = learn(network, velocity, order[batch * size : (batch + 1) * size], settings["learning_rate"], settings["momentum"])
                losses.append(loss)
                batch += 1
                signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])
                step = epoch * per_epoch + batch
                if step % 5 == 0:
                    report(batch_loss=round(loss, 6), step=step)
                if batch % 9 == 0:
                    print(f"\repoch {epoch + 1}/{settings['epochs']} [{'#' * (batch * 20 // per_epoch):<20}]", end="", file=sys.stderr, flush=True)
            test_loss, accuracy, guesses = measure(network, testing)
            train_loss = sum(losses) / len(losses)
            history.append({"epoch": epoch + 1, "train_loss": train_loss, "loss": test_loss, "accuracy": accuracy})
            print(f"\repoch {epoch + 1}/{settings['epochs']} [{'#' * 20}] {time.monotonic() - began:.1f} s", file=sys.stderr, flush=True)
            print(f"epoch {epoch + 1:>3}  loss {test_loss:.4f}  accuracy {accuracy:.1%}", flush=True)
            report(epoch=epoch + 1, step=(epoch + 1) * per_epoch, train_loss=round(train_loss, 6), loss=round(test_loss, 6), accuracy=round(accuracy, 6))
            batch, losses = 0, []
            save(epoch + 1, 0)
    except Stop:
        save(epoch, batch)
        print(f"asked to stop: saved at epoch {epoch + 1}, batch {batch}", flush=True)
        raise SystemExit(143)

    _, accuracy, guesses = measure(network, testing)
    write_results(out, testing, guesses, history, settings)
    print(f"done: {accuracy:.1%} of {len(testing)} unseen images read right; results in {out}/", flush=True)


if __name__ == "__main__":
    main()
