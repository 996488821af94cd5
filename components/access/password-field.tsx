"use client";
import { PasswordInput, type PasswordInputProps } from "@mantine/core";

/** A new password: its rule is said before it is broken. */
export function NewPassword(props: PasswordInputProps) {
  return <PasswordInput label="Password" description="At least 10 characters." autoComplete="new-password" {...props} />;
}
