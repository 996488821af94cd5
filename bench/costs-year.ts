import type { Sql } from "postgres";

/** So much of the runs, to try something quickly: 0.1 is a tenth of them. */
export const SHARE = Number(process.env.DROVER_BENCH_SHARE ?? 1);
/** A year of 200 people, who submit 2,000 runs a day in 40 projects of 20 teams on three clusters. */
export const YEAR = { days: 365, runsPerDay: Math.round(2000 * SHARE), people: 200, teams: 20, projects: 40, experiments: 400 };
/** Hours of accelerators, cores and memory of the last whole month that stand in the ledger one by one. */
const LEDGER_HOURS = 6;

export interface Filled {
  orgId: string;
  /** UTC days, both included. */
  from: string;
  to: string;
  /** The last whole month. */
  month: string;
}

/** What a worker would have written, put there by the database itself. @param sql Of the owner of the tables. */
export async function fillYear(sql: Sql, progress: (what: string) => void): Promise<Filled> {
  const days = await sql<{ from: string; to: string; month: string }[]>`
    select (day - ${YEAR.days - 1}::int)::text as from, day::text as to, to_char(date_trunc('month', day) - interval '1 day', 'YYYY-MM') as month from (select (now() at time zone 'utc')::date as day) today`;
  const { from, to, month } = days[0]!;
  const orgId = "org_year";
  await sql`set session_replication_role = replica`; // what is put there is right by construction: no foreign key is looked up, no trigger runs
  await sql`set work_mem = '128MB'`;
  await sql`set maintenance_work_mem = '256MB'`;
  await people(sql, orgId);
  const indexes = await dropIndexes(sql);
  progress("people, projects and clusters");
  await sql`create unlogged table made as
    select n, 'run_' || n as run_id, n % ${YEAR.people} as person, n % ${YEAR.projects} as project, (n::bigint * 7 % ${YEAR.experiments})::int as experiment, n % 3 as cluster, ${from}::date + (n / ${YEAR.runsPerDay}) as day, (1 + n::bigint * 7919 % 11)::int as hours, 1 + n % 3 as gpus, (n::bigint * 104729 % 17)::int as at_hour
    from generate_series(0, ${YEAR.days * YEAR.runsPerDay - 1}::int) as n`;
  await sql.unsafe(`insert into runs (id, org_id, project_id, experiment_id, name, spec, status, priority, owner_type, owner_id, cpus, memory_mib, gpus, nodes)
    select run_id, '${orgId}', 'prj_' || experiment % ${YEAR.projects}, 'exp_' || experiment, 'run ' || n, '{}', ${OUTCOME}, 50, 'user', 'usr_' || person, 6, 32768, gpus, 1 from made`);
  await sql`insert into run_tags (run_id, key, value) select run_id, 'dataset', 'set ' || n % 9 from made where n % 4 = 0`;
  progress("runs");
  await dailySums(sql, orgId);
  progress("sums by day");
  await partsAndBooks(sql, orgId, from);
  progress("parts, months and budgets");
  await ledgerOf(sql, orgId, month);
  progress("the ledger of a month");
  for (const { made } of indexes) await sql.unsafe(made);
  progress("indexes");
  await rawRows(sql, month);
  await sql`analyze`;
  progress("raw rows as peers keep them");
  return { orgId, from, to, month };
}

/** Of the tables with a row or more for each run: made at once at the end they take a fraction of the time. */
async function dropIndexes(sql: Sql): Promise<readonly { name: string; made: string }[]> {
  const indexes = await sql<{ name: string; made: string }[]>`
    select indexrelid::regclass::text as name, replace(pg_get_indexdef(indexrelid), ' ON ONLY ', ' ON ') as made from pg_index
    where indrelid in ('runs'::regclass, 'run_tags'::regclass, 'cost_run_days'::regclass, 'cost_runs'::regclass, 'ledger_entries'::regclass) and not exists (select from pg_constraint where conindid = indexrelid)`;
  for (const { name } of indexes) await sql.unsafe(`drop index ${name}`);
  return indexes;
}

