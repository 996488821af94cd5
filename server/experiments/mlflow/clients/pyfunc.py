"""A model in MLflow's own format: logged and registered in one call, loaded by name, and it predicts."""
import mlflow
import numpy
import pandas
import requests
from mlflow import MlflowClient


class Doubles(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return model_input * 2


client = MlflowClient()
mlflow.set_experiment("pyfunc")
with mlflow.start_run() as run:
    frame = pandas.DataFrame({"x": [1.0, 2.0, 3.0]})
    mlflow.log_input(mlflow.data.from_pandas(frame, name="numbers"), context="training")
    info = mlflow.pyfunc.log_model(name="doubles", python_model=Doubles(), pip_requirements=[], registered_model_name="doubles")
assert client.get_run(run.info.run_id).inputs.dataset_inputs[0].dataset.name == "numbers"
client.set_registered_model_alias("doubles", "best", 1)
for uri in (info.model_uri, "models:/doubles/1", "models:/doubles@best"):
    loaded = mlflow.pyfunc.load_model(uri)
    assert numpy.array_equal(loaded.predict(frame)["x"], [2.0, 4.0, 6.0]), uri
assert client.get_model_version("doubles", "1").run_id == run.info.run_id

# What a version is made of stays; the next log_model is a version of its own.
try:
    client.log_model_artifacts(info.model_id, __import__("os").path.dirname(__file__))
    raise AssertionError("files of a registered version were changed")
except requests.exceptions.HTTPError as refused:
    assert "stay as they are" in str(refused), refused
with mlflow.start_run():
    mlflow.pyfunc.log_model(name="doubles", python_model=Doubles(), pip_requirements=[], registered_model_name="doubles")
assert client.get_model_version("doubles", "2").model_id != info.model_id
assert numpy.array_equal(mlflow.pyfunc.load_model("models:/doubles@best").predict(frame)["x"], [2.0, 4.0, 6.0])
