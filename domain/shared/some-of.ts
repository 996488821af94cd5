import { z } from "zod";

type Inner<Field> = Field extends z.ZodDefault<infer Of extends z.ZodType> ? Of : never;

/**
 * Of settings that all have defaults, those that somebody changes: the others stay as they are by then, whoever else changed them
 * meanwhile. (`partial()` would fill in the defaults.)
 */
export function someOf<Shape extends Record<string, z.ZodDefault<z.ZodType>>>({ shape }: z.ZodObject<Shape>) {
  const fields = Object.entries(shape).map(([name, field]) => [name, field.unwrap().optional()]);
  return z.strictObject(Object.fromEntries(fields) as { [Name in keyof Shape]: z.ZodOptional<Inner<Shape[Name]>> });
}
