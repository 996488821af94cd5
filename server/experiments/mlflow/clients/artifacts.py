"""Files of a run through the proxy: sent in every way, listed, fetched back, and the same bytes."""
import hashlib
import os
import tempfile
import mlflow
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

client = MlflowClient()
mlflow.set_experiment("artifacts")
work = tempfile.mkdtemp()
big = os.path.join(work, "weights.bin")
with open(big, "wb") as file:
    file.write(os.urandom(3_000_000))
folder = os.path.join(work, "folder")
os.makedirs(os.path.join(folder, "deep", "deeper"))
for name in ("top.txt", "deep/mid.txt", "deep/deeper/low ö 1.txt"):
    with open(os.path.join(folder, name), "w") as file:
        file.write(name)
with mlflow.start_run() as run:
    mlflow.log_text("hello", "notes/hello.txt")
    mlflow.log_dict({"lr": 0.1, "layers": [1, 2]}, "config.json")
    mlflow.log_artifact(big, "model")
    mlflow.log_artifacts(folder, "tree")
    open(os.path.join(work, "empty"), "w").close()
    mlflow.log_artifact(os.path.join(work, "empty"))
    mlflow.log_text("hello again", "notes/hello.txt")
    uri = mlflow.get_artifact_uri("config.json")
    # The client's own switch for large files: in parts, several at a time.
    os.environ.update(MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD="true", MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE="1000000", MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE="700000")
    mlflow.log_artifact(big, "parts/in ö")
    os.environ["MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD"] = "false"
run_id = run.info.run_id


def listed(path=None):
    return [(f.path, f.is_dir, f.file_size) for f in client.list_artifacts(run_id, path)]


assert listed() == [("config.json", False, os.path.getsize(mlflow.artifacts.download_artifacts(uri))), ("empty", False, 0), ("model", True, None), ("notes", True, None), ("parts", True, None), ("tree", True, None)], listed()
assert listed("model") == [("model/weights.bin", False, 3_000_000)], listed("model")
assert [path for path, _, _ in listed("tree/deep")] == ["tree/deep/deeper", "tree/deep/mid.txt"], listed("tree/deep")
assert listed("nothing") == [] and client.list_artifacts(run_id, "config.json") == []
assert mlflow.artifacts.load_text(f"runs:/{run_id}/notes/hello.txt") == "hello again"
assert mlflow.artifacts.load_dict(uri) == {"lr": 0.1, "layers": [1, 2]}
digest = lambda path: hashlib.sha256(open(path, "rb").read()).hexdigest()
whole = mlflow.artifacts.download_artifacts(run_id=run_id, artifact_path="", dst_path=os.path.join(work, "back"))
for copy in ("model/weights.bin", "parts/in ö/weights.bin"):
    assert digest(os.path.join(whole, *copy.split("/"))) == digest(big), copy
for name in ("top.txt", "deep/mid.txt", "deep/deeper/low ö 1.txt"):
    assert open(os.path.join(whole, "tree", name)).read() == name
try:
    client.download_artifacts(run_id, "never/logged.txt", work)
    raise SystemExit("a file that is not there was fetched")
except MlflowException:
    pass
except OSError as error:  # the oldest client says it so
    assert error, error
