import { parquetMetadata, parquetReadObjects } from "hyparquet";
import { afterAll, beforeAll, expect, it } from "vitest";
import { compare, decimal, multiply, sum } from "../../domain/costs/decimal.ts";
import { FOCUS_DATASETS, FOCUS_VERSIONS, focusColumns, type FocusDataset, type FocusVersion } from "../../domain/costs/focus.ts";
import { HOUR_MS } from "../../domain/costs/metering.ts";
import { buildApp } from "../app.ts";
import { type MeteredWorld, meteredWorld } from "./testing.ts";

let world: MeteredWorld;
let tokyo: { id: string };
let token: string;
beforeAll(async () => {
  world = await meteredWorld();
  tokyo = await world.reserved();
  await world.ran(world.speech.id, world.start, HOUR_MS * 1.5, { ...tokyo, accelerators: ["GPU-0"] });
  await world.ran(world.vision.id, world.start, HOUR_MS + 7);
  await world.ran(world.speech.id, world.start + HOUR_MS, HOUR_MS / 3);
  await world.book();
  token = (await world.owner.api.access.createMyToken({ name: "files", permissions: ["costs:read", "costs:manage"] })).token;
});
afterAll(() => world.close());

type Row = Record<string, string | null>;
const get = (query: string, bearer = token) => buildApp().request(`/api/costs/focus?${query}`, { headers: { authorization: `Bearer ${bearer}` } });

