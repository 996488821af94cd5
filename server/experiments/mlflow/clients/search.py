"""Searching runs: filters, orders and pages as the client asks for them."""
import mlflow
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

client = MlflowClient()
experiment = mlflow.set_experiment("search").experiment_id
for i in range(25):
    run = client.create_run(experiment, start_time=1000 + i, run_name=f"run-{i:02}")
    client.log_param(run.info.run_id, "parity", "even" if i % 2 == 0 else "odd")
    client.log_metric(run.info.run_id, "score", (i * 7) % 25)
    client.set_tag(run.info.run_id, "a.b", f"x{i % 3}y")
    client.set_terminated(run.info.run_id, "FINISHED" if i % 5 else "FAILED")


def names(filter="", order=(), n=100):
    return [r.info.run_name for r in client.search_runs([experiment], filter, order_by=list(order), max_results=n)]


assert len(names()) == 25 and names()[0] == "run-24"
assert names("metrics.score > 20 and params.parity = 'even'", ["metrics.score DESC"]) == [f"run-{i:02}" for i in sorted((i for i in range(0, 25, 2) if i * 7 % 25 > 20), key=lambda i: -(i * 7 % 25))]
assert names("tags.`a.b` LIKE '%1%' and attributes.status = 'FAILED'") == [f"run-{i:02}" for i in reversed(range(25)) if i % 3 == 1 and i % 5 == 0]
assert names("attributes.start_time >= 1020", ["attributes.start_time ASC"]) == [f"run-{i:02}" for i in range(20, 25)]
assert names("run_name = 'run-03'") == ["run-03"]
assert len(names("params.parity != 'even' and metrics.score <= 12")) == len([i for i in range(1, 25, 2) if i * 7 % 25 <= 12])
found, token = [], None
while True:
    page = client.search_runs([experiment], order_by=["metrics.score ASC"], max_results=7, page_token=token)
    found += [r.data.metrics["score"] for r in page]
    token = page.token
    if not token:
        break
assert found == [float(i) for i in range(25)], found
try:
    names("metrics.score >")
    raise SystemExit("half a filter was taken")
except MlflowException as error:
    assert error.error_code == "INVALID_PARAMETER_VALUE", error.error_code
