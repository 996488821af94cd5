import { PassThrough } from "node:stream";
import { expect, it } from "vitest";
import { ask } from "./prompt.ts";

const terminal = () => Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => {} });

it.each([
  ["what is typed", "secret\r", "secret"],
  ["what is corrected", "secrey\u007ft\r", "secret"],
])("a prompt answers %s", async (_says, typed, answer) => {
  const input = terminal();
  const asked = ask("Password:", { hidden: true, instead: "", input: input as never });
  input.write(typed);
  expect(await asked).toBe(answer);
});

it("Ctrl-C at a prompt is an interruption, the end of input no answer", async () => {
  const typed = async (keys: string) => {
    const input = terminal();
    const asked = ask("Password:", { hidden: true, instead: "Pipe it in.", input: input as never });
    input.write(keys);
    return asked.catch((error: unknown) => error);
  };
  expect(await typed("half\u0003")).toMatchObject({ exitCode: 130, message: "Interrupted." });
  expect(await typed("\u0004")).toMatchObject({ exitCode: 2, message: "Password is needed." });
});
