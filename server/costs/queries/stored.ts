import type { TransactionSql } from "postgres";
import type { StoredWhat } from "../../../domain/costs/metering.ts";

/** Bytes that each project has in the object store now, as text. The same bytes count once in a project's own, and in each project that refers to them. */
export async function readStored(tx: TransactionSql, orgId: string): Promise<{ project: string; what: StoredWhat; bytes: string }[]> {
  return tx<{ project: string; what: StoredWhat; bytes: string }[]>`
    with referred as (
      select r.project_id as project, 'artifacts' as what, a.sha256 from artifacts a join runs r on r.id = a.run_id where a.org_id = ${orgId}
      union select r.project_id, 'checkpoints', f.sha256 from run_checkpoint_files f join runs r on r.id = f.run_id where f.org_id = ${orgId}
      union select r.project_id, 'code', r.spec -> 'code' ->> 'sha256' from runs r where r.org_id = ${orgId} and r.spec -> 'code' ->> 'sha256' is not null
      union select r.project_id, 'logs', h.archive_sha256 from log_heads h join attempts a on a.id = h.attempt_id join runs r on r.id = a.run_id where a.org_id = ${orgId} and h.archive_sha256 is not null
      union select m.project_id, 'models', f.sha256 from logged_model_files f join logged_models m on m.id = f.model_id where f.org_id = ${orgId}
    )
    select f.project, f.what, sum(o.bytes)::text as bytes from referred f join objects o on o.org_id = ${orgId} and o.sha256 = f.sha256
    group by 1, 2 having sum(o.bytes) > 0 order by 1, 2`;
}
