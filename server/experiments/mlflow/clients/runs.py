"""Runs through the fluent interface: begun, logged to in every way, resumed, deleted, restored."""
import math
import mlflow
from mlflow import MlflowClient
from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param, RunTag, ViewType
from mlflow.exceptions import MlflowException

client = MlflowClient()
mlflow.set_experiment("runs")
with mlflow.start_run(run_name="parent", tags={"kind": "demo"}) as parent:
    mlflow.log_param("lr", 0.1)
    mlflow.log_params({"bs": 32, "opt": "adam"})
    mlflow.log_metric("loss", 0.5, step=1)
    mlflow.log_metric("loss", 0.25, step=2)
    mlflow.log_metrics({"acc": 0.9, "f1": 0.8}, step=2)
    mlflow.log_metric("odd", float("nan"))
    mlflow.log_metric("huge", float("inf"), step=2**40)
    mlflow.set_tag("note", "hello")
    with mlflow.start_run(nested=True) as child:
        mlflow.log_metric("loss", 1.0)
run = client.get_run(parent.info.run_id)
assert (run.info.status, run.info.run_name, run.info.lifecycle_stage) == ("FINISHED", "parent", "active"), run.info
assert run.info.end_time >= run.info.start_time > 0
assert run.data.params == {"lr": "0.1", "bs": "32", "opt": "adam"}, run.data.params
assert run.data.metrics["loss"] == 0.25 and run.data.metrics["acc"] == 0.9
assert math.isnan(run.data.metrics["odd"]) and run.data.metrics["huge"] == math.inf
assert run.data.tags["note"] == "hello" and run.data.tags["kind"] == "demo" and run.data.tags["mlflow.runName"] == "parent"
assert client.get_run(child.info.run_id).data.tags["mlflow.parentRunId"] == parent.info.run_id

try:
    client.log_param(run.info.run_id, "lr", "0.2")
    raise SystemExit("a parameter was changed")
except MlflowException as error:
    assert error.error_code == "INVALID_PARAMETER_VALUE", error.error_code
client.log_batch(run.info.run_id, [Metric("batch", float(i), 1000 + i, i) for i in range(1000)], [Param("p", "v")], [RunTag("t", "u")][:0])
history = client.get_metric_history(run.info.run_id, "batch")
assert [(m.step, m.value, m.timestamp) for m in history] == [(i, float(i), 1000 + i) for i in range(1000)]
client.delete_tag(run.info.run_id, "note")
assert "note" not in client.get_run(run.info.run_id).data.tags
client.log_inputs(run.info.run_id, [DatasetInput(Dataset(name="iris", digest="abc", source_type="local", source="{}"), [InputTag("mlflow.data.context", "training")])])
inputs = client.get_run(run.info.run_id).inputs.dataset_inputs
assert [(i.dataset.name, i.dataset.digest, i.tags[0].value) for i in inputs] == [("iris", "abc", "training")], inputs

with mlflow.start_run(run_id=run.info.run_id):
    assert client.get_run(run.info.run_id).info.status == "RUNNING"
client.set_terminated(run.info.run_id, "KILLED", end_time=123456)
assert (client.get_run(run.info.run_id).info.status, client.get_run(run.info.run_id).info.end_time) == ("KILLED", 123456)
client.update_run(run.info.run_id, name="renamed")
assert client.get_run(run.info.run_id).info.run_name == "renamed"
client.delete_run(run.info.run_id)
assert client.get_run(run.info.run_id).info.lifecycle_stage == "deleted"
deleted = client.search_runs([run.info.experiment_id], run_view_type=ViewType.DELETED_ONLY)
assert [r.info.run_id for r in deleted] == [run.info.run_id]
client.restore_run(run.info.run_id)
try:
    client.get_run("run_missing")
    raise SystemExit("a missing run was found")
except MlflowException as error:
    assert error.error_code == "RESOURCE_DOES_NOT_EXIST", error.error_code
