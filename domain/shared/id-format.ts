/** Prefix of every id: `run_<uuidv7>`. Version 7 sorts by creation, so an id is also a page cursor. */
export const ID_PREFIXES = {
  user: "usr",
  organization: "org",
  team: "team",
  project: "prj",
  binding: "bind",
  invitation: "inv",
  serviceAccount: "sa",
  token: "tok",
  secret: "sec",
  audit: "aud",
  cluster: "cl",
  node: "node",
  accelerator: "acc",
  agent: "agt",
  agentSession: "as",
  enrolment: "enr",
  clusterEvent: "cev",
  experiment: "exp",
  run: "run",
  attempt: "att",
  runEvent: "rev",
  appSession: "aps",
  artifact: "art",
  metricBatch: "mb",
  dataset: "data",
  savedView: "view",
  report: "rep",
  reportComment: "rcm",
  modelFile: "mf",
  clientUpload: "upl",
  registeredModel: "mdl",
  modelEvent: "mev",
  webhook: "wh",
  webhookDelivery: "whd",
  quota: "quo",
  usageInterval: "use",
  capacityInterval: "cap",
  usageReview: "urv",
  outsideJob: "ojb",
  outsideUsage: "ous",
  storedInterval: "sto",
  servedMeter: "svm",
  servedCount: "svc",
  priceLine: "prc",
  exchangeRate: "xrt",
  ledgerEntry: "led",
  ledgerTransaction: "ltx",
  budget: "bud",
  embedReport: "erp",
  embedClient: "ecl",
  costSchedule: "csc",
  costDelivery: "cdl",
} as const;

export type IdKind = keyof typeof ID_PREFIXES;

const UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}";

/** Text of a pattern that one kind of id matches whole. */
export const idPattern = (kind: IdKind): string => `^${ID_PREFIXES[kind]}_${UUID}$`;

/** Is this an id of that kind? For pages: the schemas in ids.ts bring all of zod into a browser. */
export const isId = (kind: IdKind, text: string): boolean => new RegExp(idPattern(kind)).test(text);

export const SLUG_PATTERN = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/;
export const SLUG_MAX = 63;

/** Can this be a name in a URL? */
export const isSlug = (text: string): boolean => text.length <= SLUG_MAX && SLUG_PATTERN.test(text);

/** Turn a display name into a slug; "x" where nothing usable remains. */
export function slugify(name: string): string {
  const slug = name
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 63)
    .replace(/-+$/, "");
  return slug || "x";
}
