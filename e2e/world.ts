import type { Db } from "../db/client.ts";
import type { Factories } from "../db/factories.ts";
import { metricBatches, metricSummaries } from "../db/schema/experiments.ts";
import { Dice } from "../db/seed/dice.ts";
import { insertAll } from "../db/seed/insert-all.ts";
import { metricsOf } from "../db/seed/metrics.ts";

const MINUTE = 60_000;

/** An organization in which every page has something to show: one cluster, and runs that wait, ended well and ended badly. */
export async function makeWorld(make: Factories) {
  const now = Date.now();
  const org = await make.org();
  const owner = await make.member(org, "owner", { name: "Olga Owner" });
  const viewer = await make.member(org, "viewer", { name: "Vera Viewer" });
  const cluster = await make.cluster(org, { name: `Berlin ${org.slug}`, region: "eu-central" });
  const node = await make.node(cluster, { name: "node-1", gpus: 2 });
  const samples = (value: number) => Array.from({ length: 30 }, (_, at) => ({ at: now - (30 - at) * MINUTE, value: value * (1 + 0.2 * Math.sin(at / 4)) }));
  await make.samples(cluster.id, "node", node.name, "cpu", samples(6));
  await make.samples(cluster.id, "node", node.name, "memory", samples(20_000));
  const experiment = await make.experiment(org.project, { name: "Digits" });
  const times = { startedAt: new Date(now - 20 * MINUTE), endedAt: new Date(now - 5 * MINUTE) };
  const dates = { ...times, createdAt: new Date(now - 21 * MINUTE), queuedAt: new Date(now - 21 * MINUTE), statusSince: times.endedAt };

  const finished = await make.run(org.project, owner.id, { name: "digits-finished", experimentId: experiment.id, status: "succeeded", statusReason: "Ended with exit code 0.", ...dates, input: { params: { learning_rate: 0.02, epochs: 60 }, tags: { dataset: "digits" } } });
  await make.described(finished);
  const attempt = await make.attempt(finished, cluster.id, { status: "ended", outcome: "succeeded", nodeNames: [node.name], exitCode: 0, drainedAt: times.endedAt, assignedAt: times.startedAt, ...times });
  const steps = Array.from({ length: 60 }, (_, at) => ({ step: at + 1, at: times.startedAt.getTime() + at * 15_000, value: 2 * Math.exp(-at / 12) + 0.1 }));
  await make.metrics(finished.id, attempt.id, "loss", steps);
  await make.metrics(finished.id, attempt.id, "accuracy", steps.map(({ step, at, value }) => ({ step, at, value: 1 - value / 2.2 })));
  await make.log(attempt.id, steps.map(({ step, value }) => `epoch ${step}  loss ${value.toFixed(4)}\n`).join(""), times.startedAt);
  await make.event(finished, { kind: "run.submitted", actor: owner.name, message: "Submitted.", at: new Date(now - 21 * MINUTE) });
  await make.event(finished, { kind: "run.ended", actor: "agent", attemptId: attempt.id, message: "Ended with exit code 0.", at: times.endedAt });

  await make.prices(org, "0.048", "0.0062");
  await make.artifact(finished, attempt.id, "out/accuracy.json", Buffer.from(`${JSON.stringify({ accuracy: 0.954 })}\n`), "application/json");
  await make.metered(finished, attempt.id, node, times.startedAt, times.endedAt);
  await make.discrepancy(attempt, 2, 1800);
  await make.budget(org, { name: "Everything", amount: "1200" });
  await make.budget(org, { name: "Digits only", amount: "0.01", scopeType: "project", scopeId: org.project.id, policy: "warn" });
  await make.schedule(org);
  await make.embed(org, "GPU spend", "Portal");

  const failed = await make.run(org.project, owner.id, { name: "digits-failed", experimentId: experiment.id, status: "failed", failureClass: "oom", statusReason: "The process used more memory than it may and was killed.", evidence: { signal: "SIGKILL", detail: "Killed by the kernel.", lastLines: ["epoch 3  loss 0.4121"], peakMemoryMib: 1024, limitMemoryMib: 1024 }, ...dates });
  const killed = await make.attempt(failed, cluster.id, { status: "ended", outcome: "failed", failureClass: "oom", signal: "SIGKILL", nodeNames: [node.name], drainedAt: times.endedAt, assignedAt: times.startedAt, ...times });
  await make.log(killed.id, "epoch 3  loss 0.4121\n", times.startedAt);
  const waiting = await make.run(org.project, owner.id, { name: "digits-waiting", experimentId: experiment.id, input: { resources: { gpus: 8 }, cluster: cluster.slug } });
  const model = await make.model(org.project, owner.name, finished, "digits");
  const report = await make.report(org.project, owner, "What the rate of learning does", `Digits with a rate of 0.02, see \`${finished.id}\`.\n\n\`\`\`chart\nmetric: [loss, accuracy]\nruns: [${finished.id}]\ntitle: Does it settle?\n\`\`\`\n\n## All runs\n\n\`\`\`runs\nfilter: status = "succeeded"\ncolumns: [status, name, metric:accuracy, param:learning_rate, duration]\n\`\`\`\n\n| rate | verdict |\n| --- | --- |\n| 0.02 | good |\n`);
  return { org, owner, viewer, cluster, node, finished, failed, waiting, model, report };
}

export type World = Awaited<ReturnType<typeof makeWorld>>;

/** Runs that ended, each with the ten metrics that the invented organization's language models have. @returns their ids. */
export async function makeCompared(db: Db, make: Factories, project: { id: string; orgId: string; slug: string }, count: number): Promise<string[]> {
  const [owner, experiment] = [await make.user(), await make.experiment(project)];
  const dice = new Dice(100);
  const [startedAt, endedAt] = [Date.now() - 60 * MINUTE, Date.now() - 5 * MINUTE];
  const ids: string[] = [];
  for (let at = 0; at < count; at += 1) ids.push((await make.run(project, owner.id, { experimentId: experiment.id, status: "succeeded", startedAt: new Date(startedAt), endedAt: new Date(endedAt) })).id);
  const logged = ids.map((runId) => metricsOf(dice, { runId, experimentId: experiment.id, attemptId: null, startedAt, endedAt, rate: dice.pick([0.0003, 0.001, 0.003]), batchSize: 32, gpus: 8, isThorough: true, points: 40 }));
  await insertAll(db, metricBatches, logged.flatMap(({ batches }) => batches));
  await insertAll(db, metricSummaries, logged.flatMap(({ summaries }) => summaries));
  return ids;
}
