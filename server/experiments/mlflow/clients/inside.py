"""Inside a run of Drover: the variables are set, start_run attaches to it, and its end is not the client's to say. What is nested in it is the client's own."""
import os
import mlflow
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

HERE = os.environ["MLFLOW_RUN_ID"]  # start_run takes it out of the environment
client = MlflowClient()
experiment = client.get_experiment(os.environ["MLFLOW_EXPERIMENT_ID"])
try:
    mlflow.set_experiment("another one")
    raise SystemExit("a run left its experiment")
except MlflowException as error:
    assert "the run's own experiment" in str(error), error
mlflow.set_experiment(experiment.name)
with mlflow.start_run() as run:
    assert run.info.run_id == HERE, run.info.run_id
    mlflow.log_param("inside", "yes")
    mlflow.log_metric("loss", 0.125, step=3)
    mlflow.log_metrics({"a": 1.0, "b": 2.0}, step=4)
    mlflow.set_tag("stage", "train")
    with mlflow.start_run(run_name="fold 1", nested=True) as fold:
        mlflow.log_param("fold", 1)
        mlflow.log_metric("loss", 0.25, step=1)
        mlflow.log_dict({"fold": 1}, "fold.json")
after = client.get_run(run.info.run_id)
assert after.info.status == "RUNNING", after.info.status
assert after.data.params["inside"] == "yes" and after.data.metrics["loss"] == 0.125
nested = client.get_run(fold.info.run_id)
assert (nested.info.status, nested.data.tags["mlflow.parentRunId"], nested.data.metrics["loss"]) == ("FINISHED", HERE, 0.25), nested
assert [f.path for f in client.list_artifacts(fold.info.run_id)] == ["fold.json"]
