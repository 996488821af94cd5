import { Command } from "commander";
import { type Api, connectApi, type Outputs } from "../api.ts";
import { CliError, EXIT } from "../errors.ts";
import { ago, facts, mib, note, paint, printJson, say, status, table } from "../output.ts";

type Row = Outputs["clusters"]["list"][number];

export function clustersCommand(): Command {
  const clusters = new Command("clusters").description("Clusters: list, show, connect, drain");
  clusters.command("list", { isDefault: true }).description("List clusters").option("--json", "machine-readable").action(list);
  clusters.command("show").description("One cluster with its nodes and what runs there").argument("<cluster>", "name or id").option("--json", "machine-readable").action(show);
  clusters
    .command("connect")
    .description("Make a cluster and print the command that connects it; run that where the cluster is")
    .argument("<name>", "what to call it")
    .option("--region <name>", "where it stands, for constraints")
    .option("--json", "machine-readable")
    .action(connect);
  for (const verb of ["drain", "undrain"] as const) {
    clusters
      .command(verb)
      .description(verb === "drain" ? "Take no new work; what runs goes on" : "Take work again")
      .argument("<cluster>", "name or id")
      .option("--node <name>", "only this node")
      .option("--reason <text>", "why, for the timeline and the audit log")
      .option("--json", "machine-readable")
      .action((name: string, options: DrainOptions) => setDrained(verb, name, options));
  }
  return clusters;
}

async function findCluster(api: Api, name: string): Promise<Row> {
  const all = await api.trpc.clusters.list.query();
  const found = all.find((one) => one.id === name || one.slug === name) ?? all.find((one) => one.name === name);
  if (!found) throw new CliError(`There is no cluster ${name}. ${all.length > 0 ? `Known: ${all.map(({ slug }) => slug).join(", ")}.` : "None is connected yet."}`, { exitCode: EXIT.notFound });
  return found;
}

async function findNode({ trpc }: Api, cluster: Row, name: string): Promise<string> {
  const { nodeList } = await trpc.clusters.get.query({ id: cluster.id });
  const found = nodeList.find((one) => one.name === name || one.id === name);
  if (!found) throw new CliError(`${cluster.name} has no node ${name}. Known: ${nodeList.map((one) => one.name).join(", ") || "none"}.`, { exitCode: EXIT.notFound });
  return found.id;
}

const of = (used: number, total: number) => `${Number(used.toFixed(1))}/${Number(total.toFixed(1))}`;
const reach = (row: Row, now: number) => `${status(row.reachability.state)}${row.reachability.state === "unreachable" && row.reachability.since ? ` since ${ago(row.reachability.since, now)}` : ""}${row.drainedAt ? paint("yellow", " drained") : ""}`;

async function list({ json }: { json?: boolean }): Promise<void> {
  const rows = await connectApi().trpc.clusters.list.query();
  if (json) return printJson(rows);
  const now = Date.now();
  table(
    [{ head: "NAME" }, { head: "STATE" }, { head: "DRIVER" }, { head: "REGION" }, { head: "NODES", right: true }, { head: "CORES", right: true }, { head: "GPUS", right: true }, { head: "RUNS", right: true }, { head: "GPU MODELS" }],
    rows.map((row) => [row.slug, reach(row, now), row.driver ?? "", row.region, of(row.nodes.up, row.nodes.total), of(row.cpus.used, row.cpus.total), of(row.accelerators.used, row.accelerators.total), String(row.liveAttempts), row.accelerators.models.join(", ")]),
    "No clusters. Connect one: drover clusters connect NAME",
  );
}

async function show(name: string, { json }: { json?: boolean }): Promise<void> {
  const api = connectApi();
  const cluster = await api.trpc.clusters.get.query({ id: (await findCluster(api, name)).id });
  if (json) return printJson(cluster);
  const now = Date.now();
  say(`${paint("bold", cluster.name)}  ${reach(cluster, now)}  ${paint("dim", cluster.id)}`);
  facts([
    ["driver", cluster.driver],
    ["region", cluster.region],
    ["agent", cluster.agent ? `${cluster.agent.version ?? "?"}, last seen ${ago(cluster.agent.lastSeenAt, now) || "never"}` : null],
    ["cores", of(cluster.cpus.used, cluster.cpus.total)],
    ["memory", `${mib(cluster.memoryMib.used)} of ${mib(cluster.memoryMib.total)}`],
    ["accelerators", cluster.accelerators.total ? `${of(cluster.accelerators.used, cluster.accelerators.total)} ${cluster.accelerators.models.join(", ")}` : null],
    ["policy", cluster.policy],
  ]);
  if (cluster.nodeList.length === 0) return;
  say();
  table(
    [{ head: "NODE" }, { head: "STATE" }, { head: "CORES", right: true }, { head: "MEMORY", right: true }, { head: "GPUS", right: true }, { head: "RUNS" }],
    cluster.nodeList.map((node) => [
      node.name,
      `${status(node.state)}${node.drainedAt ? paint("yellow", " drained") : ""}`,
      of(node.cpus.used, node.cpus.total),
      `${mib(node.memoryMib.used)} of ${mib(node.memoryMib.total)}`,
      of(node.accelerators.filter(({ run }) => run).length, node.accelerators.length),
      node.runs.map((run) => run.name).join(", "),
    ]),
    "",
  );
}

async function connect(name: string, options: { region?: string; json?: boolean }): Promise<void> {
  const made = await connectApi().trpc.clusters.create.mutate({ name, ...(options.region ? { region: options.region } : {}) });
  if (options.json) return printJson(made);
  note(`${paint("green", "✓")} ${name} is waiting for its agent. Run this once beside the cluster, before ${made.expiresAt.toLocaleString()}:`);
  say(made.command);
}

interface DrainOptions {
  node?: string;
  reason?: string;
  json?: boolean;
}

async function setDrained(verb: "drain" | "undrain", name: string, { node, reason, json }: DrainOptions): Promise<void> {
  const api = connectApi();
  const cluster = await findCluster(api, name);
  const why = reason ? { reason } : {};
  const nodeId = node ? await findNode(api, cluster, node) : null;
  if (nodeId) await api.trpc.clusters[`${verb}Node`].mutate({ nodeId, ...why });
  else await api.trpc.clusters[verb].mutate({ id: cluster.id, ...why });
  if (json) return printJson({ cluster: cluster.id, node: nodeId, drained: verb === "drain" });
  note(`${paint("green", "✓")} ${node ? `${node} of ${cluster.name}` : cluster.name} ${verb === "drain" ? "takes no new work" : "takes work again"}.`);
}
