"""Experiments, as MLflow's own client makes, finds, changes, deletes and restores them."""
import mlflow
from mlflow import MlflowClient
from mlflow.entities import ViewType
from mlflow.exceptions import MlflowException

client = MlflowClient()
assert client.get_experiment("0").name == "Default"
first = client.create_experiment("clients", tags={"team": "blue"})
found = client.get_experiment_by_name("clients")
assert (found.experiment_id, found.tags["team"], found.lifecycle_stage) == (first, "blue", "active"), found
assert client.get_experiment_by_name("nobody") is None
try:
    client.create_experiment("clients")
    raise SystemExit("a second experiment of the same name was taken")
except MlflowException as error:
    assert error.error_code == "RESOURCE_ALREADY_EXISTS", error.error_code
assert mlflow.set_experiment("made by set_experiment").experiment_id
client.set_experiment_tag(first, "team", "green")
client.rename_experiment(first, "renamed")
assert client.get_experiment(first).name == "renamed"
assert [e.name for e in client.search_experiments(filter_string="name LIKE 'ren%' AND tags.team = 'green'")] == ["renamed"]
client.delete_experiment(first)
assert first not in [e.experiment_id for e in client.search_experiments()]
assert [e.experiment_id for e in client.search_experiments(view_type=ViewType.DELETED_ONLY)] == [first]
client.restore_experiment(first)
assert client.get_experiment(first).lifecycle_stage == "active"
names = sorted(e.name for e in client.search_experiments(order_by=["name ASC"]))
page = client.search_experiments(order_by=["name ASC"], max_results=2)
rest = client.search_experiments(order_by=["name ASC"], max_results=2, page_token=page.token)
assert [e.name for e in page] + [e.name for e in rest] == names[:4], (names, page, rest)
