/** An S3-compatible store, as `DROVER_OBJECTS` names it. */
export interface S3Target {
  bucket: string;
  /** Empty, or ending with a slash. */
  prefix: string;
  endpoint: string | null;
  region: string;
  /** Bucket in the path rather than in the host's name: what most stores but AWS want. */
  pathStyle: boolean;
}

const SHAPE = "Expected s3://BUCKET/PREFIX?endpoint=https://HOST&region=REGION&pathStyle=true (all but the bucket may be left out).";

export const isS3 = (text: string): boolean => text.startsWith("s3:");

/** @throws Error that says what is wrong with it. */
export function s3Target(text: string): S3Target {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (!url?.hostname || url.username || url.password || url.port) throw new Error(`DROVER_OBJECTS: ${SHAPE} Credentials come from the environment (AWS_ACCESS_KEY_ID, …) or the machine's role.`);
  const unknown = [...url.searchParams.keys()].find((name) => !["endpoint", "region", "pathStyle"].includes(name));
  if (unknown) throw new Error(`DROVER_OBJECTS: There is no option ${unknown}. ${SHAPE}`);
  const endpoint = url.searchParams.get("endpoint");
  if (endpoint !== null && (!URL.canParse(endpoint) || !/^https?:$/.test(new URL(endpoint).protocol))) throw new Error(`DROVER_OBJECTS: endpoint must be an http or https URL. ${SHAPE}`);
  const pathStyle = url.searchParams.get("pathStyle") ?? (endpoint ? "true" : "false");
  if (!["true", "false"].includes(pathStyle)) throw new Error(`DROVER_OBJECTS: pathStyle is true or false. ${SHAPE}`);
  const prefix = decodeURIComponent(url.pathname).replace(/^\/+|\/+$/g, "");
  return { bucket: url.hostname, prefix: prefix ? `${prefix}/` : "", endpoint, region: url.searchParams.get("region") ?? "us-east-1", pathStyle: pathStyle === "true" };
}
