import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FOCUS_DATASETS, type FocusDataset, FOCUS_VERSIONS, type FocusVersion, hasDataset } from "../../domain/costs/focus.ts";
import { HOUR_MS } from "../../domain/costs/metering.ts";
import { compareFocusColumns, focusCheckers, lintFocus, lintFocusTogether, validateFocus } from "../../scripts/test/focus-validator.ts";
import { say } from "../../scripts/say.ts";
import { buildApp } from "../app.ts";
import { meteredWorld } from "./testing.ts";

const found = await focusCheckers();
if ("why" in found) say.plain(`› skipped: ${found.why}`);
const python = "python" in found ? found.python : "";

/** What an installation of Drover has, in focus-validator's words. */
const CRITERIA = [
  "ACCOUNT_NAMING_SUPPORTED", "MULTIPLE_PRICING_CATEGORIES_SUPPORTED", "USAGE_MEASUREMENT_SUPPORTED", "UNIT_PRICING_SUPPORTED", "SUB_ACCOUNT_SUPPORTED", "CAPACITY_RESERVATION_SUPPORTED",
  "BILLING_BASED_ON_PROVISIONED_RESOURCES_SUPPORTED", "RESOURCE_TYPE_ASSIGNMENT_SUPPORTED", "REGION_SUPPORTED", "TAGGING_SUPPORTED", "PRICING_BILLING_CURRENCY_DIFFERENCES_SUPPORTED",
];
/** Rules that version 2.2.1 does not check as their text has them. One that no longer fails has to go from here. */
const NO_COMMITMENTS = "reads CommitmentDiscountStatus, a column that only who sells commitments has to have";
const NO_CONDITION = "has a condition that is not written as the others are, and is dropped: it wants every row to be as only some have to be";
const ALLOWED: Record<string, string> = {
  "CapacityReservationStatus-C-000-C": "is made of C-002",
  "CapacityReservationStatus-C-002-C": "is made of C-003 and C-004",
  "CapacityReservationStatus-C-003-C": NO_CONDITION,
  "CapacityReservationStatus-C-004-C": NO_CONDITION,
  "ConsumedQuantity-C-000-C": "is made of C-003",
  "ConsumedQuantity-C-003-C": "is made of C-004 and C-005",
  "ConsumedQuantity-C-004-C": NO_COMMITMENTS,
  "ConsumedQuantity-C-005-C": NO_COMMITMENTS,
  "ConsumedQuantity-C-006-C": "is only asked for within C-005",
  "InvoiceId-C-004-C": "lost its condition, and wants every invoice id to be empty",
};

/** Columns that an installation of Drover has nothing for, and need not have then. */
const COMMITMENTS = ["CommitmentDiscountCategory", "CommitmentDiscountId", "CommitmentDiscountName", "CommitmentDiscountQuantity", "CommitmentDiscountStatus", "CommitmentDiscountType", "CommitmentDiscountUnit"];
const SPLIT = ["AllocatedMethodDetails", "AllocatedMethodId", "AllocatedResourceId", "AllocatedResourceName", "AllocatedTags"];
const LEFT_OUT: Record<FocusVersion, string[]> = {
  "1.2": ["AvailabilityZone", "BillingAccountType", ...COMMITMENTS],
  "1.3": [...SPLIT, "AvailabilityZone", "BillingAccountType", ...COMMITMENTS, "ContractApplied"],
  "1.4": [...SPLIT, "AvailabilityZone", "BillingAccountType", ...COMMITMENTS, "CommitmentProgramEligibilityDetails", "ContractApplied"],
};

const MONTHS = ["closed", "open"] as const;
const FORMATS = ["csv", "parquet"] as const;
let folder: string;
const fileOf = (month: (typeof MONTHS)[number], version: FocusVersion, dataset: FocusDataset, format: (typeof FORMATS)[number]) => join(folder, `${month}-${version}-${dataset}.${format}`);

