"use client";
import { Button, Select, TextInput } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { PriceBookView } from "../../domain/costs/cost-view.ts";
import { CAPACITY_CLASSES, type CapacityClass, HELD_KINDS, KIND_LABEL, KIND_UNIT } from "../../domain/costs/metering.ts";
import { fieldErrors, formError } from "../access/api-error.ts";
import { FormAlert } from "../access/form-alert.tsx";
import { useTRPC } from "../providers/api.tsx";
import { notifyDone } from "../ui/notify.ts";
import classes from "./costs.module.css";
import { OwnedHardwareFields } from "./owned-hardware.tsx";

export const today = (): string => new Date().toISOString().slice(0, 10);

/** Requests and tokens come with the pages of what serves them. */
const PAGED_KINDS = [...HELD_KINDS, "storage"] as const;
type PagedKind = (typeof PAGED_KINDS)[number];

/** A line of the price book. */
export function AddPriceForm({ book, onDone }: { book: PriceBookView; onDone: () => void }) {
  const [currency, setCurrency] = useState(book.currency);
  const trpc = useTRPC();
  const clusters = useQuery(trpc.clusters.list.queryOptions()).data ?? [];
  const [kind, setKind] = useState<PagedKind>("accelerator");
  const [model, setModel] = useState("");
  const [clusterId, setClusterId] = useState<string | null>(null);
  const [capacityClass, setClass] = useState<CapacityClass | null>(null);
  const [unitPrice, setPrice] = useState("");
  const [from, setFrom] = useState(today);
  const [note, setNote] = useState("");
  const add = useMutation(trpc.costs.addPrice.mutationOptions({
    onSuccess: ({ version }) => {
      notifyDone(`Added. Rating version ${version} is being booked.`);
      onDone();
    },
  }));
  const errors: Record<string, string> = add.error ? fieldErrors(add.error) : {};
  const currencies = [...new Set([book.currency, ...book.rates.map((rate) => rate.currency)])];
  const isStored = kind === "storage";
  const submit = () => add.mutate({ kind, unitPrice, currency, validFrom: `${from}T00:00:00Z`, ...(isStored ? {} : { clusterId, capacityClass }), ...(kind === "accelerator" && model.trim() ? { model } : {}), ...(note.trim() ? { note } : {}) });
  return (
    <form className={classes.form} noValidate onChange={() => add.isError && add.reset()} onSubmit={(event) => { event.preventDefault(); submit(); }}>
      {add.error && Object.keys(errors).length === 0 && <FormAlert message={formError(add.error)} />}
      <div className={classes.pair}>
        <Select label="Of" description="What is priced" data={PAGED_KINDS.map((value) => ({ value, label: KIND_LABEL[value] }))} value={kind} allowDeselect={false} onChange={(next) => setKind(next as PagedKind)} />
        <TextInput label="Price" description={`${currency} for one ${KIND_UNIT[kind]}`} placeholder="2.40" inputMode="decimal" value={unitPrice} error={errors.unitPrice} onChange={(event) => setPrice(event.currentTarget.value)} data-autofocus />
      </div>
      {currencies.length > 1 && <Select label="Currency" description="Of the price. Others than the organization's own are converted by the rate of each day." data={currencies} value={currency} allowDeselect={false} error={errors.currency} onChange={(next) => setCurrency(next ?? book.currency)} />}
      {!isStored && <OwnedHardwareFields currency={currency} unit={KIND_UNIT[kind]} onUse={(price, why) => { setPrice(price); setNote(why); setClass("owned"); }} />}
      {kind === "accelerator" && <TextInput label="Model" description="A part of its name. Empty is every model." placeholder="h100" value={model} error={errors.model} maxLength={64} onChange={(event) => setModel(event.currentTarget.value)} />}
      {!isStored && <div className={classes.pair}>
        <Select label="Cluster" placeholder="Any" clearable clearButtonProps={{ "aria-label": "Any cluster" }} data={clusters.map((one) => ({ value: one.id, label: one.name }))} value={clusterId} error={errors.clusterId} onChange={setClusterId} />
        <Select label="Class" placeholder="Any" clearable clearButtonProps={{ "aria-label": "Any class" }} data={[...CAPACITY_CLASSES]} value={capacityClass} onChange={(next) => setClass(next as CapacityClass | null)} />
      </div>}
      <TextInput label="Holds from" description="The start of a UTC day. In the past, what was metered since is rated anew." type="date" value={from} error={errors.validFrom} onChange={(event) => setFrom(event.currentTarget.value)} />
      <TextInput label="Note" placeholder="Contract 2026-11" value={note} maxLength={500} error={errors.note} onChange={(event) => setNote(event.currentTarget.value)} />
      <div className={classes.acts}><Button variant="default" onClick={onDone}>Cancel</Button><Button type="submit" loading={add.isPending} disabled={unitPrice.trim() === ""}>Add price</Button></div>
    </form>
  );
}
