"""Registered models: versions, stages, aliases and tags, found and fetched by name."""
import os
import mlflow
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

client = MlflowClient()


def refused(code, call, *args, **kwargs):
    try:
        call(*args, **kwargs)
    except MlflowException as error:
        assert error.error_code == code, (error.error_code, str(error))
        return
    raise SystemExit(f"{call.__name__}{args} was taken")


mlflow.set_experiment("registry")
with mlflow.start_run() as run:
    mlflow.log_text("one", "model/weights.txt")
source = f"{run.info.artifact_uri}/model"

made = client.create_registered_model("digits", tags={"team": "blue"}, description="reads digits")
assert (made.name, made.tags, made.description) == ("digits", {"team": "blue"}, "reads digits")
refused("RESOURCE_ALREADY_EXISTS", client.create_registered_model, "digits")
refused("RESOURCE_DOES_NOT_EXIST", client.get_registered_model, "nobody")
client.update_registered_model("digits", "reads all digits")
client.rename_registered_model("digits", "all-digits")
assert client.get_registered_model("all-digits").description == "reads all digits"
client.create_registered_model("faces")
assert [m.name for m in client.search_registered_models("name LIKE 'all%'")] == ["all-digits"]
page = client.search_registered_models(max_results=1, order_by=["name DESC"])
rest = client.search_registered_models(max_results=1, order_by=["name DESC"], page_token=page.token)
assert [m.name for m in page] + [m.name for m in rest] == ["faces", "all-digits"], (page, rest)

first = client.create_model_version("all-digits", source, run.info.run_id, tags={"k": "v"}, description="the first")
second = client.create_model_version("all-digits", source, run.info.run_id)
assert [str(v.version) for v in (first, second)] == ["1", "2"]
assert (first.status, first.source, first.run_id, first.tags, first.current_stage) == ("READY", source, run.info.run_id, {"k": "v"}, "None"), first
client.update_model_version("all-digits", "1", "still the first")
client.set_model_version_tag("all-digits", "1", "eval", "passed")
client.delete_model_version_tag("all-digits", "1", "k")
client.set_registered_model_tag("all-digits", "owner", "ada")
client.delete_registered_model_tag("all-digits", "team")
found = client.get_model_version("all-digits", "1")
assert (found.description, found.tags) == ("still the first", {"eval": "passed"}), found
assert client.get_registered_model("all-digits").tags == {"owner": "ada"}
refused("RESOURCE_DOES_NOT_EXIST", client.get_model_version, "all-digits", "9")
assert [str(v.version) for v in client.search_model_versions("name = 'all-digits'", order_by=["version_number ASC"])] == ["1", "2"]
assert [str(v.version) for v in client.search_model_versions(f"run_id = '{run.info.run_id}' and tags.eval = 'passed'")] == ["1"]

client.transition_model_version_stage("all-digits", "1", "Production")
client.transition_model_version_stage("all-digits", "2", "Production", archive_existing_versions=True)
assert [client.get_model_version("all-digits", v).current_stage for v in ("1", "2")] == ["Archived", "Production"]
assert {v.current_stage: str(v.version) for v in client.get_latest_versions("all-digits")} == {"Archived": "1", "Production": "2"}
assert [str(v.version) for v in client.get_latest_versions("all-digits", ["Production"])] == ["2"]
refused("INVALID_PARAMETER_VALUE", client.transition_model_version_stage, "all-digits", "1", "Heaven")

client.set_registered_model_alias("all-digits", "champion", "1")
assert str(client.get_model_version_by_alias("all-digits", "champion").version) == "1"
client.set_registered_model_alias("all-digits", "champion", "2")
assert str(client.get_model_version_by_alias("all-digits", "champion").version) == "2"
assert list(client.get_model_version("all-digits", "2").aliases) == ["champion"]
assert client.get_registered_model("all-digits").aliases == {"champion": "2"}

assert client.get_model_version_download_uri("all-digits", "2") == source
assert mlflow.artifacts.load_text("models:/all-digits/2/weights.txt") == "one"
with open(os.path.join(mlflow.artifacts.download_artifacts("models:/all-digits@champion"), "weights.txt")) as file:
    assert file.read() == "one"
client.delete_registered_model_alias("all-digits", "champion")
refused("INVALID_PARAMETER_VALUE", client.get_model_version_by_alias, "all-digits", "champion")
client.delete_model_version("all-digits", "1")
refused("RESOURCE_DOES_NOT_EXIST", client.get_model_version, "all-digits", "1")
assert str(client.create_model_version("all-digits", source).version) == "3"
client.delete_registered_model("all-digits")
refused("RESOURCE_DOES_NOT_EXIST", client.get_registered_model, "all-digits")
assert [m.name for m in client.search_registered_models()] == ["faces"]