/** Cells of a line after RFC 4180; an empty one is a null. */
function cells(line: string): (string | null)[] {
  return [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^",]*))/g)].map(([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? (plain || null));
}
async function rowsOf(dataset: FocusDataset, version: FocusVersion = "1.4", period = world.last): Promise<Row[]> {
  const answer = await get(`period=${period}&dataset=${dataset}&version=${version}&format=csv`);
  expect(answer.status).toBe(200);
  const [head, ...lines] = (await answer.text()).trim().split("\r\n").map(cells);
  expect(head).toEqual(focusColumns(dataset, version).map(({ name }) => name));
  return lines.map((line) => Object.fromEntries(head!.map((name, at) => [name!, line[at] ?? null])));
}

/** What every data set has to have, by the specification; our own list of columns is checked against this one. */
const MANDATORY: Record<FocusDataset, string> = {
  "cost-and-usage": "BilledCost BillingAccountId BillingAccountName BillingCurrency BillingPeriodEnd BillingPeriodStart ChargeCategory ChargeClass ChargeDescription ChargePeriodEnd ChargePeriodStart ContractedCost EffectiveCost InvoiceIssuerName ListCost PricingQuantity PricingUnit ServiceCategory ServiceName",
  "billing-period": "BillingPeriodCreated BillingPeriodEnd BillingPeriodLastUpdated BillingPeriodStart BillingPeriodStatus InvoiceIssuerName",
  "invoice-detail": "BilledCost BillingAccountId BillingCurrency BillingPeriodEnd BillingPeriodStart ChargeCategory InvoiceDetailCreated InvoiceDetailDescription InvoiceDetailGrain InvoiceDetailId InvoiceDetailLastUpdated InvoiceId InvoiceIssueDate InvoiceIssueStatus InvoiceIssuerName PaymentDueDate PaymentTerms ReferenceInvoiceId",
};
/** Of costs and usage: who provided what was told by other columns until 1.3. */
const MANDATORY_IN: Record<FocusVersion, string> = { "1.2": "ProviderName PublisherName", "1.3": "HostProviderName ServiceProviderName ProviderName PublisherName", "1.4": "HostProviderName ServiceProviderName" };

/** Properties of a price that FOCUS defines, of those that we may have. */
const SKU_PROPERTIES = new Set(["CoreCount", "GpuCount", "MemorySize"]);
/** What the specification says of each column and of the columns together. @returns what is wrong. */
function check(dataset: FocusDataset, version: FocusVersion, rows: readonly Row[]): string[] {
  const problems: string[] = [];
  for (const [at, row] of rows.entries()) {
    const bad = (what: string) => problems.push(`row ${at}: ${what}`);
    for (const { name, type, nullable, allowed } of focusColumns(dataset, version)) {
      const value = row[name] ?? null;
      if (value === null) {
        if (!nullable) bad(`${name} is missing`);
        continue;
      }
      if (type === "decimal" && !/^-?\d+\.\d+$/.test(value)) bad(`${name} is no plain number, or one that looks like an integer: ${value}`);
      if (type === "datetime" && !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(value)) bad(`${name} is no moment: ${value}`);
      if (type === "json" && typeof JSON.parse(value) !== "object") bad(`${name} is no object: ${value}`);
      if (allowed && !allowed.includes(value)) bad(`${name} may not say ${value}`);
      if (/^(N\/A|null|none|-)$/i.test(value) || (name.endsWith("Id") && /^\d+$/.test(value))) bad(`${name} is a placeholder or all digits: ${value}`);
    }
    if (row.BillingPeriodStart! >= row.BillingPeriodEnd!) bad("its billing period ends before it begins");
    if (dataset === "invoice-detail" && Object.keys(JSON.parse(row.InvoiceDetailGrain ?? "{}") as object).length === 0) bad("an invoice's line does not say of what it is the sum");
    if (dataset !== "cost-and-usage") continue;
    if ((row.CapacityReservationId === null) !== (row.CapacityReservationStatus === null)) bad("a reservation without whether it was used");
    const product = (price: string) => problems.length > 0 || compare(multiply(decimal(row[price]!), decimal(row.PricingQuantity!)), decimal(row[price === "ListUnitPrice" ? "ListCost" : "ContractedCost"]!)) === 0;
    if (row.ChargeClass === null && !(product("ListUnitPrice") && product("ContractedUnitPrice"))) bad("a cost is not its unit price times its quantity");
    const priced = decimal(row.PricingCurrencyListUnitPrice ?? "0");
    if (problems.length === 0 && compare(multiply(priced, decimal(row.PricingQuantity!)), decimal(row.PricingCurrencyEffectiveCost!)) !== 0) bad("a cost in the currency of its price is not that price times its quantity");
    if (!/^[A-Z]{3}$/.test(row.PricingCurrency ?? "")) bad(`PricingCurrency is no code of a currency: ${row.PricingCurrency}`);
    if (row.PricingCurrency === row.BillingCurrency && problems.length === 0 && compare(priced, decimal(row.ListUnitPrice!)) !== 0) bad("a price in the currency of the bill is another than that of the bill");
    if (row.ChargePeriodStart! >= row.ChargePeriodEnd!) bad("its charge period ends before it begins");
    if (row.ChargeClass === null && (row.ChargePeriodStart! < row.BillingPeriodStart! || row.ChargePeriodEnd! > row.BillingPeriodEnd!)) bad("it is charged outside its billing period");
    if ((row.PricingQuantity === null) !== (row.PricingUnit === null) || (row.ConsumedQuantity === null) !== (row.ConsumedUnit === null)) bad("a quantity without its unit");
    if (row.ChargeCategory === "Usage" && row.ChargeClass === null && row.ConsumedQuantity === null) bad("usage without the quantity that was consumed");
    if (row.ChargeCategory === "Usage" && row.SkuPriceId === null) bad("usage without a price");
    if ((row.SkuId === null) !== (row.SkuMeter === null) || (row.SkuPriceId === null) !== (row.SkuPriceDetails === null)) bad("a SKU without its meter or its details, or the other way round");
    for (const key of Object.keys(JSON.parse(row.SkuPriceDetails ?? "{}") as object)) if (!SKU_PROPERTIES.has(key) && !/^x_[A-Z]/.test(key)) bad(`SkuPriceDetails may not have ${key}`);
    if (row.SkuPriceId && row.SkuPriceDetails !== rows.find((other) => other.SkuPriceId === row.SkuPriceId)!.SkuPriceDetails) bad("the details of a price are not the same everywhere");
    if ((row.SubAccountId === null) !== (row.SubAccountType === null)) bad("a sub-account without its type");
  }
  return problems;
}
/** Every charge is on one line of the invoice, and every line is what its charges come to. */
function addUp(invoice: readonly Row[], charges: readonly Row[]): void {
  expect(check("invoice-detail", "1.4", invoice)).toEqual([]);
  expect(new Set(invoice.map(({ InvoiceDetailId }) => InvoiceDetailId)).size).toBe(invoice.length);
  expect(new Set([...invoice, ...charges].map((row) => row.InvoiceId)).size).toBe(1);
  expect(compare(billed(invoice), billed(charges))).toBe(0);
  for (const { InvoiceDetailId, InvoiceDetailGrain, BilledCost } of invoice) {
    const its = charges.filter((row) => row.InvoiceDetailId === InvoiceDetailId);
    expect(compare(billed(its), decimal(BilledCost!))).toBe(0);
    for (const [name, value] of Object.entries(JSON.parse(InvoiceDetailGrain!) as object)) if (!name.startsWith("x_")) expect(new Set(its.map((row) => row[name]))).toEqual(new Set([value]));
  }
  const lines = new Set(invoice.map((row) => row.InvoiceDetailId));
  expect(charges.every((row) => lines.has(row.InvoiceDetailId!))).toBe(true);
}
const billed = (rows: readonly Row[]) => sum(rows.map((row) => decimal(row.BilledCost!)));

it.each(FOCUS_VERSIONS)("costs and usage conform to FOCUS %s, and add up to the ledger", async (version) => {
  const rows = await rowsOf("cost-and-usage", version);
  expect(rows.length).toBeGreaterThan(10);
  expect(check("cost-and-usage", version, rows)).toEqual([]);
  expect(compare(billed(rows), decimal((await world.owner.api.costs.period({ period: world.last })).amount))).toBe(0);
  expect(rows.some((row) => row.ServiceName === "Idle capacity" && row.SubAccountId === null && row.ConsumedQuantity === "0.0")).toBe(true);
  expect(new Set(rows.map(({ SkuMeter, SkuPriceDetails }) => `${SkuMeter} ${SkuPriceDetails}`))).toEqual(new Set(['CPU time held {"CoreCount":1}', 'Memory held {"MemorySize":1}', 'GPU time held {"GpuCount":1}']));
  for (const free of rows.filter(({ SkuPriceId }) => SkuPriceId!.startsWith("unpriced/"))) expect(free).toMatchObject({ ListUnitPrice: "0.0", BilledCost: "0.0", PricingCurrencyEffectiveCost: "0.0" });
  expect(rows.some((row) => row.SubAccountName === "vision" && row.x_Evidence === "measured")).toBe(true);
});

it("every file has the columns that the specification makes mandatory", () => {
  for (const version of FOCUS_VERSIONS) {
    const names = (dataset: FocusDataset) => focusColumns(dataset, version).map(({ name }) => name);
    expect(names("cost-and-usage")).toEqual(expect.arrayContaining([...MANDATORY["cost-and-usage"].split(" "), ...MANDATORY_IN[version].split(" ")]));
    if (version === "1.4") for (const dataset of FOCUS_DATASETS) expect(names(dataset)).toEqual(expect.arrayContaining(MANDATORY[dataset].split(" ")));
  }
});

it("capacity that is reserved names its reservation, and whether it was used", async () => {
  for (const version of FOCUS_VERSIONS) {
    const rows = await rowsOf("cost-and-usage", version);
    const [reserved, others] = [rows.filter(({ x_ClusterId }) => x_ClusterId === tokyo.id), rows.filter(({ x_ClusterId }) => x_ClusterId !== tokyo.id)];
    expect(new Set(reserved.map(({ CapacityReservationId, CapacityReservationStatus, x_RunId }) => `${CapacityReservationId} ${CapacityReservationStatus} ${x_RunId ? "run" : "idle"}`))).toEqual(new Set([`${tokyo.id}/reserved Used run`, `${tokyo.id}/reserved Unused idle`]));
    expect(new Set(others.map(({ CapacityReservationId }) => CapacityReservationId))).toEqual(new Set([null]));
  }
});

it("the charges of an open month name the invoice that is in the making, and its lines add up to them", async () => {
  const [invoice, charges] = [await rowsOf("invoice-detail"), await rowsOf("cost-and-usage")];
  expect(invoice.map(({ InvoiceIssueStatus, InvoiceIssueDate }) => [InvoiceIssueStatus, InvoiceIssueDate])).toEqual(invoice.map(() => ["Open", null]));
  addUp(invoice, charges);
  for (const version of ["1.3", "1.2"] as const) expect(new Set((await rowsOf("cost-and-usage", version)).map(({ InvoiceId }) => InvoiceId))).toEqual(new Set([invoice[0]!.InvoiceId]));
});

it("the checker finds what is wrong", async () => {
  const [row] = await rowsOf("cost-and-usage");
  const wrong = (more: Row): number => check("cost-and-usage", "1.4", [{ ...row!, ...more }]).length;
  const cases: Row[] = [{ PricingCurrency: "euro" }, { PricingCurrencyEffectiveCost: "999" }, { PricingCurrencyListUnitPrice: "999" }, { BilledCost: null }, { ListCost: "1e3" }, { ListCost: "999" }, { ListCost: "999.0" }, { CapacityReservationStatus: "Used" }, { ChargeCategory: "usage" }, { ChargePeriodStart: "2026-01-01" }, { BillingAccountId: "12345" }, { SkuId: "N/A" }, { PricingUnit: null }, { Tags: "7" }, { ConsumedQuantity: null, ConsumedUnit: null }, { SkuMeter: null }, { SkuPriceId: null }, { SkuPriceDetails: '{"GPUs":1}' }];
  for (const more of cases) expect(wrong(more), JSON.stringify(more)).toBeGreaterThan(0);
});

it("the invoice of a closed month adds up to its charges, which name it; what comes later is a correction in the next", async () => {
  expect(check("billing-period", "1.4", await rowsOf("billing-period"))).toEqual([]);
  const [open] = await rowsOf("billing-period");
  expect(open).toMatchObject({ BillingPeriodStatus: "Open" });
  expect(Date.parse(open!.BillingPeriodLastUpdated!)).toBeGreaterThan(Date.now() - HOUR_MS); // late journals change it still
  await world.second.api.costs.requestClose({ period: world.last });
  await world.owner.api.costs.closePeriod({ period: world.last });
  expect((await rowsOf("billing-period"))[0]).toMatchObject({ BillingPeriodStatus: "Closed" });
  const [invoice, charges] = [await rowsOf("invoice-detail"), await rowsOf("cost-and-usage")];
  expect(invoice.every((row) => row.InvoiceIssueStatus === "Issued" && row.ReferenceInvoiceId === row.InvoiceId)).toBe(true);
  addUp(invoice, charges);
  await world.price("3");
  await world.book();
  const now = new Date().toISOString().slice(0, 7);
  const later = await rowsOf("cost-and-usage", "1.4", now);
  const corrections = later.filter((row) => row.ChargeClass === "Correction");
  expect(corrections.length).toBeGreaterThan(0);
  expect(check("cost-and-usage", "1.4", corrections)).toEqual([]);
  const next = await rowsOf("invoice-detail", "1.4", now);
  addUp(next, later);
  const changed = new Set(corrections.map((row) => row.InvoiceDetailId));
  for (const line of next) expect(line.ReferenceInvoiceId).toBe(changed.has(line.InvoiceDetailId) ? invoice[0]!.InvoiceId : line.InvoiceId); // a line is of one month
  expect(compare(billed(await rowsOf("cost-and-usage")), billed(charges))).toBe(0);
});

it("what is priced in another currency tells its price and its cost in it, as they were before they were converted", async () => {
  await world.owner.api.costs.addRate({ currency: "EUR", validFrom: "2020-01-01", rate: "1.07654321" });
  await world.owner.api.costs.addPrice({ kind: "memory", unitPrice: "0.01", currency: "EUR", validFrom: "2020-01-01T00:00:00Z" });
  await world.book();
  for (const version of FOCUS_VERSIONS) {
    const rows = await rowsOf("cost-and-usage", version, new Date().toISOString().slice(0, 7));
    expect(check("cost-and-usage", version, rows)).toEqual([]);
    const [dollars, euros] = [rows.filter((row) => row.PricingCurrency === "USD"), rows.filter((row) => row.PricingCurrency === "EUR")];
    expect([dollars.length > 0, euros.length > 0]).toEqual([true, true]);
    for (const row of dollars) expect(compare(decimal(row.PricingCurrencyEffectiveCost!), decimal(row.EffectiveCost!))).toBe(0);
    for (const row of euros) expect(row).toMatchObject({ BillingCurrency: "USD", ListUnitPrice: "0.01076543", PricingCurrencyListUnitPrice: "0.01", PricingCurrencyContractedUnitPrice: "0.01", x_ExchangeRateId: expect.any(String) });
  }
});

it("files are for those who look after the money, and what makes no sense is refused by field", async () => {
  const reader = (await world.owner.api.access.createMyToken({ name: "reader", permissions: ["costs:read"] })).token;
  expect((await get(`period=${world.last}&format=csv`, reader)).status).toBe(403);
  for (const [query, says] of [["format=csv", "period: Write the month"], [`period=${world.last}&format=csv&version=9`, "version: Expected one of 1.4"], [`period=${world.last}&format=csv&version=1.2&dataset=invoice-detail`, "dataset: Only FOCUS 1.4"], [`period=${world.last}&format=csv&colour=red`, "Unrecognized key"]] as const) {
    const answer = await get(query);
    expect([answer.status, await answer.text()]).toEqual([422, expect.stringContaining(says)]);
  }
});

it("as Parquet its numbers are exact decimals and its moments are moments, as the specification types them", async () => {
  for (const dataset of FOCUS_DATASETS) {
    const file = await (await get(`period=${world.last}&dataset=${dataset}&format=parquet`)).arrayBuffer();
    const types = new Map(parquetMetadata(file).schema.map(({ name, converted_type, scale, precision }) => [name, [converted_type, scale, precision].filter((one) => one !== undefined).join(" ")]));
    const wanted = { decimal: "DECIMAL 18 38", datetime: "TIMESTAMP_MILLIS", string: "UTF8", json: "UTF8" };
    expect(Object.fromEntries(focusColumns(dataset, "1.4").map(({ name }) => [name, types.get(name)]))).toEqual(Object.fromEntries(focusColumns(dataset, "1.4").map(({ name, type }) => [name, wanted[type]])));
    const rows = await parquetReadObjects({ file });
    const csv = await rowsOf(dataset);
    expect(rows.length).toBe(csv.length);
    for (const { name, type } of focusColumns(dataset, "1.4")) {
      const cell = (value: unknown) => (value instanceof Date ? `${value.toISOString().slice(0, 19)}Z` : typeof value === "number" ? value.toFixed(6) : (value ?? null));
      expect(rows.map((row) => cell(row[name])), name).toEqual(csv.map((row) => (type === "decimal" && row[name] ? Number(row[name]).toFixed(6) : (row[name] ?? null))));
    }
  }
});
