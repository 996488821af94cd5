"""Data sets as inputs of runs: logged, found again, and runs found by them."""
import mlflow
from mlflow import MlflowClient
from mlflow.entities import Dataset, DatasetInput, InputTag

client = MlflowClient()
experiment = mlflow.set_experiment("datasets").experiment_id


def data(name, digest, context):
    entity = Dataset(name=name, digest=digest, source_type="local", source='{"uri": "/data"}', schema='{"columns": 4}', profile='{"rows": 150}')
    return DatasetInput(entity, [InputTag("mlflow.data.context", context)])


first = client.create_run(experiment).info.run_id
second = client.create_run(experiment).info.run_id
client.log_inputs(first, [data("iris", "d1", "training"), data("wine", "d2", "test")])
client.log_inputs(first, [data("iris", "d1", "training")])  # again: still one
client.log_inputs(second, [data("iris", "d3", "validation")])
inputs = {i.dataset.digest: i for i in client.get_run(first).inputs.dataset_inputs}
assert sorted(inputs) == ["d1", "d2"], inputs
iris = inputs["d1"].dataset
assert (iris.name, iris.source_type, iris.source, iris.schema, iris.profile) == ("iris", "local", '{"uri": "/data"}', '{"columns": 4}', '{"rows": 150}')
assert [(t.key, t.value) for t in inputs["d2"].tags] == [("mlflow.data.context", "test")]


def runs(text):
    return sorted(r.info.run_id for r in client.search_runs([experiment], text))


assert runs("dataset.name = 'iris'") == sorted([first, second])
assert runs("dataset.digest = 'd2'") == [first]
assert runs("dataset.context = 'validation'") == [second]
assert runs("dataset.name LIKE 'w%' and dataset.name = 'nothing'") == []
