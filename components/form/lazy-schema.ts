import { type FormErrors, schemaResolver } from "@mantine/form";

type Schema = Parameters<typeof schemaResolver>[0];

/**
 * Validates with the procedure's own schema, which (and zod with it, 30 kB) is loaded when a form is first checked rather than with
 * the page. Where it cannot be loaded the server's answer is the check: it parses with the same schema.
 * Use outside of components: `const validate = lazySchema(() => import("…/inputs.ts").then((inputs) => inputs.Invite));`
 */
export function lazySchema(load: () => Promise<Schema>): (values: unknown) => Promise<FormErrors> {
  return async (values) => {
    const schema = await load().catch(() => null);
    return schema ? await schemaResolver(schema)(values) : {};
  };
}
