import { connect } from "../db/client.ts";
import { paths } from "../paths.ts";
import { say, takeNoMore, Trouble } from "./say.ts";

/** `./drover setup-link`: the one-time link for the first owner, where no `./drover up` prints it. */
export async function main(args: string[]): Promise<void> {
  takeNoMore(args, "./drover setup-link");
  const url = process.env.DATABASE_URL;
  if (!url) throw new Trouble("DATABASE_URL is not set.", "Set it to the database of this installation. ./drover up prints the link by itself.");
  const { ensureSetupLink } = await import("../server/access/setup-link.ts");
  const clients = connect(url, { max: 1, rawMax: 1 });
  const token = await ensureSetupLink(clients.db).finally(() => clients.close());
  if (!token) throw new Trouble("There is an owner already.", "Sign in, or ask an owner to invite you.");
  say.plain(`Make yourself the first owner, once, within a day:\n\n  ${process.env.DROVER_URL ?? "http://localhost:7070"}${paths.setup(token)}\n`);
}
