"use client";
import type { SelectProps } from "@mantine/core";
import type { ComponentType } from "react";
import { lateField } from "./late-field.tsx";

/** A choice from many: its list comes after the page. */
export const LateSelect = lateField(() => import("./select.tsx").then((module) => module.Select as ComponentType<SelectProps>));
