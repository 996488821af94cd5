import path from "node:path";

/** Every path in the agent's state folder, in one place. docs/connector.md lists them too. */
export function stateFolder(root: string) {
  const home = path.resolve(root);
  return {
    home,
    identity: path.join(home, "identity.json"),
    policy: path.join(home, "policy.json"),
    vault: path.join(home, "vault.key"),
    lock: path.join(home, "lock"),
    contact: path.join(home, "contact.json"),
    cache: path.join(home, "cache"),
    attempts: path.join(home, "attempts"),
    tasks: path.join(home, "tasks"),
    ended: path.join(home, "ended"),
    owed: path.join(home, "owed"),
    runs: path.join(home, "runs"),
    checkpoint: (runId: string) => path.join(home, "runs", safeName(runId), "checkpoint"),
  };
}
export type StateFolder = ReturnType<typeof stateFolder>;

/** Every path in one attempt's folder. */
export function attemptFolder(state: StateFolder, attemptId: string) {
  const home = path.join(state.attempts, safeName(attemptId));
  const at = (name: string) => path.join(home, name);
  return {
    home,
    spec: at("spec.json"),
    intent: at("intent.json"),
    stop: at("stop.json"),
    report: at("report.json"),
    streams: at("streams.json"),
    usage: at("usage.json"),
    keptMetrics: at("metrics.kept.jsonl"),
    artifacts: at("artifacts.json"),
    checkpoint: at("checkpoint.json"),
    /** Of a run whose checkpoints are not kept: what it saves goes with the attempt. */
    unkept: at("checkpoint"),
    work: at("work"),
    stdout: at("stdout.log"),
    stderr: at("stderr.log"),
  };
}
export type AttemptFolder = ReturnType<typeof attemptFolder>;

/** Ids become file names: only what an id may hold. @throws Error on anything else, so `..` never leaves the folder. */
export function safeName(id: string): string {
  if (!/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/.test(id)) throw new Error(`"${id.slice(0, 80)}" is not an id that can name a file.`);
  return id;
}
