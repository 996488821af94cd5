import { EVIDENCE, type CapacityClass, type ResourceKind } from "./metering.ts";

/** The FOCUS specification that the files follow, and the older ones that they are projected to. */
export const FOCUS_VERSIONS = ["1.4", "1.3", "1.2"] as const;
export type FocusVersion = (typeof FOCUS_VERSIONS)[number];
export const FOCUS_DATASETS = ["cost-and-usage", "billing-period", "invoice-detail"] as const;
export type FocusDataset = (typeof FOCUS_DATASETS)[number];

export interface FocusColumn {
  name: string;
  type: "decimal" | "datetime" | "string" | "json";
  nullable: boolean;
  /** What it may say. */
  allowed?: readonly string[];
  /** The versions that have it; all where it is not said. */
  only?: readonly FocusVersion[];
}

const text = (name: string, more: Partial<FocusColumn> = {}): FocusColumn => ({ name, type: "string", nullable: false, ...more });
const maybe = (name: string, more: Partial<FocusColumn> = {}): FocusColumn => text(name, { nullable: true, ...more });
const decimal = (name: string, nullable = false): FocusColumn => ({ name, type: "decimal", nullable });
const moment = (name: string, nullable = false): FocusColumn => ({ name, type: "datetime", nullable });
const json = (name: string): FocusColumn => ({ name, type: "json", nullable: true });

/** Columns that Drover fills, FOCUS's own first, in the order of the alphabet as the specification lists them. */
export const COST_AND_USAGE: readonly FocusColumn[] = [
  decimal("BilledCost"), text("BillingAccountId"), maybe("BillingAccountName"), text("BillingCurrency"), moment("BillingPeriodEnd"), moment("BillingPeriodStart"),
  maybe("CapacityReservationId"), maybe("CapacityReservationStatus", { allowed: ["Used", "Unused"] }),
  text("ChargeCategory", { allowed: ["Usage", "Purchase", "Tax", "Credit", "Adjustment"] }), maybe("ChargeClass", { allowed: ["Correction"] }), maybe("ChargeDescription"),
  text("ChargeFrequency", { allowed: ["One-Time", "Recurring", "Usage-Based"] }), moment("ChargePeriodEnd"), moment("ChargePeriodStart"),
  decimal("ConsumedQuantity", true), maybe("ConsumedUnit"), decimal("ContractedCost"), decimal("ContractedUnitPrice", true), decimal("EffectiveCost"),
  maybe("HostProviderName", { only: ["1.4", "1.3"] }), maybe("InvoiceDetailId", { only: ["1.4"] }), maybe("InvoiceId"), text("InvoiceIssuerName"), decimal("ListCost"), decimal("ListUnitPrice", true),
  maybe("PricingCategory", { allowed: ["Standard", "Dynamic", "Committed", "Other"] }), text("PricingCurrency"), decimal("PricingCurrencyContractedUnitPrice", true), decimal("PricingCurrencyEffectiveCost"), decimal("PricingCurrencyListUnitPrice", true),
  decimal("PricingQuantity", true), maybe("PricingUnit"),
  text("ProviderName", { only: ["1.3", "1.2"] }), text("PublisherName", { only: ["1.3", "1.2"] }),
  maybe("RegionId"), maybe("RegionName"), maybe("ResourceId"), maybe("ResourceName"), maybe("ResourceType"),
  text("ServiceCategory", { allowed: ["AI and Machine Learning", "Compute", "Storage"] }), text("ServiceName"), text("ServiceProviderName", { only: ["1.4", "1.3"] }), maybe("ServiceSubcategory"),
  maybe("SkuId"), maybe("SkuMeter"), json("SkuPriceDetails"), maybe("SkuPriceId"), maybe("SubAccountId"), maybe("SubAccountName"), maybe("SubAccountType"), json("Tags"),
  maybe("x_AttemptId"), maybe("x_ClusterId"), maybe("x_EndpointId"), text("x_Evidence", { allowed: [...EVIDENCE] }), maybe("x_ExchangeRateId"), maybe("x_ExperimentId"), maybe("x_GpuModel"), maybe("x_Model"), maybe("x_OutsideJob"), maybe("x_PipelineId"), text("x_RatingVersion"), maybe("x_ReleaseId"), maybe("x_RunId"), maybe("x_SweepId"),
];
export const BILLING_PERIOD: readonly FocusColumn[] = [moment("BillingPeriodCreated"), moment("BillingPeriodEnd"), moment("BillingPeriodLastUpdated"), moment("BillingPeriodStart"), text("BillingPeriodStatus", { allowed: ["Open", "Closed"] }), text("InvoiceIssuerName")];
export const INVOICE_DETAIL: readonly FocusColumn[] = [
  decimal("BilledCost"), text("BillingAccountId"), text("BillingCurrency"), moment("BillingPeriodEnd"), moment("BillingPeriodStart"), text("ChargeCategory", { allowed: ["Usage"] }),
  moment("InvoiceDetailCreated"), maybe("InvoiceDetailDescription"), json("InvoiceDetailGrain"), text("InvoiceDetailId"), moment("InvoiceDetailLastUpdated"), text("InvoiceId"), moment("InvoiceIssueDate", true),
  text("InvoiceIssueStatus", { allowed: ["Open", "Issued", "Voided"] }), text("InvoiceIssuerName"), moment("PaymentDueDate", true), text("PaymentTerms"), text("ReferenceInvoiceId"),
];
const COLUMNS: Record<FocusDataset, readonly FocusColumn[]> = { "cost-and-usage": COST_AND_USAGE, "billing-period": BILLING_PERIOD, "invoice-detail": INVOICE_DETAIL };

