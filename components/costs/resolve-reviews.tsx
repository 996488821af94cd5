"use client";
import { Button, Textarea } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { plural } from "../../domain/shared/format.ts";
import { fieldErrors, formError } from "../access/api-error.ts";
import { FormAlert } from "../access/form-alert.tsx";
import { useTRPC } from "../providers/api.tsx";
import { notifyDone } from "../ui/notify.ts";
import classes from "./costs.module.css";

/** What somebody found of these, in their own words. */
export function ResolveReviewsForm({ ids, onDone }: { ids: string[]; onDone: () => void }) {
  const [note, setNote] = useState("");
  const resolve = useMutation(useTRPC().costs.resolveReviews.mutationOptions({
    onSuccess: () => {
      notifyDone(`${plural(ids.length, "discrepancy", "discrepancies")} resolved.`);
      onDone();
    },
  }));
  const errors: Record<string, string> = resolve.error ? fieldErrors(resolve.error) : {};
  return (
    <form className={classes.form} noValidate onSubmit={(event) => { event.preventDefault(); resolve.mutate({ ids, note }); }}>
      {resolve.error && !errors.note && <FormAlert message={formError(resolve.error)} />}
      <Textarea label="What holds, and why" description="Kept with your name. What is counted and what was charged stay as they are." autosize minRows={3} maxLength={1000} value={note} error={errors.note} onChange={(event) => setNote(event.currentTarget.value)} data-autofocus />
      <div className={classes.acts}><Button variant="default" onClick={onDone}>Cancel</Button><Button type="submit" loading={resolve.isPending} disabled={note.trim() === ""}>Resolve</Button></div>
    </form>
  );
}
