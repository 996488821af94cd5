import { createLoader, parseAsString } from "nuqs/server";
import type { ListPeople } from "../../../domain/access/inputs.ts";

/** The URL of the list of members: `member` is the one that the drawer shows. */
export const peopleParams = { q: parseAsString.withDefault(""), member: parseAsString };
export const loadPeopleParams = createLoader(peopleParams);

export function peopleInput(q: string): ListPeople {
  const text = q.trim().slice(0, 100);
  return { limit: 50, ...(text ? { text } : {}) };
}
