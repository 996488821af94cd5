import { sql } from "drizzle-orm";
import { decimal, decimalText, multiply, subtract, trimmed } from "../../../domain/costs/decimal.ts";
import type { ExportFocus } from "../../../domain/costs/inputs.ts";
import { FOCUS_METER, FOCUS_RESOURCE, FOCUS_UNIT, focusService, focusTime, IDLE_SERVICE, PRICING_CATEGORY, skuPriceDetails } from "../../../domain/costs/focus.ts";
import { HOUR_MS, type CapacityClass, type ResourceKind, type UsageEvidence } from "../../../domain/costs/metering.ts";
import { isOutsidePayer } from "../../../domain/costs/outside.ts";
import { periodOf } from "../../../domain/costs/ledger.ts";
import { monthName, spanOf } from "../../../domain/costs/period.ts";
import type { PeriodLine } from "../../../domain/costs/period-view.ts";
import { notFound } from "../../../domain/shared/errors.ts";
import type { Ctx } from "../../trpc/context.ts";
import { payerWords } from "./dimensions.ts";
import { getPeriod } from "./periods.ts";

export type FocusRow = Record<string, string | null>;

interface Charge extends Record<string, unknown> {
  hour: string;
  node: string;
  kind: ResourceKind;
  model: string;
  capacity_class: CapacityClass;
  charge_class: "Correction" | null;
  cluster_id: string;
  region: string | null;
  attempt_id: string | null;
  /** Of a job from outside Drover: its number at its scheduler. */
  outside_job: string | null;
  run_id: string | null;
  run: string | null;
  project_id: string | null;
  project: string | null;
  team: string | null;
  experiment_id: string | null;
  experiment: string | null;
  sweep_id: string | null;
  endpoint_id: string | null;
  release_id: string | null;
  pipeline_id: string | null;
  price_id: string | null;
  rate_id: string | null;
  pricing_currency: string | null;
  /** In that currency. */
  priced_at: string | null;
  priced_cluster: string | null;
  priced_model: string | null;
  priced_class: CapacityClass | null;
  unit_price: string;
  quantity: string;
  amount: string;
  evidence: UsageEvidence;
  rating_version: number;
}

const DAY_MS = 24 * HOUR_MS;
/** Rows of so many days at once: no export holds a month of them. */
const DAYS_TOGETHER = 1;

interface Frame {
  org: { id: string; name: string };
  currency: string;
  /** While the period is open, of the invoice that is in the making. */
  invoiceId: string;
  from: number;
  to: number;
}

async function frameOf(ctx: Ctx, period: string): Promise<Frame & { view: Awaited<ReturnType<typeof getPeriod>> }> {
  const [org] = await ctx.db.execute<{ name: string }>(sql`select name from orgs where id = ${ctx.orgId}`);
  if (!org) throw notFound();
  const view = await getPeriod(ctx, period, Date.now());
  return { org: { id: ctx.orgId, name: org.name }, currency: view.currency, invoiceId: invoiceIdOf(ctx.orgId, period), ...spanOf(period), view };
}

const invoiceIdOf = (orgId: string, period: string): string => `inv_${orgId}_${period}`;
/** The line of an invoice on which a project's charges are, or those of nobody: of its own month, or corrections of one before it. */
const invoiceLineOf = (invoiceId: string, projectId: string | null, corrected: string | null): string => [invoiceId, projectId || "idle", corrected].filter(Boolean).join("_");

/** One of the three data sets of a billing period, page by page. */
export async function* focusRows(ctx: Ctx, { period, dataset }: ExportFocus): AsyncGenerator<FocusRow[]> {
  const frame = await frameOf(ctx, period);
  if (dataset === "billing-period") yield [billingPeriod(frame)];
  else if (dataset === "invoice-detail") yield await invoiceDetail(ctx, frame, period);
  else yield* costAndUsage(ctx, frame, period);
}

