import { z } from "zod";
import { Fence, Id, MOST_FILES, StoredFile, Time } from "./fields.ts";

/** Asks the agent to keep the run's checkpoint folder in the object store too: absent where the run can only ever go on where it is. */
export const CheckpointSync = z.object({
  /** Not more often than this while it runs; once more when it has ended without success. */
  everySeconds: z.int().positive(),
  /** The attempt before this one ran on another cluster: its checkpoint is asked for before the start. */
  from: z.object({ attemptNumber: z.int().positive() }).nullable(),
});
export type CheckpointSync = z.infer<typeof CheckpointSync>;

/** The checkpoint folder as it stood at one moment, whole; its bytes were sent before. A repeat replaces itself. */
export const CheckpointManifest = z.strictObject({
  attemptId: Id,
  fence: Fence,
  files: z.array(StoredFile).max(MOST_FILES),
  /** The attempt has ended: nothing newer will come of it. */
  final: z.boolean(),
});
export type CheckpointManifest = z.infer<typeof CheckpointManifest>;

/** What this attempt should go on from. */
export const Restore = z.strictObject({ attemptId: Id, fence: Fence });
export const Restored = z.object({
  serverTime: Time,
  /** false: an attempt before it still sends its checkpoint; ask again. */
  ready: z.boolean(),
  /** Whose checkpoint it is; null where none was kept. */
  attemptNumber: z.int().positive().nullable(),
  files: z.array(StoredFile.strip()),
});
export type Restored = z.infer<typeof Restored>;
