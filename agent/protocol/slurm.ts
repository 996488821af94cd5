import { z } from "zod";

/** A name as Slurm takes it: nothing that a command line or a hostlist could read as something else. */
const Name = z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9_.@+-]*$/, "Use a name of letters, digits and . _ - + @.").max(128);
/** Such as `gpu[01-04],cpu07`. */
const HostList = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.,[\]-]*$/, "Use a list of node names, such as gpu[01-04].").max(4000);

/** `overrides.slurm` of a run: what only Slurm knows. Everything else of a run is asked for by its own fields. */
export const SlurmOverrides = z.strictObject({
  partition: Name.optional(),
  account: Name.optional(),
  qos: Name.optional(),
  reservation: Name.optional(),
  /** Features that nodes must have, as `--constraint` takes them. */
  constraint: z.string().regex(/^[A-Za-z0-9_|&*,[\]()-]+$/, "Use features joined by & and |.").max(1000).optional(),
  nodelist: HostList.optional(),
  exclude: HostList.optional(),
  /** No other job on its nodes. */
  exclusive: z.boolean().optional(),
});
export type SlurmOverrides = z.infer<typeof SlurmOverrides>;

export const SLURM_OVERRIDES = Object.keys(SlurmOverrides.shape) as (keyof SlurmOverrides)[];