async function people(sql: Sql, orgId: string): Promise<void> {
  await sql`insert into orgs (id, slug, name) values (${orgId}, 'year', 'Year')`;
  await sql`insert into teams (id, org_id, slug, name) select 'team_' || n, ${orgId}, 'team-' || n, 'Team ' || n from generate_series(0, ${YEAR.teams - 1}::int) as n`;
  await sql`insert into projects (id, org_id, team_id, slug, name) select 'prj_' || n, ${orgId}, 'team_' || n % ${YEAR.teams}, 'project-' || n, 'Project ' || n from generate_series(0, ${YEAR.projects - 1}::int) as n`;
  await sql`insert into users (id, name, email, email_verified) select 'usr_' || n, 'Person ' || n, 'p' || n || '@year.test', true from generate_series(0, ${YEAR.people - 1}::int) as n`;
  await sql`insert into role_bindings (id, org_id, principal_type, principal_id, role, scope_type, scope_id) select 'bnd_' || n, ${orgId}, 'user', 'usr_' || n, 'member', 'org', ${orgId} from generate_series(0, ${YEAR.people - 1}::int) as n`;
  await sql`insert into experiments (id, org_id, project_id, name) select 'exp_' || n, ${orgId}, 'prj_' || n % ${YEAR.projects}, 'experiment ' || n from generate_series(0, ${YEAR.experiments - 1}::int) as n`;
  await sql`insert into clusters (id, org_id, slug, name, capacity_class) select 'cl_' || n, ${orgId}, 'cluster-' || n, 'Cluster ' || n, case n when 1 then 'on-demand' else 'owned' end from generate_series(0, 2) as n`;
  await sql`insert into cost_settings (org_id, rating_version) values (${orgId}, 1)`;
  await sql`insert into price_lines (id, org_id, version, kind, unit_price, valid_from, created_by) select 'pl_' || kind, ${orgId}, 1, kind, price, '2020-01-01', 'Olga' from (values ('accelerator', 2.1), ('cpu', 0.0125), ('memory', 0.0017)) as p (kind, price)`;
  await sql`insert into cost_clocks (cluster_id, org_id, complete_to) select id, org_id, date_trunc('hour', now()) from clusters`;
  await sql`insert into budgets (id, org_id, name, scope_type, scope_id, amount, levels, policy) select 'bud_' || n, ${orgId}, 'Team ' || n, 'team', 'team_' || n, 100000, '{50,80,100}', 'warn' from generate_series(0, ${YEAR.teams - 1}::int) as n`;
}

const OUTCOME = "(array['succeeded', 'succeeded', 'succeeded', 'failed', 'cancelled'])[1 + n % 5]";
const COST = "gpus * hours * (2.1 + 6 * 0.0125 + 32 * 0.0017)";
/** An asset of a run: what it holds of it, and what an hour of one costs. */
const ASSETS = `(values ('accelerator', 'NVIDIA H100 80GB HBM3', 1, 2.1), ('cpu', '', 6, 0.0125), ('memory', '', 32, 0.0017)) as asset (kind, model, each, price)`;

async function dailySums(sql: Sql, orgId: string): Promise<void> {
  await sql.unsafe(`
    insert into cost_daily (day, org_id, project_id, owner_id, experiment_id, cluster_id, kind, model, capacity_class, quantity, amount, provisional)
    select day, '${orgId}', 'prj_' || experiment % ${YEAR.projects}, 'usr_' || person, 'exp_' || experiment, 'cl_' || cluster, kind, model, case cluster when 1 then 'on-demand' else 'owned' end, sum(gpus * each * hours), sum(gpus * each * hours * price), 0
    from made, ${ASSETS} group by 1, 3, 4, 5, 6, 7, 8, 9
    union all
    select distinct day, '${orgId}', '', '', '', 'cl_' || cluster, kind, model, case cluster when 1 then 'on-demand' else 'owned' end, 900, 900 * price, 0 from made, ${ASSETS}`);
  await sql.unsafe(`
    insert into cost_project_days select org_id, day, project_id, cluster_id, kind, model, capacity_class, coalesce(array_agg(distinct owner_id) filter (where owner_id <> ''), '{}'), sum(quantity), sum(amount), sum(provisional) from cost_daily group by 1, 2, 3, 4, 5, 6, 7;
    insert into cost_people_days select org_id, day, project_id, people, count(*), coalesce(sum(quantity) filter (where kind = 'accelerator'), 0), sum(amount), sum(provisional) from cost_project_days group by 1, 2, 3, 4;
    insert into cost_person_days select org_id, day, project_id, owner_id, coalesce(sum(quantity) filter (where kind = 'accelerator'), 0), sum(amount), sum(provisional) from cost_daily group by 1, 2, 3, 4;
    insert into cost_experiment_days select org_id, day, project_id, experiment_id, coalesce(sum(quantity) filter (where kind = 'accelerator'), 0), sum(amount), sum(provisional) from cost_daily group by 1, 2, 3, 4`);
  await sql.unsafe(`
    insert into cost_runs (run_id, org_id, project_id, experiment_id, owner_id, first_hour, last_hour, accelerator_hours, amount, provisional)
    select run_id, '${orgId}', 'prj_' || experiment % ${YEAR.projects}, 'exp_' || experiment, 'usr_' || person, day::timestamp at time zone 'utc' + make_interval(hours => at_hour), day::timestamp at time zone 'utc' + make_interval(hours => at_hour + hours - 1), gpus * hours, ${COST}, 0 from made`);
  await sql.unsafe(`
    insert into cost_outcome_days (org_id, day, project_id, outcome, accelerator_hours, amount, provisional)
    select '${orgId}', day, 'prj_' || experiment % ${YEAR.projects}, ${OUTCOME}, sum(gpus * hours), sum(${COST}), 0 from made group by 2, 3, 4;
    insert into cost_tag_days (org_id, day, project_id, key, value, runs, accelerator_hours, amount, provisional)
    select '${orgId}', day, 'prj_' || experiment % ${YEAR.projects}, 'dataset', 'set ' || n % 9, count(*), sum(gpus * hours), sum(${COST}), 0 from made where n % 4 = 0 group by 2, 3, 5`);
  await sql.unsafe(`insert into cost_run_days (run_id, day, org_id, accelerator_hours, amount, provisional) select run_id, day, '${orgId}', gpus * hours, ${COST}, 0 from made`);
}

