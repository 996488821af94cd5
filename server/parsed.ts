import type { z } from "zod";
import { DomainError } from "../domain/shared/errors.ts";

/** What a raw route was given, parsed. @throws DomainError "invalid" that names the field: its path in the value, else `name`. */
export function parsed<Schema extends z.ZodType>(name: string, schema: Schema, value: unknown): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issues = result.error.issues.map(({ path, message }) => ({ field: path.join(".") || name, message }));
  throw new DomainError("invalid", issues.map(({ field, message }) => `${field}: ${message}`).join("; "), { issues });
}
