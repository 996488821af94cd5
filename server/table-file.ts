import { PassThrough, Readable } from "node:stream";
import type { Context } from "hono";
import { ByteWriter, parquetWriteRows, schemaFromColumnData } from "hyparquet-writer";
import { decimal, rescale } from "../domain/costs/decimal.ts";
import { csvLine, type ExportCell, type ExportFormat } from "../domain/shared/table-file.ts";
import { DomainError } from "../domain/shared/errors.ts";
import { log } from "./log.ts";

/** A column of a file: its name and what a row has there, as it is, not as a page words it. */
export interface FileColumn<Row> {
  name: string;
  /** DECIMAL: exact, its cells plain digits as text. A moment may be text as well, where the CSV file writes it in a way of its own. */
  type: "DOUBLE" | "STRING" | "TIMESTAMP" | "DECIMAL";
  cell: (row: Row) => ExportCell;
}

/** Columns of text that are called as their fields are: exact decimals, too, since a spreadsheet may round them and a file may not. */
export const textColumns = <Row>(names: readonly (keyof Row & string)[]): FileColumn<Row>[] => names.map((name) => ({ name, type: "STRING", cell: (row) => row[name] as string | null }));

const TYPES: Record<ExportFormat, string> = { csv: "text/csv; charset=utf-8", parquet: "application/vnd.apache.parquet" };

/** Rows as a file to download, streamed: no row waits for the last one. @param name Without its ending. */
export function sendTableFile<Row>(c: Context, of: { name: string; format: ExportFormat; columns: readonly FileColumn<Row>[]; pages: AsyncIterable<readonly Row[]> }): Response {
  const bytes = of.format === "csv" ? Readable.from(csv(of.columns, of.pages)) : parquet(of.columns, of.pages);
  return c.body(Readable.toWeb(bytes) as ReadableStream<Uint8Array>, 200, downloadHeaders(TYPES[of.format], `${of.name}.${of.format}`));
}

/** Of a file that is made for who asks: to be kept by them, and by nobody on the way. */
export const downloadHeaders = (type: string, name: string) => ({ "content-type": type, "content-disposition": `attachment; filename="${name}"`, "cache-control": "private, no-store", "x-content-type-options": "nosniff" });

/** A query parameter that holds JSON. @throws DomainError "invalid" that names it. */
export function jsonQuery(c: Context, name: string): unknown {
  try {
    return JSON.parse(c.req.query(name) ?? "");
  } catch {
    throw new DomainError("invalid", `${name}: Expected JSON.`, { issues: [{ field: name, message: "Expected JSON." }] });
  }
}

async function* csv<Row>(columns: readonly FileColumn<Row>[], pages: AsyncIterable<readonly Row[]>): AsyncGenerator<Buffer> {
  yield Buffer.from(csvLine(columns.map(({ name }) => name)));
  for await (const rows of pages) if (rows.length > 0) yield Buffer.from(rows.map((row) => csvLine(columns.map(({ cell }) => cell(row)))).join(""));
}

/** As the ledger keeps amounts: 38 digits, 18 of them after the point. */
const EXACT = { type: "FIXED_LEN_BYTE_ARRAY", type_length: 16, converted_type: "DECIMAL", precision: 38, scale: 18, repetition_type: "OPTIONAL" } as const;

/** A cell as the writer takes it: a decimal as its whole number of last digits. */
function typed(type: FileColumn<never>["type"], cell: ExportCell): Exclude<ExportCell, null> | bigint | undefined {
  if (cell === null) return undefined;
  if (typeof cell !== "string") return cell;
  return type === "DECIMAL" ? rescale(decimal(cell), EXACT.scale).units : type === "TIMESTAMP" ? new Date(cell) : cell;
}

/** Written group by group; each group leaves when it is full. */
function parquet<Row>(columns: readonly FileColumn<Row>[], pages: AsyncIterable<readonly Row[]>): Readable {
  const out = new PassThrough();
  const writer = new StreamWriter(out);
  async function* rows() {
    for await (const page of pages) for (const row of page) yield Object.fromEntries(columns.map(({ name, type, cell }) => [name, typed(type, cell(row))]));
  }
  const shown = columns.map(({ name, type }) => ({ name, ...(type === "DECIMAL" ? {} : { type, nullable: true }) }));
  const schema = schemaFromColumnData({ columnData: shown.map((column) => ({ ...column, data: [] })), schemaOverrides: Object.fromEntries(columns.filter(({ type }) => type === "DECIMAL").map(({ name }) => [name, { name, ...EXACT }])) });
  void Promise.resolve(parquetWriteRows({ writer, rows: rows(), columns: shown, schema, rowGroupSize: 5000 })).catch((error: unknown) => {
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
