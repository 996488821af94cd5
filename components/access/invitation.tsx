"use client";
import { Button, TextInput } from "@mantine/core";
import { schemaResolver, useForm } from "@mantine/form";
import { useMutation, useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { useState } from "react";
import { z } from "zod";
import { Password, PersonName } from "../../domain/access/inputs.ts";
import type { OpenInvitation } from "../../domain/access/people-view.ts";
import { ROLES } from "../../domain/access/roles.ts";
import { paths } from "../../paths.ts";
import { useTRPC } from "../providers/api.tsx";
import { fieldErrors, formError } from "./api-error.ts";
import { AuthHeading } from "./auth-frame.tsx";
import { FormAlert } from "./form-alert.tsx";
import { NewPassword } from "./password-field.tsx";
import { signIn } from "./session.ts";
import { SignInForm } from "./sign-in-form.tsx";
import classes from "./access.module.css";

type Live = Extract<OpenInvitation, { valid: true }>;

/** What an invitation link opens: a new account, signing in to an existing one, or one button. */
export function Invitation({ token }: { token: string }) {
  const trpc = useTRPC();
  const { data } = useSuspenseQuery(trpc.access.invitation.queryOptions({ token }, { staleTime: Infinity }));
  const { data: me } = useQuery(trpc.access.me.queryOptions(undefined, { retry: false, enabled: data.valid && data.existingUser }));
  if (!data.valid) {
    return (
      <>
        <AuthHeading title="This invitation no longer works">It was used, withdrawn, or is older than seven days. Ask the person who sent it for a new one.</AuthHeading>
        <Button component="a" href={paths.signIn()} fullWidth>Sign in</Button>
      </>
    );
  }
  const where = data.scopeType === "org" ? data.orgName : `${data.scopeName} in ${data.orgName}`;
  return (
    <>
      <AuthHeading title={`Join ${data.orgName}`}>{data.invitedBy} invites you as {ROLES[data.role].label} of {where}. What that role does: {lowerFirst(ROLES[data.role].says)}</AuthHeading>
      {!data.existingUser ? <NewAccount token={token} invitation={data} /> : me?.user.email === data.email ? <AcceptButton token={token} /> : <SignInFirst token={token} invitation={data} signedInAs={me?.user.email ?? null} />}
    </>
  );
}

const lowerFirst = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);

function SignInFirst({ token, invitation, signedInAs }: { token: string; invitation: Live; signedInAs: string | null }) {
  return (
    <>
      <p className="dim">{signedInAs ? `You are signed in as ${signedInAs}. ` : ""}This invitation is for {invitation.email}, who has an account. Sign in with it to accept.</p>
      <SignInForm email={invitation.email} next={paths.invite(token)} />
    </>
  );
}

function AcceptButton({ token }: { token: string }) {
  const trpc = useTRPC();
  const accept = useMutation(trpc.access.acceptInvitation.mutationOptions({ onSuccess: ({ orgSlug }) => window.location.assign(paths.overview(orgSlug)) }));
  return (
    <div className={classes.fields}>
      <FormAlert message={accept.error ? formError(accept.error) : null} />
      <Button fullWidth loading={accept.isPending || accept.isSuccess} onClick={() => accept.mutate({ token })}>Accept</Button>
    </div>
  );
}

const NewPerson = z.object({ name: PersonName, password: Password });

function NewAccount({ token, invitation }: { token: string; invitation: Live }) {
  const trpc = useTRPC();
  const [alert, setAlert] = useState<string | null>(null);
  const form = useForm({ initialValues: { name: "", password: "" }, validate: schemaResolver(NewPerson, { sync: true }), validateInputOnBlur: true });
  const accept = useMutation(trpc.access.acceptInvitation.mutationOptions({
    onSuccess: async ({ orgSlug, email }, { password }) => {
      const refused = await signIn(email, password!);
      window.location.assign(refused ? paths.signIn(paths.overview(orgSlug)) : paths.overview(orgSlug));
    },
    onError: (error) => {
      form.setErrors(fieldErrors(error));
      setAlert(formError(error));
    },
  }));
  return (
    <form className={classes.fields} aria-label="Create your account" noValidate onSubmit={form.onSubmit((values) => accept.mutate({ token, ...values }))}>
      <FormAlert message={alert} />
      <TextInput label="E-mail" type="email" value={invitation.email} readOnly autoComplete="username" description="The invitation is for this address." />
      <TextInput label="Your name" autoComplete="name" autoFocus {...form.getInputProps("name")} />
      <NewPassword {...form.getInputProps("password")} />
      <Button type="submit" fullWidth loading={accept.isPending || accept.isSuccess}>Create account and join</Button>
    </form>
  );
}