/** What stands in the ledger of that period, netted by asset-hour, holder and price: what was taken back is not there. */
async function* costAndUsage(ctx: Ctx, frame: Frame, period: string): AsyncGenerator<FocusRow[]> {
  const [first] = await ctx.db.execute<{ at: string | null }>(sql`select (extract(epoch from min(hour)) * 1000)::bigint::text as at from ledger_entries where org_id = ${ctx.orgId} and period = ${period}`);
  if (!first?.at) return;
  for (let at = Math.floor(+first.at / DAY_MS) * DAY_MS; at < frame.to; at += DAYS_TOGETHER * DAY_MS) {
    const charges = await ctx.db.execute<Charge>(sql`
      select (extract(epoch from l.hour) * 1000)::bigint::text as hour, l.node, l.kind, l.model, l.capacity_class, l.charge_class, l.cluster_id, c.region, l.attempt_id, o.job as outside_job, l.run_id, r.name as run, l.project_id, coalesce(p.slug, case when l.project_id <> '' then ${payerWords(sql`l.project_id`)} end) as project, t.name as team,
        l.experiment_id, e.name as experiment, l.sweep_id, l.endpoint_id, l.release_id, l.pipeline_id, l.price_id, l.rate_id, pl.currency as pricing_currency, trim_scale(pl.unit_price)::text as priced_at, pl.cluster_id as priced_cluster, pl.model as priced_model, pl.capacity_class as priced_class, trim_scale(l.unit_price)::text as unit_price, trim_scale(sum(l.quantity))::text as quantity, trim_scale(sum(l.amount))::text as amount, l.evidence, max(l.rating_version) as rating_version
      from ledger_entries l left join clusters c on c.id = l.cluster_id left join runs r on r.id = l.run_id left join outside_jobs o on o.id = l.attempt_id left join projects p on p.id = l.project_id left join teams t on t.id = p.team_id left join experiments e on e.id = l.experiment_id left join price_lines pl on pl.id = l.price_id
      where l.org_id = ${ctx.orgId} and l.period = ${period} and l.line > 0 and l.hour >= ${new Date(at).toISOString()}::timestamptz and l.hour < ${new Date(at + DAYS_TOGETHER * DAY_MS).toISOString()}::timestamptz
      group by l.hour, l.node, l.kind, l.model, l.capacity_class, l.charge_class, l.cluster_id, c.region, l.attempt_id, o.job, l.run_id, r.name, l.project_id, p.slug, t.name, l.experiment_id, e.name, l.sweep_id, l.endpoint_id, l.release_id, l.pipeline_id, l.price_id, l.rate_id, pl.currency, pl.unit_price, pl.cluster_id, pl.model, pl.capacity_class, l.unit_price, l.evidence
      having sum(l.quantity) <> 0
      order by l.hour, l.cluster_id, l.node, l.kind, l.model, l.attempt_id, l.price_id`);
    if (charges.length > 0) yield charges.map((charge) => usageRow(charge, frame));
  }
}

