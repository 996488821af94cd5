import { createLoader, parseAsString } from "nuqs/server";
import type { ListPeople, ListTeams } from "../../../domain/access/inputs.ts";

/** The URL of the list of members: `member` is the one that the drawer shows. */
export const peopleParams = { q: parseAsString.withDefault(""), member: parseAsString };
export const loadPeopleParams = createLoader(peopleParams);

export function peopleInput(q: string): ListPeople {
  const text = q.trim().slice(0, 100);
  return { limit: 50, ...(text ? { text } : {}) };
}

/** The URL of the teams page. */
export const teamsParams = { q: parseAsString.withDefault("") };
export const loadTeamsParams = createLoader(teamsParams);
export const TEAMS_AT_ONCE = 50;

export function teamsInput(q: string, limit = TEAMS_AT_ONCE): ListTeams {
  const text = q.trim().slice(0, 100);
  return { limit, ...(text ? { text } : {}) };
}
