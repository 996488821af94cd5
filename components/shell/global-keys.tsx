"use client";
import { useRouter } from "next/navigation";
import { useEffect, useRef } from "react";
import { paths } from "../../paths.ts";
import { useCan, useOrg, useViewer } from "../providers/viewer.tsx";
import { keysAreTaken } from "../ui/keys-taken.ts";
import { openKeysHelp } from "./keys-help.tsx";
import { navGroups } from "./nav.ts";

const PREFIX_MS = 1200;

/** `g` then a letter, `c`, `/` and `?`. cmd-k is Spotlight's own; j, k, x and Space are the table's. */
export function GlobalKeys() {
  const org = useOrg();
  const { held } = useViewer();
  const maySubmit = useCan("runs:submit").ok;
  const router = useRouter();
  const prefixAt = useRef(0);
  useEffect(() => {
    const pages = new Map(navGroups(org, held).flatMap((group) => group.items).flatMap((item) => (item.key ? [[item.key, item.href] as const] : [])));
    function act(key: string, afterPrefix: boolean): boolean {
      const page = afterPrefix ? pages.get(key) : undefined;
      if (page) router.push(page);
      else if (key === "?") openKeysHelp();
      else if (key === "/") return focusFilter();
      else if (key === "c" && !afterPrefix && maySubmit) router.push(paths.newRun(org));
      else return false;
      return true;
    }
    function onKeyDown(event: KeyboardEvent): void {
      if (keysAreTaken(event)) return;
      const afterPrefix = event.timeStamp - prefixAt.current < PREFIX_MS;
      prefixAt.current = event.key === "g" && !afterPrefix ? event.timeStamp : 0;
      if (act(event.key, afterPrefix)) event.preventDefault();
    }
    document.addEventListener("keydown", onKeyDown);
    return () => document.removeEventListener("keydown", onKeyDown);
  }, [org, held, maySubmit, router]);
  return null;
}

function focusFilter(): boolean {
  const field = document.querySelector<HTMLInputElement>("input[data-filter-text], [data-filter-text] input");
  field?.focus();
  field?.select();
  return field !== null;
}
