import { PassThrough, Readable } from "node:stream";
import type { Context, Hono } from "hono";
import { ByteWriter, parquetWriteRows } from "hyparquet-writer";
import { z } from "zod";
import { csvLine, EXPORT_FORMATS, ExportTable } from "../../domain/experiments/export-inputs.ts";
import { DomainError } from "../../domain/shared/errors.ts";
import { guard, type GuardedEnv } from "../access/guard.ts";
import { log } from "../log.ts";
import { type ExportColumn, exportColumns, exportRows } from "./queries/table/export.ts";
import { withinOf } from "./queries/table/within.ts";

type C = Context<GuardedEnv>;

/** The table as a file, streamed: no row waits for the last one. */
export function mountExportRoutes(app: Hono): void {
  app.get("/api/runs/export", guard("runs:read"), sendTable);
}

const TYPES = { csv: "text/csv; charset=utf-8", parquet: "application/vnd.apache.parquet" } as const;

async function sendTable(c: C) {
  const { db, grant, actor } = c.get("ctx");
  const format = z.enum(EXPORT_FORMATS).safeParse(c.req.query("format"));
  if (!format.success) throw new DomainError("invalid", "format: Expected csv or parquet.", { issues: [{ field: "format", message: "Expected csv or parquet." }] });
  const ask = ExportTable.safeParse(parsedJson(c.req.query("set")));
  if (!ask.success) throw new DomainError("invalid", z.prettifyError(ask.error), { issues: ask.error.issues.map(({ path, message }) => ({ field: path.join("."), message })) });
  await withinOf(db, grant, actor.id, ask.data); // a filter that makes no sense is refused before the first byte
  const columns = exportColumns(ask.data.columns);
  const pages = exportRows(db, grant, actor.id, ask.data);
  const bytes = format.data === "csv" ? Readable.from(csv(columns, pages)) : parquet(columns, pages);
  const name = `runs-${new Date().toISOString().slice(0, 10)}.${format.data}`;
  return c.body(Readable.toWeb(bytes) as ReadableStream<Uint8Array>, 200, { "content-type": TYPES[format.data], "content-disposition": `attachment; filename="${name}"`, "cache-control": "private, no-store", "x-content-type-options": "nosniff" });
}

function parsedJson(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? "");
  } catch {
    return undefined;
  }
}

type Pages = ReturnType<typeof exportRows>;

async function* csv(columns: ExportColumn[], pages: Pages): AsyncGenerator<Buffer> {
  yield Buffer.from(csvLine(columns.map(({ name }) => name)));
  for await (const rows of pages) if (rows.length > 0) yield Buffer.from(rows.map((row) => csvLine(columns.map(({ cell }) => cell(row)))).join(""));
}

/** Written group by group; each group leaves when it is full. */
function parquet(columns: ExportColumn[], pages: Pages): Readable {
  const out = new PassThrough();
  const writer = new StreamWriter(out);
  async function* rows() {
    for await (const page of pages) for (const row of page) yield Object.fromEntries(columns.map(({ name, cell }) => [name, cell(row) ?? undefined]));
  }
  void Promise.resolve(parquetWriteRows({ writer, rows: rows(), columns: columns.map(({ name, type }) => ({ name, type, nullable: true })), rowGroupSize: 5000 })).catch((error: unknown) => {
    log().error({ err: error }, "a Parquet export broke off");
    out.destroy(error instanceof Error ? error : new Error(String(error)));
  });
  return out;
}

class StreamWriter extends ByteWriter {
  readonly #out: PassThrough;
  constructor(out: PassThrough) {
    super();
    this.#out = out;
  }

  async flush(): Promise<void> {
    const chunk = Buffer.from(new Uint8Array(this.buffer, 0, this.index));
    this.index = 0;
    if (chunk.length === 0 || this.#out.write(chunk)) return;
    // A reader that went away closes the stream: then nothing waits any more.
    await new Promise<void>((done) => {
      this.#out.once("drain", done).once("close", done);
    });
    if (this.#out.destroyed) throw new Error("The reader of the export went away.");
  }

  override async finish(): Promise<void> {
    await this.flush();
    this.#out.end();
  }
}
