import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { ROOT } from "../root.ts";
import { Trouble } from "../say.ts";
import { madeOnce } from "./python.ts";

const SCRIPT = join(ROOT, "examples", "horovod", "install.sh");

const PATH = "/usr/sbin:/usr/bin:/sbin:/bin";

/**
 * A Python with Horovod for the system's PyTorch and Open MPI, compiled as the example says: takes two minutes, once.
 * @returns the path of its interpreter.
 */
export const horovodPython = (): Promise<string> =>
  madeOnce([readFileSync(SCRIPT, "utf8")], "Horovod", async (home) => {
    const run = (program: string, ...args: string[]) => promisify(execFile)(program, args, { env: { ...process.env, PATH } });
    try {
      await run("/usr/bin/python3", "-m", "venv", "--system-site-packages", home);
      await run("nice", "sh", SCRIPT, join(home, "bin", "python"));
    } catch (error) {
      throw new Trouble(`Horovod could not be compiled:\n${(error as { stderr?: string }).stderr?.slice(-4000)}`, "The tests need the Python package index, and the packages that examples/horovod/install.sh names.");
    }
  });
