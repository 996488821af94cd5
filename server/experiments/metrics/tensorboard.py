"""Writes what programs write for TensorBoard, with the real writer: argv[1] is the folder."""

import os
import sys

import numpy
from tensorboardX import SummaryWriter

for name in ("train", "validation"):
    with SummaryWriter(os.path.join(sys.argv[1], "runs", name)) as writer:
        for step in range(300):
            writer.add_scalar("loss", 1 / (step + 1), step, walltime=1_700_000_000 + step)
        writer.add_scalar("learning rate (Adam)", 1e-3, 7, walltime=1_700_000_000)
        writer.add_scalar("broken", float("nan"), 2**40, walltime=1_700_000_000)
        writer.add_histogram("weights", numpy.arange(100), 1)
        writer.add_text("note", "words", 1)
        writer.add_text("large", "x" * 2_000_000, 1)
