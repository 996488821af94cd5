"""Data-parallel training with PyTorch on the same handwritten digits as ../digits: one process per GPU (nccl), or on CPUs (gloo).

Started by torchrun, which the run's `launcher: torchrun` asks for. Needs PyTorch on the cluster; nothing is downloaded.
Only rank 0 reports and saves; every rank restores, so a retried attempt goes on where the last one was saved.
"""

import csv
import gzip
import json
import os
import signal
from pathlib import Path

import torch
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel
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


def main():
    on_gpu = torch.cuda.is_available()
    dist.init_process_group("nccl" if on_gpu else "gloo")
    rank, world, local = dist.get_rank(), dist.get_world_size(), int(os.environ["LOCAL_RANK"])
    device = torch.device("cuda", local) if on_gpu else torch.device("cpu")
    if on_gpu:
        torch.cuda.set_device(device)
    torch.manual_seed(SETTINGS["seed"])

    training, (test_pixels, test_digits) = load()
    test_pixels, test_digits = test_pixels.to(device), test_digits.to(device)
    model = DistributedDataParallel(
        nn.Sequential(nn.Linear(64, SETTINGS["hidden"]), nn.ReLU(), nn.Dropout(0.2), nn.Linear(SETTINGS["hidden"], 10)).to(device),
        device_ids=[local] if on_gpu else None,
    )
    optimizer = torch.optim.AdamW(model.parameters(), lr=SETTINGS["learning_rate"])
    sampler = DistributedSampler(training, num_replicas=world, rank=rank, seed=SETTINGS["seed"])
    batches = DataLoader(training, batch_size=SETTINGS["batch_size"], sampler=sampler)

    place = os.environ.get("DROVER_CHECKPOINT_DIR")
    checkpoint = Path(place) / "checkpoint.pt" if place else None
    first = 0
    if checkpoint and checkpoint.exists():
        state = torch.load(checkpoint, map_location=device)
        model.module.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        first = state["epoch"]
    if rank == 0:
        print(f"{world} processes on {'GPUs' if on_gpu else 'CPUs'}, {len(training)} images, from epoch {first + 1}", flush=True)

    stop = torch.zeros(1, device=device)
    signal.signal(signal.SIGTERM, lambda *_: stop.fill_(1))
    for epoch in range(first, SETTINGS["epochs"]):
        sampler.set_epoch(epoch)
        model.train()
        total = torch.zeros(2, device=device)
        for pixels, digits in batches:
            pixels, digits = pixels.to(device), digits.to(device)
            loss = nn.functional.cross_entropy(model(pixels), digits)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += torch.stack([loss.detach() * len(digits), torch.tensor(float(len(digits)), device=device)])
        dist.all_reduce(total)
        asked = stop.clone()
        dist.all_reduce(asked)  # all ranks leave together, or they would wait for each other
        model.eval()
        with torch.no_grad():
            scores = model.module(test_pixels)
        if rank == 0:
            loss = nn.functional.cross_entropy(scores, test_digits).item()
            accuracy = (scores.argmax(1) == test_digits).float().mean().item()
            train_loss = (total[0] / total[1]).item()
            print(f"epoch {epoch + 1:>3}  loss {loss:.4f}  accuracy {accuracy:.1%}", flush=True)
            print("drover: " + json.dumps({"epoch": epoch + 1, "step": epoch + 1, "train_loss": train_loss, "loss": loss, "accuracy": accuracy}), flush=True)
            if checkpoint:
                save(checkpoint, {"epoch": epoch + 1, "model": model.module.state_dict(), "optimizer": optimizer.state_dict()})
        dist.barrier()
        if asked.item() > 0:
            if rank == 0:
                print(f"asked to stop: saved after epoch {epoch + 1}", flush=True)
            dist.destroy_process_group()
            raise SystemExit(143)
    if rank == 0:
        Path("out").mkdir(exist_ok=True)
        torch.save(model.module.state_dict(), "out/model.pt")
        print("done: out/model.pt", flush=True)
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
