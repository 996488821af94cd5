import { and, asc, eq, sql } from "drizzle-orm";
import type { DbOrTx } from "../../../db/client.ts";
import { modelVersions, registeredModels } from "../../../db/schema/models.ts";
import { placeOfUri } from "../../../domain/experiments/mlflow-artifact-path.ts";

export interface Pin {
  name: string;
  version: number;
  /** Where its files lie below their run or logged model; empty: everything there. */
  path: string;
}

/** Versions whose files are some of this run's or logged model's, the oldest first. A location names whose they are in any of the forms that clients write. */
export async function listPins(db: DbOrTx, orgId: string, ownerId: string): Promise<Pin[]> {
  const rows = await db
    .select({ name: registeredModels.name, version: modelVersions.version, location: modelVersions.location })
    .from(modelVersions)
    .innerJoin(registeredModels, eq(registeredModels.id, modelVersions.modelId))
    .where(and(eq(modelVersions.orgId, orgId), sql`position(${ownerId} in ${modelVersions.location}) > 0`))
    .orderBy(asc(modelVersions.createdAt));
  return rows.flatMap(({ name, version, location }) => {
    const place = placeOfUri(location);
    return place?.id === ownerId ? [{ name, version, path: place.path }] : [];
  });
}