async function partsAndBooks(sql: Sql, orgId: string, from: string): Promise<void> {
  await sql`
    insert into cost_parts (org_id, day, project_id, cluster_id, kind, model, capacity_class, part, quantity, amount, provisional)
    select org_id, day, project_id, cluster_id, kind, model, capacity_class, part, quantity * share, amount * share, 0
    from cost_project_days join (values ('used', 0.6, false), ('idle', 0.25, false), ('wasted', 0.15, false), ('stranded', 0.1, true), ('free', 0.9, true)) as p (part, share, of_nobody) on of_nobody = (project_id = '')`;
  await sql`insert into cost_part_days select org_id, day, project_id, part, sum(amount) from cost_parts group by 1, 2, 3, 4`;
  await sql`insert into cost_part_months select org_id, date_trunc('month', day::timestamp)::date, project_id, cluster_id, kind, model, capacity_class, part, sum(amount) from cost_parts group by 1, 2, 3, 4, 5, 6, 7, 8`;
  await sql`insert into cost_booked (org_id, period, project_id, amount, provisional, corrections) select org_id, to_char(day, 'YYYY-MM'), project_id, sum(amount), 0, 0 from cost_project_days group by 1, 2, 3`;
  await sql`insert into cost_monthly (org_id, month, project_id, owner_id, amount, provisional) select org_id, to_char(day, 'YYYY-MM'), project_id, owner_id, sum(amount), 0 from cost_person_days group by 1, 2, 3, 4`;
  await sql`insert into cost_periods (org_id, period, state, requested_by, requested_by_name, closed_by, closed_by_name, closed_at, rating_version, total)
    select ${orgId}, period, 'closed', 'usr_0', 'A', 'usr_1', 'B', now(), 1, sum(amount) from cost_booked where period < to_char(date_trunc('month', now()) - interval '1 day', 'YYYY-MM') group by 2`;
  await sql`insert into cost_repriced (org_id, version, month, project_id, kind, quantity, before, after) select org_id, 1, period, project_id, 'cpu', 1, 1, 2 from cost_booked where period >= ${from.slice(0, 7)}`;
}

/** Each asset-hour a transaction of a holder, of nobody and of the asset. */
async function ledgerOf(sql: Sql, orgId: string, month: string): Promise<void> {
  await sql.unsafe(`
    insert into ledger_entries (id, org_id, cluster_id, node, kind, model, transaction_id, line, hour, period, rating_version, account, capacity_class, run_id, attempt_id, project_id, unit_price, quantity, amount, evidence)
    select 'le_' || n || kind || h || line, '${orgId}', 'cl_' || cluster, 'n' || n % 100, kind, model, 'tx' || n || kind || h, line, day::timestamp at time zone 'utc' + make_interval(hours => at_hour + h), '${month}', 1, 'x', 'owned',
      case line when 1 then run_id end, case line when 1 then 'att_' || n end, case line when 1 then 'prj_' || project end, case line when 0 then 0 else price end, case line when 0 then 0 else 1 end, case line when 0 then -2 * price else price end, 'measured'
    from made, ${ASSETS}, generate_series(0, ${LEDGER_HOURS - 1}) as h, generate_series(0, 2) as line where to_char(day, 'YYYY-MM') = '${month}' and h < hours and n % 2 = 0`);
}

/** A row per run, asset and hour, with floats in it, of one month. */
async function rawRows(sql: Sql, month: string): Promise<void> {
  await sql.unsafe(`
    create unlogged table raw_allocations as
    select run_id, 'prj_' || experiment % ${YEAR.projects} as project_id, kind, day + make_interval(hours => at_hour + h) as hour, (gpus * each)::float8 as quantity, price::float8 as price
    from made, ${ASSETS}, generate_series(0, 10) as h where h < hours and to_char(day, 'YYYY-MM') = '${month}'`);
}
