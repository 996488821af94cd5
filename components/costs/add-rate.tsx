"use client";
import { Button, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { fieldErrors, formError } from "../access/api-error.ts";
import { FormAlert } from "../access/form-alert.tsx";
import { useTRPC } from "../providers/api.tsx";
import { notifyDone } from "../ui/notify.ts";
import { today } from "./add-price.tsx";
import classes from "./costs.module.css";

/** What one unit of another currency is worth, from a day on. @param currency The organization's own. */
export function AddRateForm({ currency, onDone }: { currency: string; onDone: () => void }) {
  const [other, setOther] = useState("");
  const [rate, setRate] = useState("");
  const [validFrom, setFrom] = useState(today);
  const [note, setNote] = useState("");
  const add = useMutation(useTRPC().costs.addRate.mutationOptions({
    onSuccess: ({ version }) => {
      notifyDone(`Added. Rating version ${version} is being booked.`);
      onDone();
    },
  }));
  const errors: Record<string, string> = add.error ? fieldErrors(add.error) : {};
  return (
    <form className={classes.form} noValidate onChange={() => add.isError && add.reset()} onSubmit={(event) => { event.preventDefault(); add.mutate({ currency: other.trim(), rate, validFrom, ...(note.trim() ? { note } : {}) }); }}>
      {add.error && Object.keys(errors).length === 0 && <FormAlert message={formError(add.error)} />}
      <div className={classes.pair}>
        <TextInput label="Currency" description="As ISO 4217 calls it." placeholder="EUR" value={other} error={errors.currency} maxLength={3} onChange={(event) => setOther(event.currentTarget.value.toUpperCase())} data-autofocus />
        <TextInput label="Worth" description={`Of one unit, in ${currency}`} placeholder="1.0842" inputMode="decimal" value={rate} error={errors.rate} onChange={(event) => setRate(event.currentTarget.value)} />
      </div>
      <TextInput label="Holds from" description="The start of a UTC day, until the next rate. In the past, what was metered since is rated anew." type="date" value={validFrom} error={errors.validFrom} onChange={(event) => setFrom(event.currentTarget.value)} />
      <TextInput label="Note" placeholder="ECB reference rate" value={note} maxLength={500} error={errors.note} onChange={(event) => setNote(event.currentTarget.value)} />
      <div className={classes.acts}><Button variant="default" onClick={onDone}>Cancel</Button><Button type="submit" loading={add.isPending} disabled={other.trim() === "" || rate.trim() === ""}>Add rate</Button></div>
    </form>
  );
}