export const focusColumns = (dataset: FocusDataset, version: FocusVersion): FocusColumn[] => COLUMNS[dataset].filter(({ only }) => !only || only.includes(version));
/** The two smaller data sets came with 1.4. */
export const hasDataset = (dataset: FocusDataset, version: FocusVersion): boolean => dataset === "cost-and-usage" || version === "1.4";

/** How capacity was bought, in FOCUS's words. */
export const PRICING_CATEGORY: Record<CapacityClass, string> = { "on-demand": "Standard", spot: "Dynamic", reserved: "Committed", owned: "Other" };
export const FOCUS_UNIT: Record<ResourceKind, string> = { accelerator: "GPU-Hours", cpu: "CPU-Hours", memory: "GiB-Hours", storage: "GiB-Months", request: "1000 Requests", token: "1000000 Tokens" };
/** What is charged where nobody held it. */
export const IDLE_SERVICE = "Idle capacity";
/** In FOCUS's words, what a charge is for: idle capacity, a job from outside Drover, or what Drover itself did. */
export function focusService(kind: ResourceKind, held: "idle" | "outside" | "drover"): { category: string; name: string; subcategory: string } {
  if (kind === "storage") return { category: "Storage", name: "Object store", subcategory: "Object Storage" };
  if (kind === "request" || kind === "token") return { category: "AI and Machine Learning", name: "Inference", subcategory: "Generative AI" };
  if (held === "drover") return { category: "AI and Machine Learning", name: "Training", subcategory: "Machine Learning" };
  return { category: "Compute", name: held === "idle" ? IDLE_SERVICE : "Jobs from outside Drover", subcategory: "Virtual Machines" };
}
/** What is metered. */
export const FOCUS_METER: Record<ResourceKind, string> = { accelerator: "GPU time held", cpu: "CPU time held", memory: "Memory held", storage: "Bytes stored", request: "Requests served", token: "Tokens served" };
/** FOCUS's own property of a price, which is for one unit of pricing: a GPU, a core, a GiB. */
const FOCUS_PROPERTY: Record<ResourceKind, string> = { accelerator: "GpuCount", cpu: "CoreCount", memory: "MemorySize", storage: "x_StoredGiB", request: "x_ThousandRequests", token: "x_MillionTokens" };
/** What it is, in FOCUS's words and ours. */
export const FOCUS_RESOURCE: Record<ResourceKind, string> = { accelerator: "GPU", cpu: "CPU", memory: "Memory", storage: "Object store", request: "Endpoint", token: "Endpoint" };
/** What a line of the price book is a price of: the same for everything that it is the price of. Null: everything. */
export interface PricedScope {
  clusterId: string | null;
  model: string | null;
  capacityClass: CapacityClass | null;
}
export const skuPriceDetails = (kind: ResourceKind, { clusterId, model, capacityClass }: PricedScope): string =>
  JSON.stringify({ [FOCUS_PROPERTY[kind]]: 1, ...(model ? { [kind === "accelerator" ? "x_GpuModel" : "x_Model"]: model } : {}), ...(capacityClass ? { x_CapacityClass: capacityClass } : {}), ...(clusterId ? { x_ClusterId: clusterId } : {}) });
/** A number always has a point: who reads a CSV file guesses types, and a month of whole prices would get another one than the next. */
export const focusNumber = (text: string): string => (text.includes(".") ? text : `${text}.0`);
/** A moment as FOCUS writes it. */
export const focusTime = (at: number): string => new Date(at).toISOString().replace(/\.\d{3}Z$/, "Z");