function usageRow(charge: Charge, { org, currency, invoiceId, from, to }: Frame): FocusRow {
  const isIdle = charge.attempt_id === null;
  const service = focusService(charge.kind, isIdle ? "idle" : charge.outside_job === null ? "drover" : "outside");
  const isAttempt = charge.run_id !== null;
  const sku = charge.price_id ?? `unpriced/${charge.kind}`; // what the price book says nothing of costs nothing: usage has to have a price
  const unit = FOCUS_UNIT[charge.kind];
  const pricedAt = charge.priced_at ?? charge.unit_price;
  const tags = Object.fromEntries(Object.entries({ team: charge.team, experiment: charge.experiment }).filter(([, value]) => value !== null));
  return {
    BilledCost: charge.amount, EffectiveCost: charge.amount, ListCost: charge.amount, ContractedCost: charge.amount,
    ListUnitPrice: charge.unit_price, ContractedUnitPrice: charge.unit_price, PricingQuantity: charge.quantity, PricingUnit: unit, PricingCategory: PRICING_CATEGORY[charge.capacity_class],
    PricingCurrency: charge.pricing_currency ?? currency, PricingCurrencyListUnitPrice: pricedAt, PricingCurrencyContractedUnitPrice: pricedAt, PricingCurrencyEffectiveCost: decimalText(trimmed(multiply(decimal(pricedAt), decimal(charge.quantity)))),
    ConsumedQuantity: isIdle ? "0" : charge.quantity, ConsumedUnit: unit, // what nobody held is paid for, and was not consumed
    BillingAccountId: org.id, BillingAccountName: org.name, BillingCurrency: currency, BillingPeriodStart: focusTime(from), BillingPeriodEnd: focusTime(to), InvoiceId: invoiceId, InvoiceDetailId: invoiceLineOf(invoiceId, charge.project_id, charge.charge_class && periodOf(+charge.hour)),
    ...(charge.capacity_class === "reserved" ? { CapacityReservationId: `${charge.cluster_id}/reserved`, CapacityReservationStatus: isIdle ? "Unused" : "Used" } : {}),
    ChargeCategory: "Usage", ChargeClass: charge.charge_class, ChargeFrequency: "Usage-Based", ChargePeriodStart: focusTime(+charge.hour), ChargePeriodEnd: focusTime(+charge.hour + HOUR_MS),
    ChargeDescription: describe(charge, unit),
    HostProviderName: "self", InvoiceIssuerName: org.name, ServiceProviderName: org.name, ProviderName: org.name, PublisherName: org.name,
    RegionId: charge.region, RegionName: charge.region, ResourceId: [charge.cluster_id, charge.node, charge.kind, charge.model].filter(Boolean).join("/"), ResourceName: charge.node, ResourceType: FOCUS_RESOURCE[charge.kind],
    ServiceCategory: service.category, ServiceName: service.name, ServiceSubcategory: service.subcategory,
    SkuId: sku, SkuMeter: FOCUS_METER[charge.kind], SkuPriceId: sku, SkuPriceDetails: skuPriceDetails(charge.kind, { clusterId: charge.priced_cluster, model: charge.priced_model, capacityClass: charge.priced_class }),
    SubAccountId: charge.project_id, SubAccountName: charge.project, SubAccountType: charge.project_id === null ? null : isOutsidePayer(charge.project_id) ? "Account" : "Project", Tags: JSON.stringify(tags),
    x_AttemptId: isAttempt ? charge.attempt_id : null, x_ClusterId: charge.region === null ? null : charge.cluster_id, x_EndpointId: charge.endpoint_id, x_Evidence: charge.evidence, x_ExchangeRateId: charge.rate_id, x_ExperimentId: isAttempt ? charge.experiment_id : null,
    x_GpuModel: charge.kind === "accelerator" ? charge.model : null, x_Model: charge.kind === "accelerator" ? null : charge.model || null, x_OutsideJob: charge.outside_job && `job/${charge.outside_job}`, x_PipelineId: charge.pipeline_id, x_ReleaseId: charge.release_id, x_SweepId: charge.sweep_id, x_RatingVersion: `v${charge.rating_version}`, x_RunId: charge.run_id,
  };
}

function describe({ kind, quantity, node, attempt_id, outside_job, run, run_id }: Charge, unit: string): string {
  const what = `${quantity} ${unit} of ${node}`;
  if (attempt_id === null) return `${what} that nobody held`;
  if (outside_job !== null) return `${what}, job ${outside_job} from outside Drover`;
  return run_id === null ? `${what}${kind === "storage" ? " in the object store" : ""}` : `${what}, run ${run ?? run_id}`;
}

