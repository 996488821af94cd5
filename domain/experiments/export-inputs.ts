import { z } from "zod";
import { MAX_COLUMNS, MAX_ORDERS } from "./table-columns.ts";
import { TableSet } from "./table-inputs.ts";

export const ExportTable = TableSet.extend({ sorts: z.array(z.string().max(300)).max(MAX_ORDERS).default([]), columns: z.array(z.string().max(300)).min(1).max(MAX_COLUMNS) });
export type ExportTable = z.output<typeof ExportTable>;
