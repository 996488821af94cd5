"use client";
import { Button, PasswordInput, TextInput } from "@mantine/core";
import { useState } from "react";
import { AuthHeading } from "./auth-frame.tsx";
import { FormAlert } from "./form-alert.tsx";
import { safeNext, signIn } from "./session.ts";
import classes from "./access.module.css";

/** `email` is given and fixed where an invitation names it. */
export function SignInForm({ next, email }: { next?: string; email?: string }) {
  const [error, setError] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  async function submit(event: React.FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    setBusy(true);
    setError(null);
    const refused = await signIn(String(form.get("email")), String(form.get("password")));
    if (!refused) return window.location.assign(safeNext(next)); // a full load: nothing of the signed-out page stays
    setError(refused);
    setBusy(false);
  }
  return (
    <form onSubmit={(event) => void submit(event)} className={classes.fields} aria-label="Sign in">
      <FormAlert message={error} />
      <TextInput label="E-mail" name="email" type="email" autoComplete="username" required withAsterisk={false} defaultValue={email} readOnly={email !== undefined} autoFocus={email === undefined} />
      <PasswordInput label="Password" name="password" autoComplete="current-password" required withAsterisk={false} autoFocus={email !== undefined} />
      <Button type="submit" fullWidth loading={busy}>Sign in</Button>
    </form>
  );
}

export function SignIn({ next }: { next?: string }) {
  return (
    <>
      <AuthHeading title="Sign in" />
      <div style={{ marginTop: 16 }}><SignInForm next={next} /></div>
      <p className="dim" style={{ marginTop: 24 }}>No account? An organization admin can send you an invitation link.</p>
    </>
  );
}
