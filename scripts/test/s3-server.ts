import { spawn } from "node:child_process";
import { setTimeout as pause } from "node:timers/promises";
import { freePort } from "../postgres/ports.ts";
import { pythonWith } from "./python.ts";

const START_MS = 60_000;

/** A real S3-compatible server as a process of its own on loopback, with one empty bucket. */
export async function startS3Server(bucket = "drover-tests"): Promise<{ endpoint: string; bucket: string; stop: () => Promise<void> }> {
  const python = await pythonWith(["moto[s3,server]==5.2.5"]);
  const port = await freePort();
  const child = spawn(python, ["-m", "moto.server", "-H", "127.0.0.1", "-p", String(port)], { stdio: "ignore" });
  const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const endpoint = `http://127.0.0.1:${port}`;
  const stop = async () => {
    child.kill("SIGKILL");
    await gone;
  };
  const deadline = performance.now() + START_MS;
  for (;;) {
    if (child.exitCode !== null) throw new Error(`The S3 server ended with ${child.exitCode} while starting.`);
    // It takes any signature; the header only says which service is meant.
    const made = await fetch(`${endpoint}/${bucket}`, { method: "PUT", headers: { authorization: "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0" } }).catch(() => null);
    if (made?.ok) return { endpoint, bucket, stop };
    if (performance.now() > deadline) {
      await stop();
      throw new Error("The S3 server did not answer in time.");
    }
    await pause(100);
  }
}