function billingPeriod({ org, from, to, view }: Awaited<ReturnType<typeof frameOf>>): FocusRow {
  // Until it is closed, late journals and prices that begin in the past may change it at any time.
  return { BillingPeriodCreated: focusTime(from), BillingPeriodStart: focusTime(from), BillingPeriodEnd: focusTime(to), BillingPeriodLastUpdated: focusTime(view.closedAt?.getTime() ?? Date.now()), BillingPeriodStatus: view.state === "closed" ? "Closed" : "Open", InvoiceIssuerName: org.name };
}

/** A line for each project, and one for each month before that its charges correct; exact, as the rows of usage are, so that they add up to the same. */
async function invoiceDetail(ctx: Ctx, { org, currency, invoiceId, from, to, view }: Awaited<ReturnType<typeof frameOf>>, period: string): Promise<FocusRow[]> {
  const closedAt = view.closedAt?.getTime() ?? null;
  const row = ({ projectId, project }: PeriodLine, amount: string, corrected: string | null): FocusRow => ({
    BilledCost: amount, BillingAccountId: org.id, BillingCurrency: currency, BillingPeriodStart: focusTime(from), BillingPeriodEnd: focusTime(to), ChargeCategory: "Usage",
    InvoiceDetailId: invoiceLineOf(invoiceId, projectId, corrected), InvoiceDetailDescription: `${projectId === "" ? "Capacity that nobody held" : isOutsidePayer(projectId) ? project : `Project ${project}`}${corrected ? `, correction of ${monthName(corrected)}` : ""}`,
    InvoiceDetailGrain: JSON.stringify({ ...(projectId === "" ? { ServiceName: IDLE_SERVICE } : { SubAccountId: projectId }), ...(corrected ? { x_CorrectedPeriod: corrected } : {}) }),
    InvoiceDetailCreated: focusTime(from), InvoiceDetailLastUpdated: focusTime(closedAt ?? Date.now()),
    InvoiceId: invoiceId, InvoiceIssueDate: closedAt === null ? null : focusTime(closedAt), InvoiceIssueStatus: closedAt === null ? "Open" : "Issued", InvoiceIssuerName: org.name, PaymentDueDate: null, PaymentTerms: "Internal",
    ReferenceInvoiceId: corrected ? invoiceIdOf(org.id, corrected) : invoiceId,
  });
  const [charged, corrections] = [await chargedProjects(ctx, from, to), await correctedMonths(ctx, period, from)];
  return view.lines.flatMap((line) => [
    ...(charged.has(line.projectId) ? [row(line, decimalText(trimmed(subtract(decimal(line.amount), decimal(line.corrections)))), null)] : []),
    ...corrections.filter(({ project_id }) => project_id === line.projectId).map(({ month, amount }) => row(line, amount, month)),
  ]);
}

/** Who was charged for something of these days: not who only has corrections of the days before. */
async function chargedProjects(ctx: Ctx, from: number, to: number): Promise<Set<string>> {
  const day = (at: number) => new Date(at).toISOString().slice(0, 10);
  const rows = await ctx.db.execute<{ project_id: string }>(sql`select distinct project_id from cost_daily where org_id = ${ctx.orgId} and day >= ${day(from)}::date and day < ${day(to)}::date`);
  return new Set(rows.map(({ project_id }) => project_id));
}

/** What is booked in a period of the closed ones before it, by project and month. */
async function correctedMonths(ctx: Ctx, period: string, from: number): Promise<{ project_id: string; month: string; amount: string }[]> {
  return ctx.db.execute<{ project_id: string; month: string; amount: string }>(sql`
    select coalesce(project_id, '') as project_id, to_char(hour at time zone 'utc', 'YYYY-MM') as month, trim_scale(sum(amount))::text as amount
    from ledger_entries where org_id = ${ctx.orgId} and period = ${period} and hour < ${new Date(from).toISOString()}::timestamptz and line > 0 and charge_class = 'Correction' group by 1, 2 order by 1, 2`);
}
