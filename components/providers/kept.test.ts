import { QueryClient, QueryObserver } from "@tanstack/react-query";
import { expect, it } from "vitest";
import { keptIfSame } from "./kept.ts";

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
