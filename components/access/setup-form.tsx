"use client";
import { Button, TextInput } from "@mantine/core";
import { schemaResolver, useForm } from "@mantine/form";
import { useMutation, useSuspenseQuery } from "@tanstack/react-query";
import { useState } from "react";
import { CompleteSetup } from "../../domain/access/inputs.ts";
import { paths } from "../../paths.ts";
import { useTRPC } from "../providers/api.tsx";
import { CopyCommand } from "../ui/id.tsx";
import { fieldErrors, formError } from "./api-error.ts";
import { AuthHeading } from "./auth-frame.tsx";
import { FormAlert } from "./form-alert.tsx";
import { NewPassword } from "./password-field.tsx";
import { signIn } from "./session.ts";
import classes from "./access.module.css";

/** The first page of a new Drover: makes its owner and organization, and signs them in. */
export function Setup({ token }: { token: string }) {
  const trpc = useTRPC();
  const { data } = useSuspenseQuery(trpc.access.setupState.queryOptions({ token }, { staleTime: Infinity }));
  if (data.valid) return <SetupForm token={token} />;
  return (
    <>
      <AuthHeading title="This setup link no longer works">
        It was used, is older than a day, or Drover has an owner already. If you are the owner, sign in. If nobody is, start Drover again to print a new link:
      </AuthHeading>
      <CopyCommand command="./drover up" />
      <Button component="a" href={paths.signIn()} fullWidth mt={16}>Sign in</Button>
    </>
  );
}

function SetupForm({ token }: { token: string }) {
  const trpc = useTRPC();
  const [alert, setAlert] = useState<string | null>(null);
  const form = useForm({
    initialValues: { token, name: "", email: "", password: "", orgName: "" },
    validate: schemaResolver(CompleteSetup, { sync: true }),
    validateInputOnBlur: true,
  });
  const setup = useMutation(
    trpc.access.completeSetup.mutationOptions({
      onSuccess: async ({ orgSlug }, input) => {
        const refused = await signIn(input.email, input.password);
        window.location.assign(refused ? paths.signIn(paths.overview(orgSlug)) : paths.overview(orgSlug));
      },
      onError: (error) => {
        form.setErrors(fieldErrors(error));
        setAlert(formError(error));
      },
    }),
  );
  const submit = form.onSubmit((values) => {
    setAlert(null);
    setup.mutate(values);
  });
  return (
    <>
      <AuthHeading title="Set up Drover">You become the owner of the first organization. Invite others from its People page.</AuthHeading>
      <form onSubmit={submit} className={classes.fields} aria-label="Set up Drover" noValidate>
        <FormAlert message={alert} />
        <TextInput label="Organization" placeholder="Acme Research" autoFocus {...form.getInputProps("orgName")} />
        <TextInput label="Your name" autoComplete="name" {...form.getInputProps("name")} />
        <TextInput label="E-mail" type="email" autoComplete="username" {...form.getInputProps("email")} />
        <NewPassword {...form.getInputProps("password")} />
        <Button type="submit" fullWidth loading={setup.isPending || setup.isSuccess}>Create organization</Button>
      </form>
    </>
  );
}
