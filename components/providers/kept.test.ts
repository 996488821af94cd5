import { keepPreviousData, QueriesObserver, QueryClient, QueryObserver } from "@tanstack/react-query";
import { expect, it } from "vitest";
import { Held, keptIfSame } from "./kept.ts";

const keyOf = (input: object) => [["table", "groups"], { input, type: "query" }] as const;
const never = () => new Promise<string>(() => {});

it("keeps an answer only while what the page names by it is the same", () => {
  const client = new QueryClient();
  client.setQueryData(keyOf({ by: "status", filter: "a" }), "by status");
  const optionsOf = (input: object) => ({ queryKey: keyOf(input), queryFn: never, staleTime: Infinity, placeholderData: keptIfSame(keyOf(input), "by", "metrics") });
  const observer = new QueryObserver(client, optionsOf({ by: "status", filter: "a" }));
  const stop = observer.subscribe(() => {});
  observer.setOptions(optionsOf({ by: "status", filter: "b" }));
  expect(observer.getCurrentResult()).toMatchObject({ data: "by status", isPlaceholderData: true });
  observer.setOptions(optionsOf({ by: "owner", filter: "b" }));
  expect(observer.getCurrentResult().data).toBeUndefined();
  observer.setOptions(optionsOf({ by: "status", filter: "b", metrics: ["loss"] }));
  expect(observer.getCurrentResult().data).toBeUndefined();
  stop();
});

it("holds what a place showed for queries that are asked together, which keep nothing themselves", () => {
  const client = new QueryClient();
  const first = keyOf({ key: "loss", x: "step" });
  client.setQueryData(first, "the whole range");
  const held = new Held<string>();
  const ask = (input: object, placeholderData: unknown) => [{ queryKey: keyOf(input), queryFn: never, staleTime: Infinity, placeholderData }] as never;
  const shown = (input: object, before: unknown) => {
    const observer = new QueriesObserver<{ data: unknown }[]>(client, ask({ key: "loss", x: "step" }, undefined));
    const stop = observer.subscribe(() => {});
    observer.setQueries(ask(input, before));
    const [result] = observer.getCurrentResult() as { data: unknown }[];
    stop();
    return result!.data;
  };
  held.hold("loss", first, "the whole range");
  const zoomed = { key: "loss", x: "step", from: 5 };
  expect(shown(zoomed, keepPreviousData)).toBeUndefined();
  expect(shown(zoomed, held.before("loss", keyOf(zoomed), "key", "x"))).toBe("the whole range");
  const timed = { key: "loss", x: "time" };
  expect(shown(timed, held.before("loss", keyOf(timed), "key", "x"))).toBeUndefined();
  expect(held.before("acc", keyOf(zoomed), "key", "x")()).toBeUndefined();
});
