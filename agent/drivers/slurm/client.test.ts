import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SlurmClient, SlurmRefused } from "./client.ts";

let bin: string;
let client: SlurmClient;
beforeEach(async () => {
  bin = await mkdtemp(path.join(tmpdir(), "drover-slurm-"));
  client = new SlurmClient({ PATH: `${bin}:/usr/bin:/bin` });
});
afterEach(() => rm(bin, { recursive: true, force: true }));

/** Keeps what it was called with, by its number. */
const sbatch = (ending: string) => writeFile(path.join(bin, "sbatch"), `#!/bin/sh\nn=$(ls ${bin} | grep -c words)\nprintf '%s\\n' "$@" > ${bin}/words.$n\ncat > ${bin}/script.$n\n${ending}\n`, { mode: 0o755 });
const took = async (n: number) => ({ words: (await readFile(path.join(bin, `words.${n}`), "utf8")).trimEnd().split("\n"), script: await readFile(path.join(bin, `script.${n}`), "utf8") });

const WORDS = ["--comment=drover: it's $HOME `id` \\n \"x\"", "--chdir=/a b"];
const SCRIPT = "#!/bin/sh\nread -r line\necho '$line' \\\n";

describe("a submit", () => {
  it("hands over its words and its script as they are, whether a process waited for it or not", async () => {
    await sbatch("echo 17");
    await expect(client.sbatch(WORDS, SCRIPT, null)).resolves.toBe("17");
    await expect(client.sbatch(WORDS, SCRIPT, null)).resolves.toBe("17"); // the first left one ready
    for (const n of [0, 1]) expect(await took(n)).toEqual({ words: ["--parsable", ...WORDS], script: SCRIPT });
  });

  it("takes what waited once: two at a time do not share it", async () => {
    await sbatch("sleep 0.2; echo $((17 + n))");
    client.makeReady();
    const ids = await Promise.all([client.sbatch(["--a"], SCRIPT, null), new Promise((resolve) => setTimeout(resolve, 100)).then(() => client.sbatch(["--b"], SCRIPT, null))]);
    expect(ids).toEqual(["17", "18"]);
  });

  it("says what Slurm said, and what is missing", async () => {
    await expect(new SlurmClient({ PATH: bin }).sbatch([], SCRIPT, null)).rejects.toThrow("There is no sbatch on this host's PATH");
    await sbatch('echo "sbatch: error: Batch job submission failed: Invalid qos specification" >&2; exit 1');
    await expect(client.sbatch([], SCRIPT, null)).rejects.toThrow(new SlurmRefused("sbatch: Batch job submission failed: Invalid qos specification"));
  });
});
