import { link, readFile, rename, rm, writeFile } from "node:fs/promises";
import { z } from "zod";
import { readJson } from "./disk.ts";
import { bootId, identityOf, type ProcessIdentity } from "./drivers/processes.ts";

const Holder = z.object({ pid: z.int(), start: z.string(), boot: z.string() });

/** Whether the process that wrote the lock still lives: its pid *and* its start time, so that a reused pid is not taken for it. */
async function isAlive(holder: ProcessIdentity & { boot: string }): Promise<boolean> {
  if (holder.boot !== (await bootId())) return false;
  const now = await identityOf(holder.pid);
  return now !== null && now.start === holder.start;
}

export interface Lock {
  /** False once somebody else holds the folder. */
  held(): Promise<boolean>;
  release(): Promise<void>;
}

/**
 * One agent per state folder. `link` is atomic: of two agents that start at once, one gets the name.
 * @throws Error that names the process holding it.
 */
export async function takeLock(file: string): Promise<Lock> {
  const self = await identityOf(process.pid);
  if (!self) throw new Error("Cannot read this process's own start time.");
  const mine = JSON.stringify({ ...self, boot: await bootId() });
  const temporary = `${file}.${process.pid}.tmp`;
  await writeFile(temporary, mine, { mode: 0o600 });
  try {
    for (let tries = 0; tries < 5; tries++) {
      if (await tryLink(temporary, file)) return lockOn(file, mine);
      const holder = await readJson(file, Holder);
      if (holder.kind === "ok" && (await isAlive(holder.value))) throw new Error(`Another agent (process ${holder.value.pid}) uses this state folder.`);
      await rename(file, `${file}.stale`).catch(() => {});
    }
    throw new Error(`Cannot take the lock ${file}.`);
  } finally {
    await rm(temporary, { force: true });
  }
}

async function tryLink(from: string, to: string): Promise<boolean> {
  return link(from, to).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === "EEXIST") return false;
      throw error;
    },
  );
}

function lockOn(file: string, mine: string): Lock {
  const held = async () => (await readFile(file, "utf8").catch(() => "")) === mine;
  return { held, release: async () => void ((await held()) && (await rm(file, { force: true }))) };
}

/** Pid of the agent that runs on this state folder, or null. */
export async function lockHolder(file: string): Promise<number | null> {
  const holder = await readJson(file, Holder);
  return holder.kind === "ok" && (await isAlive(holder.value)) ? holder.value.pid : null;
}
