"use client";
import { Button, FileInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { MOST_PRICE_LINES, PRICE_COLUMNS } from "../../domain/costs/price-columns.ts";
import { plural } from "../../domain/shared/format.ts";
import { type ApiError, formError } from "../access/api-error.ts";
import { FormAlert } from "../access/form-alert.tsx";
import { useTRPC } from "../providers/api.tsx";
import { notifyDone } from "../ui/notify.ts";
import classes from "./costs.module.css";

/** A file is read and checked as soon as it is chosen; nothing is added before it is confirmed. */
export function ImportPricesForm({ onDone }: { onDone: () => void }) {
  const trpc = useTRPC();
  const [file, setFile] = useState<File | null>(null);
  const [csv, setCsv] = useState("");
  const check = useMutation(trpc.costs.importPrices.mutationOptions());
  const add = useMutation(trpc.costs.importPrices.mutationOptions({ onSuccess: ({ fresh, version }) => { notifyDone(`${plural(fresh, "price")} added. Rating version ${version} is being booked.`); onDone(); } }));
  const choose = async (next: File | null) => {
    setFile(next);
    check.reset();
    if (!next) return;
    const text = await next.text();
    setCsv(text);
    check.mutate({ csv: text, apply: false });
  };
  const failure = (check.error ?? add.error) as ApiError | null;
  const issues = failure?.data?.issues ?? [];
  const found = check.data;
  return (
    <form className={classes.form} onSubmit={(event) => { event.preventDefault(); add.mutate({ csv, apply: true }); }}>
      <FileInput label="File" description={`CSV with the columns ${PRICE_COLUMNS.join(", ")}; at most ${MOST_PRICE_LINES} lines. An export of this page, changed, is one.`} placeholder="prices.csv" accept=".csv,text/csv" clearable clearButtonProps={{ "aria-label": "Choose no file" }} value={file} onChange={(next) => void choose(next)} />
      {failure && issues.length === 0 && <FormAlert message={formError(failure)} />}
      {issues.length > 0 && <ul className={classes.issues} role="alert">{issues.map(({ field, message }) => <li key={`${field} ${message}`}>{field === "csv" ? message : <><strong>{field}</strong>: {message}</>}</li>)}</ul>}
      {found && !failure && <p className={classes.found} role="status">{found.fresh === 0 ? "The price book has all of these already." : `${plural(found.fresh, "new price")}${found.present > 0 ? `, ${found.present} of the file are there already` : ""}. What was metered since they hold is rated anew.`}</p>}
      <div className={classes.acts}><Button variant="default" onClick={onDone}>Cancel</Button><Button type="submit" loading={add.isPending || check.isPending} disabled={!found || found.fresh === 0 || failure !== null}>Add prices</Button></div>
    </form>
  );
}