/** A month that is closed, and this one, in which a price that begins before it corrects that month; of whole prices, and one in another currency. */
async function writeFiles(): Promise<void> {
  const world = await meteredWorld();
  try {
    const tokyo = await world.reserved();
    await world.owner.api.costs.addRate({ currency: "EUR", validFrom: "2020-01-01", rate: "1.07654321" });
    await world.owner.api.costs.addPrice({ kind: "memory", unitPrice: "1", currency: "EUR", validFrom: "2020-01-01T00:00:00Z" });
    await world.ran(world.vision.id, world.start, HOUR_MS * 1.5);
    await world.ran(world.speech.id, world.start, HOUR_MS * 1.5, { ...tokyo, accelerators: ["GPU-0"] });
    await world.book();
    await world.second.api.costs.requestClose({ period: world.last });
    await world.owner.api.costs.closePeriod({ period: world.last });
    const { token } = await world.owner.api.access.createMyToken({ name: "focus", permissions: ["costs:read", "costs:manage"] });
    const writeMonth = async (month: (typeof MONTHS)[number], period: string) => {
      for (const version of FOCUS_VERSIONS) {
        for (const dataset of FOCUS_DATASETS.filter((one) => hasDataset(one, version))) {
          for (const format of FORMATS) {
            const answer = await buildApp().request(`/api/costs/focus?period=${period}&version=${version}&dataset=${dataset}&format=${format}`, { headers: { authorization: `Bearer ${token}` } });
            expect(answer.status).toBe(200);
            await writeFile(fileOf(month, version, dataset, format), Buffer.from(await answer.arrayBuffer()));
          }
        }
      }
    };
    await writeMonth("closed", world.last);
    await world.price("3");
    await world.book();
    await writeMonth("open", new Date().toISOString().slice(0, 7));
  } finally {
    await world.close();
  }
}

describe.skipIf(python === "")("in the files of a closed month, and of an open one that corrects it", { timeout: 300_000 }, () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "drover-focus-"));
    await writeFiles();
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it.each(MONTHS.flatMap((month) => FORMATS.map((format) => ({ month, format }))))("focus-validator finds what its rules of 1.2 get wrong, and nothing else: $month, as $format", async ({ month, format }) => {
    const { passed, failed } = await validateFocus(python, fileOf(month, "1.2", "cost-and-usage", format), { version: "1.2", criteria: CRITERIA });
    expect(passed).toBeGreaterThan(200);
    expect([...failed.keys()].toSorted()).toEqual(Object.keys(ALLOWED).toSorted());
  });

  it.each(FORMATS)("the data model of 1.4 finds nothing, in no data set and not between them, as %s", async (format) => {
    for (const month of MONTHS) {
      for (const dataset of FOCUS_DATASETS) {
        const supports = dataset === "cost-and-usage" ? ["SupportsUnitPricing", "SupportsMultiplePricingCategories"] : [];
        expect(await lintFocus(python, fileOf(month, "1.4", dataset, format), { dataset, supports }), `${month} ${dataset}`).toBe("");
      }
      const file = (dataset: FocusDataset) => fileOf(month, "1.4", dataset, format);
      const { checked, errors } = await lintFocusTogether(python, { costAndUsage: file("cost-and-usage"), billingPeriod: file("billing-period"), invoiceDetail: file("invoice-detail") });
      expect(checked).toEqual(expect.arrayContaining(["unique_invoice_detail_ids", "cost_and_usage_invoice_detail_fk", "cost_and_usage_invoice_detail_consistency", "billing_period_coverage"]));
      expect(errors, month).toEqual([]);
    }
  });

  it.each(FOCUS_VERSIONS)("every column is one of FOCUS %s, and those are left out for which there is nothing", async (version) => {
    const { unknown, missing } = await compareFocusColumns(python, fileOf("closed", version, "cost-and-usage", "csv"), version);
    expect(unknown).toEqual([]);
    expect(missing.toSorted()).toEqual(LEFT_OUT[version].toSorted());
  });

  it("and both do find what is wrong", async () => {
    const bad = join(folder, "bad.csv");
    await writeFile(bad, "BilledCost,ChargeCategory\n1.5,usage\n");
    expect((await validateFocus(python, bad, { version: "1.2", criteria: CRITERIA })).failed.has("ChargeCategory-C-003-M")).toBe(true);
    expect(await lintFocus(python, bad, { dataset: "cost-and-usage", supports: [] })).toContain("required column EffectiveCost absent");
  });
});
