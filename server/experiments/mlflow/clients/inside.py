"""Inside a run of Drover: the variables are set, start_run attaches to it, and its end is not the client's to say."""
import os
import mlflow
from mlflow import MlflowClient

HERE = os.environ["MLFLOW_RUN_ID"]  # start_run takes it out of the environment
with mlflow.start_run() as run:
    assert run.info.run_id == HERE, run.info.run_id
    mlflow.log_param("inside", "yes")
    mlflow.log_metric("loss", 0.125, step=3)
    mlflow.log_metrics({"a": 1.0, "b": 2.0}, step=4)
    mlflow.set_tag("stage", "train")
after = MlflowClient().get_run(run.info.run_id)
assert after.info.status == "RUNNING", after.info.status
assert after.data.params["inside"] == "yes" and after.data.metrics["loss"] == 0.125
