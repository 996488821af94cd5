import { hash } from "node:crypto";
import { setTimeout } from "node:timers/promises";
import type { Tx } from "../../../db/client.ts";
import { log } from "../../log.ts";
import { claimCreation, type CreationKey, CreationTaken, settleCreation, takeCreation } from "../commands/creations.ts";
import { callerOf, type MlflowCtx } from "./caller.ts";
import type { RawRequest } from "./mount.ts";

const LOOK_AGAIN_MS = 100;

/** Called first in the transaction that makes something, with its id. */
export type Claim = (tx: Tx, madeId: string) => Promise<void>;

/**
 * Makes what has no name of its own to be known by when it is asked for again. Clients repeat a request that got no answer, with the
 * same bytes: it gets what the first one made, as long as that answer has not left. Two requests that both get their answers
 * make two things, whatever their bytes.
 */
export async function createOnce(ctx: MlflowCtx, request: RawRequest, make: (claim: Claim) => Promise<string>): Promise<string> {
  const answered = request.answered();
  const key: CreationKey = { orgId: ctx.orgId, callerId: callerOf(ctx), digest: hash("sha256", Buffer.concat([Buffer.from(`${request.path}\n`), request.bytes]), "buffer").subarray(0, 16) };
  const madeId = await madeBefore(ctx, key, make);
  void answered.then((hasLeft) => settleCreation(ctx.db, key, hasLeft)).catch((error: unknown) => log().warn({ err: error, madeId }, "it was not noted that an answer left"));
  return madeId;
}

/** Goes round while an equal request may still be answered: no longer than its process may owe the answer. */
async function madeBefore(ctx: MlflowCtx, key: CreationKey, make: (claim: Claim) => Promise<string>): Promise<string> {
  for (;;) {
    const earlier = await takeCreation(ctx.db, key);
    if (earlier && earlier !== "pending") return earlier.madeId;
    if (earlier === "pending") await setTimeout(LOOK_AGAIN_MS);
    else {
      try {
        return await make((tx, madeId) => claimCreation(tx, key, madeId));
      } catch (error) {
        if (!(error instanceof CreationTaken)) throw error;
      }
    }
  }
}
