import { expect, it } from "vitest";
import { arrayText } from "./array-text.ts";
import { testDatabase } from "./testing.ts";

it("is read by Postgres as what it was, whatever a name holds", async () => {
  const { sql, close } = await testDatabase();
  const names = ["gpu01", 'a "rack", {1}', "back\\slash", "two\nlines", "NULL", "", null];
  const [row] = await sql<{ names: (string | null)[]; numbers: (number | null)[] }[]>`select to_jsonb(${arrayText(names)}::text[]) as names, to_jsonb(${arrayText([1, -2.5, null])}::float8[]) as numbers`;
  expect(row).toEqual({ names, numbers: [1, -2.5, null] });
  await close();
});
