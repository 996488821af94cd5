"""Data-parallel training with Horovod on the same handwritten digits as ../digits: one process per GPU, or on CPUs.

Started by mpirun, which the run's `launcher: mpi` asks for; no `horovodrun`. Needs Horovod with PyTorch and MPI on the cluster;
nothing is downloaded. Rank 0 alone reports, saves and restores; what it restored goes to the others, so a retried attempt goes
on where the last one was saved.
"""

import csv
import gzip
import json
import os
import signal
from pathlib import Path

import horovod.torch as hvd
import torch
from torch import nn
from torch.utils.data import DataLoader, DistributedSampler, TensorDataset

DATA = Path(__file__).resolve().parent / "digits.csv.gz"
SETTINGS = {"epochs": 60, "batch_size": 32, "learning_rate": 0.002, "hidden": 256, "seed": 7}
SETTINGS.update(json.loads(os.environ.get("DROVER_PARAMS") or "{}"))


def load():
    with gzip.open(DATA, "rt", newline="") as file:
        rows = torch.tensor([[int(cell) for cell in row] for row in csv.reader(file) if row])
    rows = rows[torch.randperm(len(rows), generator=torch.Generator().manual_seed(SETTINGS["seed"]))]
    pixels, digits = rows[:, :64].float() / 16, rows[:, 64]
    split = len(rows) * 4 // 5
    return TensorDataset(pixels[:split], digits[:split]), (pixels[split:], digits[split:])


def save(path, state):
    part = path.with_suffix(".part")
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save(state, part)
    os.replace(part, path)


def train_epoch(model, optimizer, batches, device):
    """The mean loss over the images of all ranks."""
    model.train()
    total = torch.zeros(2)
    for pixels, digits in batches:
        pixels, digits = pixels.to(device), digits.to(device)
        loss = nn.functional.cross_entropy(model(pixels), digits)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()  # waits until every rank's gradients are averaged
        total += torch.tensor([loss.item() * len(digits), float(len(digits))])
    total = hvd.allreduce(total, op=hvd.Sum, name="loss")
    return (total[0] / total[1]).item()


def main():
    hvd.init()
    on_gpu = torch.cuda.is_available()
    device = torch.device("cuda", hvd.local_rank()) if on_gpu else torch.device("cpu")
    if on_gpu:
        torch.cuda.set_device(device)
    torch.manual_seed(SETTINGS["seed"])
    leads = hvd.rank() == 0

    training, (test_pixels, test_digits) = load()
    test_pixels, test_digits = test_pixels.to(device), test_digits.to(device)
    model = nn.Sequential(nn.Linear(64, SETTINGS["hidden"]), nn.ReLU(), nn.Dropout(0.2), nn.Linear(SETTINGS["hidden"], 10)).to(device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=SETTINGS["learning_rate"])
    sampler = DistributedSampler(training, num_replicas=hvd.size(), rank=hvd.rank(), seed=SETTINGS["seed"])
    batches = DataLoader(training, batch_size=SETTINGS["batch_size"], sampler=sampler)

    place = os.environ.get("DROVER_CHECKPOINT_DIR")
    checkpoint = Path(place) / "checkpoint.pt" if place else None
    saved = torch.load(checkpoint, map_location="cpu") if leads and checkpoint and checkpoint.exists() else None
    saved = hvd.broadcast_object(saved, root_rank=0, name="checkpoint")
    first = 0
    if saved:
        model.load_state_dict(saved["model"])
        optimizer.load_state_dict(saved["optimizer"])
        first = saved["epoch"]
    hvd.broadcast_parameters(model.state_dict(), root_rank=0)
    optimizer = hvd.DistributedOptimizer(optimizer, named_parameters=model.named_parameters())
    print(f"process {hvd.local_rank() + 1} of {hvd.local_size()} on its node", flush=True)
    if leads:
        print(f"{hvd.size()} processes on {'GPUs' if on_gpu else 'CPUs'}, {len(training)} images, from epoch {first + 1}", flush=True)

    stop = torch.zeros(1)
    signal.signal(signal.SIGTERM, lambda *_: stop.fill_(1))
    for epoch in range(first, SETTINGS["epochs"]):
        sampler.set_epoch(epoch)
        train_loss = train_epoch(model, optimizer, batches, device)
        asked = hvd.allreduce(stop, op=hvd.Sum, name="stop").item() > 0  # all ranks leave together, or they would wait for each other
        if leads:
            model.eval()
            with torch.no_grad():
                scores = model(test_pixels)
            loss = nn.functional.cross_entropy(scores, test_digits).item()
            accuracy = (scores.argmax(1) == test_digits).float().mean().item()
            print(f"epoch {epoch + 1:>3}  loss {loss:.4f}  accuracy {accuracy:.1%}", flush=True)
            print("drover: " + json.dumps({"epoch": epoch + 1, "step": epoch + 1, "train_loss": train_loss, "loss": loss, "accuracy": accuracy}), flush=True)
            if checkpoint:
                save(checkpoint, {"epoch": epoch + 1, "model": model.state_dict(), "optimizer": optimizer.state_dict()})
        if asked:
            if leads:
                print(f"asked to stop: saved after epoch {epoch + 1}", flush=True)
            hvd.shutdown()
            raise SystemExit(143)
    if leads:
        Path("out").mkdir(exist_ok=True)
        torch.save(model.state_dict(), "out/model.pt")
        print("done: out/model.pt", flush=True)
    hvd.shutdown()


if __name__ == "__main__":
    main()
