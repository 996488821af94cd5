import type { Role } from "../../domain/access/roles.ts";
import type { Factories } from "../factories.ts";

const TEAMS = { Vision: ["detector", "segmentation"], Language: ["base-models", "alignment"], Speech: ["recognition"] };
const PEOPLE: [name: string, role: Role, where: keyof typeof TEAMS | "org"][] = [
  ["Ingrid Solberg", "owner", "org"],
  ["Tomás Herrera", "admin", "org"],
  ["Priya Raman", "team_lead", "Language"],
  ["Jonas Weber", "member", "Language"],
  ["Mei Tanaka", "member", "Vision"],
  ["Amara Okafor", "member", "Speech"],
  ["Lucie Martin", "viewer", "org"],
  ["Sam Whitfield", "billing", "org"],
];

/** The organization, its tree and its people. Everybody's password is the factories' own. */
export async function seedPeople(make: Factories) {
  const org = await make.org({ name: "Northwind Research", slug: "northwind" });
  const teams = new Map<string, { id: string }>();
  const projects = [];
  for (const [name, slugs] of Object.entries(TEAMS)) {
    const team = await make.team(org, { name });
    teams.set(name, team);
    for (const slug of slugs) projects.push(await make.project(org, { teamId: team.id, slug, name: slug[0]!.toUpperCase() + slug.slice(1).replace("-", " ") }));
  }
  const people = [];
  for (const [name, role, where] of PEOPLE) {
    const email = `${name.split(" ")[0]!.toLowerCase().normalize("NFKD").replace(/[^a-z]/g, "")}@northwind.example`;
    const person = await make.user({ name, email });
    if (where === "org") await make.role(org, person.id, role);
    else await make.role(org, person.id, role, "team", teams.get(where)!.id);
    people.push(person);
  }
  return { org, teams, projects, people, owner: people[0]!, workers: people.slice(1, 6) };
}
