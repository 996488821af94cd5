"use client";
import { Button, PasswordInput, SegmentedControl, TextInput, useMantineColorScheme } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMounted } from "@mantine/hooks";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTRPC } from "../../providers/api.tsx";
import { useCan, useViewer } from "../../providers/viewer.tsx";
import { Guarded } from "../../ui/guarded.tsx";
import { Id } from "../../ui/id.tsx";
import { notifyDone, notifyError } from "../../ui/notify.ts";
import classes from "../access.module.css";
import { fieldErrors, formError } from "../api-error.ts";
import { FormAlert } from "../form-alert.tsx";
import { NewPassword } from "../password-field.tsx";
import { signOut } from "../session.ts";
import { lazySchema } from "../../form/lazy-schema.ts";
import { SettingsFrame } from "./settings-frame.tsx";

const checkUpdateOrg = lazySchema(() => import("../../../domain/access/inputs.ts").then((inputs) => inputs.UpdateOrg));
const checkUpdateProfile = lazySchema(() => import("../../../domain/access/inputs.ts").then((inputs) => inputs.UpdateProfile));
const checkChangePassword = lazySchema(() => import("../../../domain/access/inputs.ts").then((inputs) => inputs.ChangePassword));

/** The organization's name, and the viewer's own things. */
export function SettingsPage() {
  return (
    <SettingsFrame>
      <div className={classes.settings}>
        <Organization />
        <Profile />
        <Password />
        <Appearance />
        <Session />
      </div>
    </SettingsFrame>
  );
}

/** The server's words above the form, unless it named a field. */
function alertOf(error: unknown): string | null {
  return error && Object.keys(fieldErrors(error)).length === 0 ? formError(error) : null;
}

function Organization() {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const { org } = useViewer();
  const allowed = useCan("org:manage");
  const form = useForm({ initialValues: { name: org.name }, validate: checkUpdateOrg });
  const update = useMutation(trpc.access.updateOrg.mutationOptions({
    onSuccess: async (_, { name }) => {
      form.resetDirty({ name });
      await Promise.all([queries.invalidateQueries(trpc.access.viewer.pathFilter()), queries.invalidateQueries(trpc.access.me.pathFilter())]);
      notifyDone("The organization was renamed.");
    },
    onError: (error) => form.setErrors(fieldErrors(error)),
  }));
  return (
    <section aria-labelledby="s-org">
      <h2 id="s-org">Organization</h2>
      <form className={classes.fields} onSubmit={form.onSubmit((values) => update.mutate(values))}>
        <FormAlert message={alertOf(update.error)} />
        <TextInput label="Name" readOnly={!allowed.ok} {...form.getInputProps("name")} />
        <dl className={classes.facts}>
          <dt>Short name</dt><dd><span className="mono">{org.slug}</span> <span className="dim">in URLs; it does not change</span></dd>
          <dt>Id</dt><dd><Id value={org.id} /></dd>
        </dl>
        <Guarded allowed={allowed}><Button type={allowed.ok ? "submit" : "button"} variant="default" style={{ alignSelf: "flex-start" }} loading={update.isPending} disabled={allowed.ok && !form.isDirty()}>Save name</Button></Guarded>
      </form>
    </section>
  );
}

function Profile() {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const { user } = useViewer();
  const form = useForm({ initialValues: { name: user.name }, validate: checkUpdateProfile });
  const update = useMutation(trpc.access.updateProfile.mutationOptions({
    onSuccess: async (_, { name }) => {
      form.resetDirty({ name });
      await Promise.all(["viewer", "me", "people"].map((query) => queries.invalidateQueries(trpc.access[query as "me"].pathFilter())));
      notifyDone("Your name was changed.");
    },
    onError: (error) => form.setErrors(fieldErrors(error)),
  }));
  return (
    <section aria-labelledby="s-profile">
      <h2 id="s-profile">Your profile</h2>
      <form className={classes.fields} onSubmit={form.onSubmit((values) => update.mutate(values))}>
        <FormAlert message={alertOf(update.error)} />
        <TextInput label="Name" autoComplete="name" {...form.getInputProps("name")} />
        <TextInput label="E-mail" value={user.email ?? ""} readOnly description="You sign in with it." />
        <Button type="submit" variant="default" style={{ alignSelf: "flex-start" }} loading={update.isPending} disabled={!form.isDirty()}>Save profile</Button>
      </form>
    </section>
  );
}

function Password() {
  const trpc = useTRPC();
  const { user } = useViewer();
  const form = useForm({ initialValues: { current: "", next: "" }, validate: checkChangePassword });
  const change = useMutation(trpc.access.changePassword.mutationOptions({
    onSuccess: () => {
      form.reset();
      notifyDone("Your password was changed. Other sessions were signed out.");
    },
    onError: (error) => form.setErrors(fieldErrors(error)),
  }));
  return (
    <section aria-labelledby="s-password">
      <h2 id="s-password">Password</h2>
      <form className={classes.fields} noValidate onSubmit={form.onSubmit((values) => change.mutate(values))}>
        <FormAlert message={alertOf(change.error)} />
        <input type="text" name="username" autoComplete="username" value={user.email ?? ""} readOnly hidden />
        <PasswordInput label="Current password" autoComplete="current-password" {...form.getInputProps("current")} />
        <NewPassword {...form.getInputProps("next")} label="New password" description="At least 10 characters. Your other sessions are signed out; tokens stay." />
        <Button type="submit" variant="default" style={{ alignSelf: "flex-start" }} loading={change.isPending}>Change password</Button>
      </form>
    </section>
  );
}

function Appearance() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const mounted = useMounted(); // the server does not know the choice
  return (
    <section aria-labelledby="s-look">
      <h2 id="s-look">Appearance</h2>
      <SegmentedControl
        aria-labelledby="s-look"
        size="xs"
        value={mounted ? colorScheme : "auto"}
        onChange={(scheme) => setColorScheme(scheme)}
        data={[{ value: "light", label: "Light" }, { value: "dark", label: "Dark" }, { value: "auto", label: "As the system" }]}
      />
      <p className="dim" style={{ margin: "8px 0 0" }}>Kept in this browser.</p>
    </section>
  );
}

function Session() {
  const { user } = useViewer();
  return (
    <section aria-labelledby="s-session">
      <h2 id="s-session">Session</h2>
      <p className="dim" style={{ marginTop: 0 }}>Signed in as {user.email}. A session ends after 14 days.</p>
      <Button variant="default" onClick={() => void signOut().catch(notifyError("You are still signed in"))}>Sign out</Button>
    </section>
  );
}
