"""Logs one of everything with the real client, to a folder or a server: what an import must bring over."""

import os
import sys
import tempfile

import mlflow
from mlflow import MlflowClient
from mlflow.entities import Dataset, DatasetInput, InputTag, LoggedModelOutput, Metric

mlflow.set_tracking_uri(sys.argv[1])
client = MlflowClient()
experiment = client.create_experiment("digits", tags={"team": "vision"})
with tempfile.TemporaryDirectory() as folder:
    with open(os.path.join(folder, "weights.bin"), "wb") as file:
        file.write(bytes(range(256)) * 100)

    parent = client.create_run(experiment, run_name="parent", start_time=1_700_000_000_000, tags={"note": "first, with \"quotes\""})
    run_id = parent.info.run_id
    for key, value in {"lr": "0.1", "a/b": "x y"}.items():
        client.log_param(run_id, key, value)
    client.log_batch(run_id, metrics=[Metric("loss", 1 / (i + 1), 1_700_000_000_000 + i, i) for i in range(1000)])
    client.log_batch(run_id, metrics=[Metric("loss", 1 / (i + 1), 1_700_000_000_000 + i, i) for i in range(1000, 1500)])
    client.log_batch(run_id, metrics=[Metric("odd/values", value, 1_700_000_000_000 + at, 2**60 + at) for at, value in enumerate([float("nan"), float("inf"), float("-inf"), -0.0, 5e-324])])
    client.log_artifact(run_id, os.path.join(folder, "weights.bin"), "model/deep er")
    client.log_inputs(run_id, [DatasetInput(Dataset("optdigits", "abc123", "local", "digits.csv"), [InputTag("mlflow.data.context", "training")])])
    child = client.create_run(experiment, run_name="child", start_time=1_700_000_001_000, tags={"mlflow.parentRunId": run_id})
    client.log_metric(child.info.run_id, "accuracy", 0.5, timestamp=1_700_000_002_000)
    client.set_terminated(child.info.run_id, "FAILED", end_time=1_700_000_003_000)

    model = client.create_logged_model(experiment, name="net", source_run_id=run_id, params={"depth": "3"}, tags={"kind": "cnn"}, model_type="net")
    client.log_model_artifacts(model.model_id, folder)
    client.finalize_logged_model(model.model_id, "READY")
    client.log_outputs(run_id, [LoggedModelOutput(model.model_id, 7)])
    client.set_terminated(run_id, "FINISHED", end_time=1_700_000_009_000)
    client.create_run(experiment, run_name="still going")

    client.create_registered_model("digits", tags={"team": "vision"}, description="Reads digits")
    client.create_model_version("digits", f"runs:/{run_id}/model/deep er", run_id=run_id, description="the first")
    client.create_model_version("digits", f"models:/{model.model_id}", run_id=run_id, model_id=model.model_id)
    client.set_registered_model_alias("digits", "champion", "2")
