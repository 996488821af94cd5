"""Logged models, as MLflow 3 keeps what a run produced: made, given files, measured, searched, linked to runs, deleted."""
import os
import tempfile
import mlflow
from mlflow import MlflowClient
from mlflow.entities import Dataset, DatasetInput, LoggedModelInput, LoggedModelOutput
from mlflow.exceptions import MlflowException

client = MlflowClient()
experiment = mlflow.set_experiment("logged models").experiment_id
run = client.create_run(experiment).info.run_id
made = client.create_logged_model(experiment, name="net", source_run_id=run, tags={"team": "blue"}, params={"depth": "3"}, model_type="agent")
assert (made.name, made.status, made.source_run_id, made.tags["team"], made.params) == ("net", "PENDING", run, "blue", {"depth": "3"}), made
folder = tempfile.mkdtemp()
with open(os.path.join(folder, "weights.txt"), "w") as file:
    file.write("w" * 1000)
client.log_model_artifacts(made.model_id, folder)
client.log_outputs(run, [LoggedModelOutput(model_id=made.model_id, step=7)])
assert client.finalize_logged_model(made.model_id, "READY").status == "READY"
assert [(f.path, f.file_size) for f in client.list_logged_model_artifacts(made.model_id)] == [("weights.txt", 1000)]


def weights(uri):
    with open(os.path.join(mlflow.artifacts.download_artifacts(uri), "weights.txt")) as file:
        return file.read()


assert weights(f"models:/{made.model_id}") == "w" * 1000
client.set_logged_model_tags(made.model_id, {"stage": "dev", "more": "x"})
client.delete_logged_model_tag(made.model_id, "more")
assert {k: v for k, v in client.get_logged_model(made.model_id).tags.items() if not k.startswith("mlflow.")} == {"team": "blue", "stage": "dev"}
client.log_metric(run, "accuracy", 0.75, step=7, model_id=made.model_id, dataset_name="iris", dataset_digest="d1")
client.log_metric(run, "accuracy", 0.875, step=8, model_id=made.model_id, dataset_name="iris", dataset_digest="d1")
metrics = client.get_logged_model(made.model_id).metrics
assert [(m.key, m.value, m.step, m.dataset_name) for m in metrics] == [("accuracy", 0.875, 8, "iris")], metrics
outputs = client.get_run(run).outputs.model_outputs
assert [(o.model_id, o.step) for o in outputs] == [(made.model_id, 7)], outputs

other = client.create_logged_model(experiment, name="other", source_run_id=run)
client.finalize_logged_model(other.model_id, "FAILED")
user = client.create_run(experiment).info.run_id
client.log_inputs(user, [DatasetInput(Dataset("iris", "d1", "local", "{}"), [])], models=[LoggedModelInput(made.model_id)])
assert [i.model_id for i in client.get_run(user).inputs.model_inputs] == [made.model_id]


def names(text=None, **more):
    return [m.name for m in client.search_logged_models(experiment_ids=[experiment], filter_string=text, **more)]


assert sorted(names()) == ["net", "other"]
assert names("name = 'net' and params.depth = '3'") == ["net"]
assert names("tags.stage = 'dev'") == ["net"]
assert names("metrics.accuracy > 0.8") == ["net"] and names("metrics.accuracy > 0.9") == []
assert names(order_by=[{"field_name": "name", "ascending": False}]) == ["other", "net"]
page = client.search_logged_models(experiment_ids=[experiment], order_by=[{"field_name": "name"}], max_results=1)
rest = client.search_logged_models(experiment_ids=[experiment], order_by=[{"field_name": "name"}], max_results=1, page_token=page.token)
assert [m.name for m in page] + [m.name for m in rest] == ["net", "other"]

client.create_registered_model("from logged")
version = client.create_model_version("from logged", f"models:/{made.model_id}", run, model_id=made.model_id)
registered = client.get_model_version("from logged", version.version)
assert (registered.run_id, registered.source) == (run, f"models:/{made.model_id}"), registered
assert weights("models:/from logged/1") == "w" * 1000
client.delete_logged_model(other.model_id)
assert names() == ["net"]
try:
    client.get_logged_model(other.model_id)
    raise SystemExit("a deleted model was found")
except MlflowException as error:
    assert error.error_code == "RESOURCE_DOES_NOT_EXIST", error.error_code
